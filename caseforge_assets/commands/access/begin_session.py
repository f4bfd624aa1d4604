"""Begins the session of a browser."""

from __future__ import annotations

import secrets
from datetime import timedelta

from caseforge_assets.store.access import audit, sessions
from caseforge_assets.store.database.engine import Connection


def begin_session(
    connection: Connection, name: str, account_id: int | None, *, how: str, lifetime: timedelta, instead_of: str | None = None
) -> str:
    """Begins a session under a new secret, whatever the browser showed before; returns what only the browser keeps.

    Args:
        account_id: None: it is of the user of this machine.
        how: by what the person was recognized, for the audit log.
        lifetime: after which no session holds, used or not.
        instead_of: the secret of the session that the browser had, which ends.
    """
    if instead_of is not None:
        sessions.end(connection, instead_of)
    sessions.remove_old(connection, lifetime)
    secret = secrets.token_urlsafe(32)
    sessions.begin(connection, secret, name, account_id)
    audit.note(connection, name, "session.begun", f"account {name}" if account_id else "this machine", None, {"by": how})
    return secret
