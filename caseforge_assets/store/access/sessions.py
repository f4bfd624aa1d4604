"""Sessions of browsers: kept as digests, over after idle time, by the database's clock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Connection, insert, text

from caseforge_assets.store.access.tokens import digest_of
from caseforge_assets.store.schema.access_tables import web_session
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that holds; without an account it is of the user of this machine. `rested`: its use was not noted for a minute."""

    id: int
    account_id: int | None
    name: str
    issuer: str | None
    limit_usd: Decimal | None
    rested: bool


def begin(connection: Connection, secret: str, name: str, account_id: int | None) -> None:
    """Adds a session, known by a secret that only the browser keeps."""
    connection.execute(insert(web_session), {"digest": digest_of(secret), "name": name, "account_id": account_id})


_USABLE = text("""
select s.id, s.account_id, coalesce(a.name, s.name), a.issuer, a.limit_usd, s.last_seen_at < now() - interval '1 minute', s.digest
from caseforge.web_session s left join caseforge.account a on a.id = s.account_id
where s.digest = any(:digests) and s.ended_at is null and a.disabled_at is null
  and s.last_seen_at > now() - cast(:idle as interval) and s.created_at > now() - cast(:lifetime as interval)
""").execution_options(**PLANNED_ONCE)


def usable(connection: Connection, digests: Collection[str], idle: timedelta, lifetime: timedelta) -> dict[str, SessionRow]:
    """Sessions by the digests of their secrets, without those that are unknown, ended, idle for too long, too old, or whose account is disabled."""
    rows = connection.execute(_USABLE, {"digests": list(digests), "idle": idle, "lifetime": lifetime})
    return {row.digest: SessionRow(*row[:-1]) for row in rows}


def note_use(connection: Connection, session_id: int) -> None:
    """Notes that a session was used; to the minute, so that a page that asks often does not write each time."""
    query = "update caseforge.web_session set last_seen_at = now() where id = :id and last_seen_at < now() - interval '1 minute'"
    connection.execute(text(query), {"id": session_id})


def end(connection: Connection, secret: str) -> None:
    """Ends a session, if there is one."""
    query = text("update caseforge.web_session set ended_at = now() where digest = :digest and ended_at is null")
    connection.execute(query, {"digest": digest_of(secret)})


def end_all_of(connection: Connection, account_id: int) -> None:
    """Ends all sessions of an account."""
    query = text("update caseforge.web_session set ended_at = now() where account_id = :id and ended_at is null")
    connection.execute(query, {"id": account_id})


def remove_old(connection: Connection, lifetime: timedelta) -> None:
    """Removes sessions that are of no use to anybody."""
    query = text(
        "delete from caseforge.web_session where created_at < now() - cast(:lifetime as interval) or ended_at < now() - interval '1 day'"
    )
    connection.execute(query, {"lifetime": lifetime})
