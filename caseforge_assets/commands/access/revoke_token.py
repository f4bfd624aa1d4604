"""Ends a token at once."""

from __future__ import annotations

from caseforge_assets.store.access import audit, tokens
from caseforge_assets.store.access.tokens import TokenRow
from caseforge_assets.store.database.engine import Connection


def revoke_token(connection: Connection, name: str, *, by: str) -> TokenRow:
    """The next call with the token is refused.

    Raises:
        LookupError: there is no such token, or it was revoked before.
    """
    row = tokens.revoke(connection, name, by)
    if row is None:
        raise LookupError(f"there is no token {name!r} that can be revoked; `caseforge tokens list` names them")
    audit.note(connection, by, "token.revoked", f"token {name}", row.framework_key)
    return row
