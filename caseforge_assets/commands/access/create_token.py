"""Makes a token for a program: shown once, and kept as a digest."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from decimal import Decimal

from caseforge_assets.access.roles import Grant
from caseforge_assets.store.access import audit, tokens
from caseforge_assets.store.access.tokens import NewToken, TokenRow
from caseforge_assets.store.database.engine import Connection

PREFIX = "caseforge_"  # so that a token is known for one wherever it is found
USUAL_LIFE = timedelta(days=90)
FOREVER = "never"
_LIFE = re.compile(r"([1-9]\d{0,4})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_NAME = re.compile(r"[^\W_][\w.@+-]{0,99}")


def create_token(
    connection: Connection,
    name: str,
    grant: Grant,
    *,
    by: str,
    limit_usd: Decimal | None = None,
    lasts: timedelta | None = USUAL_LIFE,
) -> tuple[str, TokenRow]:
    """Makes a token with one role; returns it, which cannot be had again, and what is kept of it.

    Args:
        name: what it is for; a name is used once, also after its token was revoked, because plans and the audit log name it.
        limit_usd: the most that all plans may cost which it approves.
        lasts: None: until it is revoked.

    Raises:
        ValueError: the name cannot be used, or was used before.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            "the name of a token is made of letters, digits and . _ @ + -, begins with a letter or digit, and has 100 characters at most"
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    digest = tokens.digest_of(secret)
    row = tokens.add(connection, NewToken(name, digest, grant.role, grant.framework_key, limit_usd, by, lasts))
    if row is None:
        raise ValueError(f"a token {name!r} was made before; choose another name, also where that one was revoked")
    details = {"role": str(grant), "limit_usd": None if limit_usd is None else str(limit_usd), "expires_at": _text(row)}
    audit.note(connection, by, "token.created", f"token {name}", grant.framework_key, details)
    return secret, row


def life_of(text: str) -> timedelta | None:
    """Says how long a token lasts, as people write it: `12h`, `90d`, or `never`.

    Raises:
        ValueError: it is neither.
    """
    if text.strip().lower() == FOREVER:
        return None
    found = _LIFE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text!r} is no time; write a number and h, d or w, such as 90d, or `{FOREVER}`")
    return int(found[1]) * _UNITS[found[2]]


def _text(row: TokenRow) -> str | None:
    return None if row.expires_at is None else row.expires_at.isoformat()
