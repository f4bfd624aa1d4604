"""The audit log: who did what to what, written in the transaction of what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from caseforge_assets.store.schema.access_tables import audit_entry


def note(
    connection: Connection,
    actor: str,
    action: str,
    subject: str,
    framework_key: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Adds an entry.

    Args:
        actor: who, as `Caller.name` or the account of the machine.
        action: a noun and what was done to it, such as `plan.approved`.
        subject: what it was done to, such as `plan 12`.
        details: what a reader of the log would ask next; no secrets.
    """
    values = {"actor": actor, "action": action, "subject": subject, "framework_key": framework_key, "details": dict(details or {})}
    connection.execute(insert(audit_entry), values)
