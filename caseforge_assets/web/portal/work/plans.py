"""Plans for people: what would be sent at what price, who decided what, and the decisions themselves."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from caseforge_assets.access.roles import Role
from caseforge_assets.batches.states import OPEN_PLANS, PlanState
from caseforge_assets.commands.approving.change_plan import cancel_plan, decline_plan
from caseforge_assets.commands.approving.view_plans import ReckonedPlan, reckon_plans
from caseforge_assets.commands.surveying.choose_stages import accepted_stages
from caseforge_assets.settings import ConfigurationError
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import batch_sums
from caseforge_assets.store.planning import plan_details, plans
from caseforge_assets.web.access.callers import Planner, Reader
from caseforge_assets.web.api.work.plan_decisions import Approval, NewPlanLimit, approve_at_price, raise_to
from caseforge_assets.web.api.work.plans import PlanWanted, demand_declared, demand_plan, make_draft
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.portal.work.money import framework_meant, frameworks_to_choose
from caseforge_assets.web.wire.money import GivenMoney
from caseforge_assets.web.wire.pages import Cursor, Id, encode_cursor, id_before

router = APIRouter(include_in_schema=False)
ORDER, AT_ONCE = "plan pages", 50
Amount = Annotated[str, Form(max_length=30)]


@router.get("/plans")
def show_plans(
    pages: PagesNow,
    caller: Reader,
    framework: Annotated[str | None, Query(max_length=40)] = None,
    state: Annotated[str | None, Query(max_length=20)] = None,
    cursor: Cursor = None,
) -> HTMLResponse:
    """Plans, newest first; those that are open, or all."""
    states = None if state == "all" else [PlanState(state)] if state in set(PlanState) else list(OPEN_PLANS)
    with pages.service.reading.connect() as connection:
        keys = frameworks_to_choose(connection, caller)
        key = framework_meant(connection, caller, framework) if framework else None
        seen = frozenset({key}) if key else caller.seen_frameworks()
        ids = plans.page_of_plans(connection, seen, states, id_before(cursor, ORDER), AT_ONCE + 1)
        shown = _newest_first(connection, pages, ids[:AT_ONCE])
    following = encode_cursor(ORDER, ids[AT_ONCE - 1]) if len(ids) > AT_ONCE else None
    values = {"plans": shown, "keys": keys, "key": key, "state": state or "", "next": following}
    return pages.answer("plans.html.jinja", values, section="runs", keep=True)


@router.get("/plans/new")
def show_new_plan(
    pages: PagesNow,
    caller: Planner,
    framework: Annotated[str | None, Query(max_length=40)] = None,
    nodes: Annotated[str, Query(max_length=2_000)] = "",
    select: Annotated[str, Query(max_length=20)] = "",
    stage: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    """Show what is to be planned."""
    with pages.service.reading.connect() as connection:
        keys = [key for key in frameworks_to_choose(connection, caller) if caller.may(Role.planner, key)]
    values = {"keys": keys, "key": framework, "nodes": nodes, "select": select, "stage": stage, "stages": pages.service.project.stages}
    return pages.answer("new_plan.html.jinja", values, section="runs")


@router.post("/plans/new")
def make_plan(
    pages: PagesNow,
    caller: Planner,
    framework: Annotated[str, Form(max_length=40)],
    nodes: Annotated[str, Form(max_length=200_000)] = "",
    select: Annotated[str, Form(max_length=20)] = "",
    stage: Annotated[str, Form(max_length=100)] = "",
    regenerate: Annotated[str, Form(max_length=5)] = "",
) -> RedirectResponse:
    """Makes a draft and leads to it. Nothing of it is sent before somebody approves it."""
    demand_declared(pages.service, caller, framework)
    asked = {"framework": framework, "stages": [stage] if stage else [], "nodes": nodes.strip() or None, "select": select or None}
    try:
        wanted = PlanWanted.model_validate({**asked, "regenerate": bool(regenerate)})
    except ValidationError as error:
        raise ValueError("; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())) from None
    simulated = pages.service.plans_for_simulated()
    return pages.once(lambda connection: f"/plans/{make_draft(connection, pages.service, wanted, simulated, caller.name).plan.id}?made=yes")


@router.get("/plans/{plan_id}")
def show_plan(plan_id: Id, pages: PagesNow, caller: Reader, made: Annotated[str, Query(max_length=5)] = "") -> HTMLResponse:
    """A plan with what of it is open, and what may be decided; whoever comes from making it is told so."""
    with pages.service.reading.connect() as connection:
        demand_plan(connection, caller, plan_id, Role.reader)
        (plan,) = reckon_plans(connection, pages.service.project, [plan_id])
        changes = plans.changes(connection, [plan_id])
        batch_ids = batch_sums.batches_of_plan(connection, plan_id)
        estimates = plan_details.estimates(connection, plan_id)
        warnings = _warnings(connection, pages, plan) if plan.plan.state == PlanState.draft else []
    may = pages.caller.may(Role.planner, plan.plan.framework_key)
    values = {"plan": plan, "changes": changes, "batch_ids": batch_ids, "may_decide": may, "made": bool(made)}
    return pages.answer("plan.html.jinja", values | {"estimates": estimates, "warnings": warnings}, section="runs")


@router.post("/plans/{plan_id}/approve")
def approve(plan_id: Id, pages: PagesNow, caller: Planner, expected: Amount = "", max_cost: Amount = "") -> RedirectResponse:
    """Approves a draft at the price that the page has shown."""
    given = Approval(expected_cost=_given(expected), max_cost=_given(max_cost))

    def approve_it(connection: Connection) -> str:
        approve_at_price(connection, pages.service, caller, plan_id, given)
        return f"/plans/{plan_id}"

    return pages.once(approve_it)


@router.post("/plans/{plan_id}/raise")
def raise_plan(plan_id: Id, pages: PagesNow, caller: Planner, max_cost: Amount = "") -> RedirectResponse:
    """Gives an approved plan another limit; none: as much as the budgets allow."""
    limit = NewPlanLimit(max_cost=_given(max_cost))

    def raise_it(connection: Connection) -> str:
        raise_to(connection, pages.service, caller, plan_id, limit)
        return f"/plans/{plan_id}"

    return pages.once(raise_it)


@router.post("/plans/{plan_id}/decline")
def decline(plan_id: Id, pages: PagesNow, caller: Planner) -> RedirectResponse:
    """Decides that a draft is not sent."""

    def decline_it(connection: Connection) -> str:
        demand_plan(connection, caller, plan_id, Role.planner)
        decline_plan(connection, plan_id, by=caller.name)
        return f"/plans/{plan_id}"

    return pages.once(decline_it)


@router.post("/plans/{plan_id}/cancel")
def cancel(plan_id: Id, pages: PagesNow, caller: Planner) -> RedirectResponse:
    """Sends nothing more of an approved plan."""

    def cancel_it(connection: Connection) -> str:
        demand_plan(connection, caller, plan_id, Role.planner)
        cancel_plan(connection, plan_id, by=caller.name)
        return f"/plans/{plan_id}"

    return pages.once(cancel_it)


def _warnings(connection: Connection, pages: Pages, plan: ReckonedPlan) -> list[str]:
    """Gives what is to be said of a draft's models, such as that one ends soon; or why nothing could be asked of them now."""
    known = [stage.key for stage in pages.service.project.stages if stage.key in plan.plan.stages]
    try:
        return accepted_stages(connection, pages.service.project, known).warnings if known else []
    except ConfigurationError as error:
        return [str(error)]


def _newest_first(connection: Connection, pages: Pages, ids: list[int]) -> list[ReckonedPlan]:
    return sorted(reckon_plans(connection, pages.service.project, ids), key=lambda reckoned: -reckoned.plan.id) if ids else []


def _given(amount: str) -> GivenMoney | None:
    """An amount that a person wrote; None: nothing was written.

    Raises:
        ValueError: it is none.
    """
    plain = amount.strip().removeprefix("$").replace(",", "")
    if not plain:
        return None
    try:
        return GivenMoney(amount=f"{Decimal(plain):f}")
    except (InvalidOperation, ValidationError):
        raise ValueError(f"{amount!r} is no amount in USD; write such as 20 or 0.35") from None
