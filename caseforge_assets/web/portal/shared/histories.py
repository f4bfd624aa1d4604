"""Tells what the audit log has on use cases and portfolios; of use cases in frameworks that somebody does not see, only how many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.store.access import audit
from caseforge_assets.store.access.audit import AuditEntry, AuditFilter
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.wording import counted

MOST_TOLD = 200
_FIELDS = {"status": "status", "reason": "reason", "owner": "owner", "review_on": "review date", "tags": "tags"}
_NAMED = 3  # use cases that one line names


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that somebody did."""

    at: datetime
    by: str
    said: str


def history_of(connection: Connection, subject: str, caller: Caller) -> list[Happening]:
    """Gives what was done to a use case or a portfolio, the newest first."""
    rows = audit.entries(connection, AuditFilter(subject=subject), limit=MOST_TOLD)
    return [Happening(row.done_at, row.actor, _said(row, caller)) for row in rows]


def _said(row: AuditEntry, caller: Caller) -> str:
    if row.action == "usecase.decided":
        changed = row.details.get("changed", {})
        return "; ".join(_change(name, *changed[name]) for name in _FIELDS if name in changed)
    if row.action == "usecase.commented":
        return "wrote a comment"
    if row.action == "usecase.comment-removed":
        return f"removed a comment of {row.details.get('author', 'somebody')}"
    if row.action == "portfolio.changed":
        return _of_portfolio(row.details, caller)
    return row.action


def _change(name: str, before: object, after: object) -> str:
    return f"{_FIELDS[name]}: {_plain(before)} → {_plain(after)}"


def _plain(value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return str(value).replace("in_delivery", "in delivery") if value not in (None, "") else "–"


def _of_portfolio(details: Mapping[str, Any], caller: Caller) -> str:
    parts = [str(details.get("what", "changed"))]
    rows: Sequence[Mapping[str, str]] = details.get("use_cases", ())
    seen = [row for row in rows if caller.may(Role.reader, row.get("framework"))]
    parts += [f"{row['uid']} {row['title']}" for row in seen[:_NAMED]]
    parts += [f"{len(seen) - _NAMED:,} more"] if len(seen) > _NAMED else []
    parts += (
        [counted(len(rows) - len(seen), "use case that you may not see", "use cases that you may not see")] if len(seen) < len(rows) else []
    )
    if "renamed" in details:
        parts.append(" → ".join(details["renamed"]))
    return f"{parts[0]}: {', '.join(parts[1:])}" if len(parts) > 1 else parts[0]
