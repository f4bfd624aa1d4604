"""Alerts: what is wrong and needs a person, and who knows of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.alerting.acknowledge_alert import acknowledge_alert
from caseforge_assets.commands.alerting.check_alerts import check_alerts
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.alerting.alerts import AlertRow
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Planner, Reader, ServiceNow, problems
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.pages import Cursor, Id, Limit, Page, encode_cursor, id_before

router = APIRouter(tags=["alerts"])
ORDER = "alerts"


class Alert(BaseModel):
    """Something that is wrong, or was."""

    id: int
    rule: str
    subject: str
    framework: str | None = Field(description="null: it concerns several, or none")
    severity: str = Field(description="warning or critical")
    text: str
    raised_at: datetime
    escalated_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    cleared_at: datetime | None = Field(description="null: it is open")


@router.get("/alerts", responses=reads(422))
def list_alerts(
    service: ServiceNow,
    caller: Reader,
    tags: TagsNow,
    all_alerts: Annotated[bool, Query(alias="all", description="also those that are over")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Alert]:
    """List alerts, newest first. What concerns no framework is for those who see all of them."""
    seen = caller.seen_frameworks()
    with service.reading.connect() as connection:
        tags.of_changes(connection, seen and sorted(seen))
        rows = alerts.page_of_alerts(connection, seen, id_before(cursor, ORDER), limit + 1, with_cleared=all_alerts)
    shown = [_shown(row) for row in rows[:limit]]
    return Page(items=shown, next=encode_cursor(ORDER, shown[-1].id) if len(rows) > limit else None)


@router.post("/alerts/{alert_id}/acknowledge", responses=problems(403, 404, 422))
def acknowledge(alert_id: Id, service: ServiceNow, caller: Planner) -> Alert:
    """Say that you know of an alert. It stays open until it is over, but is not made graver for being ignored."""
    with service.store.begin() as connection:
        acknowledge_as(connection, caller, alert_id)
    check_now(service)
    with service.store.connect() as connection:
        return _shown(_found(connection, caller, alert_id))


def acknowledge_as(connection: Connection, caller: Caller, alert_id: int) -> None:
    """Notes that a caller knows of an alert.

    Raises:
        LookupError: there is no open alert with this number, or the caller may not see it.
        NotAllowed: the caller sees it, and does not hold the role.
    """
    caller.demand(Role.planner, _found(connection, caller, alert_id).framework_key)
    acknowledge_alert(connection, alert_id, caller.name, clock.now(connection))


def check_now(service: Service) -> None:
    """Ends at once what nothing but an acknowledgement could end, instead of at the next look."""
    with service.store.connect() as connection:
        now = clock.now(connection)
    check_alerts(service.store, service.project, now)


def _found(connection: Connection, caller: Caller, alert_id: int) -> AlertRow:
    rows = alerts.page_of_alerts(connection, caller.seen_frameworks(), None, 1, with_cleared=True, alert_id=alert_id)
    if not rows:
        raise LookupError(f"there is no alert {alert_id}, or you may not see it")
    return rows[0]


def _shown(row: AlertRow) -> Alert:
    taken = {name: getattr(row, name) for name in Alert.model_fields if name != "framework"}
    return Alert(framework=row.framework_key, **taken)
