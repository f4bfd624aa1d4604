"""Addresses of providers that older versions stored with user and password lose them, wherever rows repeat them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from caseforge_assets.redaction import MASK, is_masked_everywhere, login_of, without_login

_TEXTS = {
    "content": ("generated_by",),
    "batch": ("reason", "remote"),
    "attempt": ("detail", "notes"),
    "outbox": ("reason",),
    "plan": ("details",),
    "provider": ("stopped_reason", "refused_reason"),
    "alert": ("text",),
    "alert_message": ("text",),
    "alert_delivery": ("problem",),
}
_OF_JSON = frozenset({"remote", "notes", "details"})
_PROVIDERS = text("select id, base_url, account, simulated from caseforge.provider order by id")
_MEET = text("""
select exists (select from caseforge.batch b join caseforge.batch o on o.remote_id = b.remote_id where b.provider_id = :kept and o.provider_id = :other)
    or exists (select from caseforge.attempt a join caseforge.attempt o using (fingerprint, generation)
               where a.provider_id = :kept and o.provider_id = :other and a.outcome is null and o.outcome is null)
""")


def remove_logins(connection: Connection) -> int:
    """Cleans addresses, in the caller's transaction; rows of one address with several logins become one. Returns how many addresses held a login.

    Two rows that have the same request under way, or a batch with the same id, stay apart: the later one's account is then named by its number.
    """
    rows = connection.execute(_PROVIDERS).all()
    stained = [row for row in rows if without_login(row.base_url) != row.base_url]
    for row in stained:
        _replace_everywhere(connection, row.id, 0, len(row.base_url), without_login(row.base_url))
        _, password = login_of(row.base_url) or ("", "")
        if is_masked_everywhere(password):
            _replace_everywhere(connection, row.id, row.base_url.index(password), len(password), MASK)
    for row in stained:
        _clean(connection, row, rows)
    return len(stained)


def _clean(connection: Connection, row: Row[Any], rows: Sequence[Row[Any]]) -> None:
    address = without_login(row.base_url)
    same = (address, row.account, row.simulated)
    kept = next((other.id for other in rows if other.id != row.id and (other.base_url, other.account, other.simulated) == same), None)
    if kept is None:
        earlier = [other for other in rows if other.id < row.id and (without_login(other.base_url), other.account, other.simulated) == same]
        kept = earlier[0].id if earlier else None
    if kept is None:
        _set_address(connection, row.id, address, row.account)
    elif connection.scalar(_MEET, {"kept": kept, "other": row.id}):
        _set_address(connection, row.id, address, f"{row.account} (provider {row.id})")
    else:
        _merge(connection, kept, row.id)


def _set_address(connection: Connection, provider: int, address: str, account: str) -> None:
    query = text("update caseforge.provider set base_url = :address, account = :account where id = :id")
    connection.execute(query, {"address": address, "account": account, "id": provider})


def _merge(connection: Connection, kept: int, other: int) -> None:
    """Gives the row that is kept what was learned of the other, and its stop."""
    ids = {"kept": kept, "other": other}
    for table in ("batch", "attempt"):
        connection.execute(text(f"update caseforge.{table} set provider_id = :kept where provider_id = :other"), ids)
    connection.execute(
        text("""
        update caseforge.provider k set enqueued_token_limits = o.enqueued_token_limits || k.enqueued_token_limits,
            stopped_reason = coalesce(k.stopped_reason, o.stopped_reason)
        from caseforge.provider o where k.id = :kept and o.id = :other
        """),
        ids,
    )
    connection.execute(text("delete from caseforge.provider where id = :other"), ids)


def _replace_everywhere(connection: Connection, provider: int, start: int, length: int, new: str) -> None:
    """Replaces a part of a provider's address in texts; as a parameter it would be masked on its way, because it is secret."""
    for table, columns in _TEXTS.items():
        for column in columns:
            kind = "jsonb" if column in _OF_JSON else "text"
            query = f"""
            with old as (select substr(base_url, :start, :length) as part from caseforge.provider where id = :provider)
            update caseforge.{table} set {column} = replace({column}::text, old.part, :new)::{kind} from old
            where position(old.part in {column}::text) > 0
            """
            connection.execute(text(query), {"provider": provider, "start": start + 1, "length": length, "new": new})
