"""Tokens of programs: kept as digests, found by the token that a program shows."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, text

from caseforge_assets.store.database.clock import seconds_since
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token, without what it is; `unused_s`, for how long it was not used, where that was asked."""

    id: int
    name: str
    role: str
    framework_key: str | None
    limit_usd: Decimal | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    unused_s: float | None = None


_COLUMNS = "id, name, role, framework_key, limit_usd, created_by, created_at, expires_at, last_used_at, revoked_at, revoked_by"


def digest_of(secret: str) -> str:
    """Gives what is kept of a token or a session's id: both are 256 random bits, so that a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


_USABLE = text(f"""
select {_COLUMNS}, {seconds_since("last_used_at")} as unused_s, digest from caseforge.api_token
where digest = any(:digests) and revoked_at is null and (expires_at is null or expires_at > now())
""").execution_options(**PLANNED_ONCE)


def usable_tokens(connection: Connection, digests: Collection[str]) -> dict[str, TokenRow]:
    """Tokens that were shown, by their digests; those that are unknown, revoked or over, by the database's clock, are left out."""
    return {row.digest: TokenRow(*row[:-1]) for row in connection.execute(_USABLE, {"digests": list(digests)})}


def note_use(connection: Connection, token_id: int) -> None:
    """Notes that a token was used; to the minute, so that a busy program does not write with each call."""
    query = "update caseforge.api_token set last_used_at = now() where id = :id and (last_used_at is null or last_used_at < now() - interval '1 minute')"
    connection.execute(text(query), {"id": token_id})


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be stored; `lasts` is None for one that holds until it is revoked."""

    name: str
    digest: str
    role: str
    framework_key: str | None
    limit_usd: Decimal | None
    created_by: str
    lasts: timedelta | None


def add(connection: Connection, token: NewToken) -> TokenRow | None:
    """Adds a token, which ends after a time by the database's clock; None where the name was taken before, be it by a token that was revoked."""
    query = text(f"""
    insert into caseforge.api_token (name, digest, role, framework_key, limit_usd, created_by, expires_at)
    values (:name, :digest, :role, :framework_key, :limit_usd, :created_by, now() + cast(:lasts as interval))
    on conflict (name) do nothing returning {_COLUMNS}
    """)
    row = connection.execute(query, asdict(token)).one_or_none()
    return None if row is None else TokenRow(*row)


def revoke(connection: Connection, name: str, revoked_by: str) -> TokenRow | None:
    """Ends a token at once; None: there is none of this name, or it was revoked before."""
    query = text(f"""
    update caseforge.api_token set revoked_at = now(), revoked_by = :by where name = :name and revoked_at is null returning {_COLUMNS}
    """)
    row = connection.execute(query, {"name": name, "by": revoked_by}).one_or_none()
    return None if row is None else TokenRow(*row)


def revoke_all(connection: Connection, revoked_by: str) -> int:
    """Ends every token; returns how many were not."""
    query = text("update caseforge.api_token set revoked_at = now(), revoked_by = :by where revoked_at is null")
    return connection.execute(query, {"by": revoked_by}).rowcount


def page(connection: Connection, *, after: str | None = None, limit: int | None = None, with_ended: bool = True) -> list[TokenRow]:
    """Tokens by name, those after a name, so many at most.

    Args:
        with_ended: those that were revoked or are over as well.
    """
    query = text(f"""
    select {_COLUMNS} from caseforge.api_token
    where (cast(:after as text) is null or name > :after)
      and (:with_ended or (revoked_at is null and (expires_at is null or expires_at > now())))
    order by name limit :limit
    """)
    return [TokenRow(*row) for row in connection.execute(query, {"after": after, "limit": limit, "with_ended": with_ended})]
