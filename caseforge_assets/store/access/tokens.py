"""Tokens of programs: kept as digests, found by the token that a program shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token, without what it is."""

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


_COLUMNS = "id, name, role, framework_key, limit_usd, created_by, created_at, expires_at, last_used_at, revoked_at, revoked_by"


def digest_of(secret: str) -> str:
    """What is kept of a token or a session's id: both are 256 random bits, so that a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def usable_token(connection: Connection, secret: str) -> TokenRow | None:
    """The token that was shown, unless it is unknown, revoked or over; by the database's clock."""
    query = text(f"""
    select {_COLUMNS} from caseforge.api_token
    where digest = :digest and revoked_at is null and (expires_at is null or expires_at > now())
    """)
    row = connection.execute(query, {"digest": digest_of(secret)}).one_or_none()
    return None if row is None else TokenRow(*row)


def note_use(connection: Connection, token_id: int) -> None:
    """Notes that a token was used; to the minute, so that a busy program does not write with each call."""
    query = "update caseforge.api_token set last_used_at = now() where id = :id and (last_used_at is null or last_used_at < now() - interval '1 minute')"
    connection.execute(text(query), {"id": token_id})
