"""The audit log: who did what to what, written in the transaction of what was done, and never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, text

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


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An action in the audit log: its actor, its subject, and its time."""

    id: int
    done_at: datetime
    actor: str
    action: str
    subject: str
    framework_key: str | None
    details: Mapping[str, Any]


@dataclass(frozen=True)
class AuditFilter:
    """Conditions on entries; None keeps none of them out.

    Attributes:
        action: The whole of it, or its noun alone, such as `plan`.
        frameworks: What concerns these; None: everything, also what concerns none.
        since: What was done from then on.
    """

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    frameworks: Collection[str] | None = None
    since: datetime | None = None


EVERYTHING = AuditFilter()


def entries(
    connection: Connection, meant: AuditFilter = EVERYTHING, *, before_id: int | None = None, limit: int | None = None
) -> list[AuditEntry]:
    """Entries, the newest first; with `before_id`, those that are older than this one."""
    query = text("""
    select id, done_at, actor, action, subject, framework_key, details from caseforge.audit_entry
    where (cast(:actor as text) is null or actor = :actor)
      and (cast(:action as text) is null or action = :action or split_part(action, '.', 1) = :action)
      and (cast(:subject as text) is null or subject = :subject)
      and (cast(:frameworks as text[]) is null or framework_key = any(:frameworks))
      and (cast(:since as timestamptz) is null or done_at >= :since)
      and (cast(:before_id as bigint) is null or id < :before_id)
    order by id desc limit :limit
    """)
    values = {
        "actor": meant.actor,
        "action": meant.action,
        "subject": meant.subject,
        "frameworks": None if meant.frameworks is None else sorted(meant.frameworks),
        "since": meant.since,
        "before_id": before_id,
        "limit": limit,
    }
    return [AuditEntry(*row) for row in connection.execute(query, values)]
