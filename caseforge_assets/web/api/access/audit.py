"""The audit log: who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.store.access.audit import AuditFilter, entries
from caseforge_assets.web.access.callers import Admin, ServiceNow, problems
from caseforge_assets.web.wire.pages import Cursor, Limit, Page, decode_cursor, encode_cursor

router = APIRouter(tags=["access"])
Word = Annotated[str | None, Query(max_length=200)]


class Entry(BaseModel):
    """An action in the audit log: its actor, its subject, and its time."""

    id: int
    done_at: datetime
    actor: str = Field(description="an account, `token NAME`, or the account of the machine where a command was run")
    action: str = Field(examples=["plan.approved"])
    subject: str = Field(examples=["plan 12"])
    framework: str | None = Field(description="null: it concerns several, or none")
    details: dict[str, Any]


@router.get("/audit", responses=problems(403, 404, 422))
def list_audit(
    service: ServiceNow,
    caller: Admin,
    actor: Word = None,
    action: Annotated[str | None, Query(max_length=200, description="such as plan.approved, or its noun alone")] = None,
    subject: Word = None,
    framework: Word = None,
    since: Annotated[datetime | None, Query(description="only what was done from then on")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Entry]:
    """List what was done, the newest first; who is admin in some frameworks sees what concerns these."""
    before = decode_cursor(cursor, "newest", 1)
    with service.store.connect() as connection:
        meant = AuditFilter(actor, action, subject, _frameworks(caller, framework), since)
        rows = entries(connection, meant, before_id=None if before is None else _number(before[0]), limit=limit + 1)
    items = [
        Entry(
            id=row.id,
            done_at=row.done_at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            framework=row.framework_key,
            details=dict(row.details),
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=encode_cursor("newest", rows[limit - 1].id) if len(rows) > limit else None)


def _frameworks(caller: Caller, asked: str | None) -> list[str] | None:
    if asked is not None:
        if not caller.may(Role.admin, asked):
            raise LookupError(f"there is no framework {asked!r}, or you may not see what was done there")
        return [asked]
    if caller.may(Role.admin):
        return None
    return [grant.framework_key for grant in caller.grants if grant.framework_key and grant.role == Role.admin]


def _number(value: object) -> int:
    if not isinstance(value, (int, str)) or not str(value).isdigit() or int(value) >= 2**63:
        raise ValueError("this cursor is of another list; begin again without one")
    return int(value)
