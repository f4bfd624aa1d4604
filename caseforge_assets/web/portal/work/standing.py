"""Pages of what needs somebody: nodes that failed, and alerts."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.collecting.judge_again import judge_again
from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.reporting.list_failures import list_failures, say_standing
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Planner, Reader, see_framework
from caseforge_assets.web.api.service.alerts import acknowledge_as, check_now
from caseforge_assets.web.api.work.plans import demand_declared
from caseforge_assets.web.api.work.retries import RetryWanted, retry_draft
from caseforge_assets.web.portal.shared.rendering import PagesNow
from caseforge_assets.web.portal.work.money import frameworks_to_choose
from caseforge_assets.web.wire.pages import Cursor, Id, encode_cursor, id_before

router = APIRouter(include_in_schema=False)
ORDER, ALERTS_AT_ONCE, FAILED_AT_ONCE = "alert pages", 50, 200


@router.get("/failed")
def show_failed(
    pages: PagesNow,
    caller: Reader,
    framework: Annotated[str | None, Query(max_length=40)] = None,
    outcome: Annotated[str, Query(max_length=50)] = "",
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> HTMLResponse:
    """The nodes of a framework that failed, why, and what would happen next."""
    with pages.service.reading.connect() as connection:
        keys = frameworks_to_choose(connection, caller)
        key = framework or (keys[0] if keys else None)
        if key is not None:
            see_framework(caller, key)
        simulated = accepts_simulated(connection, pages.service.settings)
        rows = list_failures(connection, pages.service.project, key, simulated=simulated) if key else []
    counts = Counter(row.outcome for row in rows)
    meant = [row for row in rows if not outcome or row.outcome == outcome]
    following = start + FAILED_AT_ONCE if len(meant) > start + FAILED_AT_ONCE else None
    values = {
        "rows": meant[start : start + FAILED_AT_ONCE],
        "standing": say_standing(rows),
        "counts": counts.most_common(),
        "all": len(rows),
        "meanings": {outcome.value: outcome.meaning for outcome in Outcome},
    }
    values |= {
        "keys": keys,
        "key": key,
        "outcome": outcome,
        "next": following,
        "may_plan": key is not None and caller.may(Role.planner, key),
    }
    return pages.answer("failed.html.jinja", values, section="runs", keep=True)


@router.post("/failed/retry")
def plan_retry(
    pages: PagesNow,
    caller: Planner,
    framework: Annotated[str, Form(max_length=40)],
    outcome: Annotated[list[Outcome], Form()] = [],  # noqa: B006 - FastAPI reads it, nobody changes it
) -> RedirectResponse:
    """Makes a draft of what failed. Nothing of it is sent before somebody approves it."""
    demand_declared(pages.service, caller, framework)
    project = pages.service.open_project
    wanted = RetryWanted(framework=framework, outcomes=outcome)
    readable = judge_again(project, framework)
    return pages.once(lambda connection: f"/plans/{retry_draft(connection, project, wanted, readable, caller.name).plan.id}?made=yes")


@router.get("/alerts")
def show_alerts(pages: PagesNow, caller: Reader, over: Annotated[str, Query(max_length=5)] = "", cursor: Cursor = None) -> HTMLResponse:
    """Show what is wrong and needs a person, newest first; also what is over."""
    with pages.service.reading.connect() as connection:
        before = id_before(cursor, ORDER)
        rows = alerts.page_of_alerts(connection, caller.seen_frameworks(), before, ALERTS_AT_ONCE + 1, with_cleared=bool(over))
    following = encode_cursor(ORDER, rows[ALERTS_AT_ONCE - 1].id) if len(rows) > ALERTS_AT_ONCE else None
    return pages.answer("alerts.html.jinja", {"alerts": rows[:ALERTS_AT_ONCE], "next": following, "over": over}, section="runs", keep=True)


@router.post("/alerts/{alert_id}/acknowledge")
def acknowledge_one(alert_id: Id, pages: PagesNow, caller: Planner) -> RedirectResponse:
    """Says that somebody knows of an alert."""

    def acknowledge_it(connection: Connection) -> str:
        acknowledge_as(connection, caller, alert_id)
        return "/alerts"

    answer = pages.once(acknowledge_it)
    check_now(pages.service)
    return answer
