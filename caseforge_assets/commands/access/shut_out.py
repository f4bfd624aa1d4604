"""Shuts out whoever was let in by a database of others."""

from __future__ import annotations

from caseforge_assets.store.access import accounts, audit, tokens
from caseforge_assets.store.database.engine import Connection


def shut_out_everybody(connection: Connection, *, by: str) -> int:
    """Disables all accounts and revokes all tokens; returns how many could have been used."""
    count = accounts.disable_all(connection) + tokens.revoke_all(connection, by)
    if count:
        audit.note(connection, by, "access.ended", "all accounts and tokens", None, {"count": count})
    return count
