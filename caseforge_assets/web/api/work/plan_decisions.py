"""Decides on plans: approves, declines, raises, cancels them, as safely as on the command line. Nothing is sent inside a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.batches.states import Wish
from caseforge_assets.commands.approving.approve_plan import approve_plan
from caseforge_assets.commands.approving.change_plan import cancel_plan, decline_plan, raise_limit
from caseforge_assets.commands.approving.refuse_over_limit import refuse_over_own_limit
from caseforge_assets.commands.approving.refuse_risen_price import PriceRisen, refuse_risen_price
from caseforge_assets.commands.approving.view_plans import reckon_plans
from caseforge_assets.store.serving import wishes
from caseforge_assets.web.access.callers import Planner, ServiceNow, problems
from caseforge_assets.web.api.work.plan_shapes import PlanShown, shown_plan
from caseforge_assets.web.api.work.plans import demand_plan
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.idempotency import AnsweredOnce
from caseforge_assets.web.wire.money import GivenMoney, cost_sum
from caseforge_assets.web.wire.pages import Id
from caseforge_assets.web.wire.problems import Refused

if TYPE_CHECKING:
    from caseforge_assets.store.database.engine import Connection

router = APIRouter(tags=["plans"])


class Approval(BaseModel):
    """Consent to a price."""

    model_config = ConfigDict(extra="forbid")

    expected_cost: GivenMoney | None = Field(
        description="the price that was seen: `expected_cost.total` of the plan as it was read; null where it was unknown"
    )
    max_cost: GivenMoney | None = Field(default=None, description="the most that this plan may spend; null: as much as the budgets allow")


class NewPlanLimit(BaseModel):
    """Another limit for what a plan may spend."""

    model_config = ConfigDict(extra="forbid")

    max_cost: GivenMoney | None = Field(description="what it has spent included; null: as much as the budgets allow")


class Approved(BaseModel):
    """A plan that was approved or raised, and the wish for work that has it sent."""

    plan: PlanShown
    run: int = Field(description="number of the run that was asked for: GET /api/v1/runs/{run} says what came of it")


@router.post("/plans/{plan_id}/approve", response_model=Approved, responses=problems(403, 404, 409, 422))
def approve(plan_id: Id, given: Approval, service: ServiceNow, caller: Planner, once: AnsweredOnce) -> JSONResponse:
    """Approve a draft at the price that was seen, for providers that bill, too; whoever works sends it at once.

    Where it costs more by now, or its price is unknown now, nothing is approved; 409 then, with the new price.
    """
    return once.answer(lambda connection: approve_at_price(connection, service, caller, plan_id, given))


def approve_at_price(connection: Connection, service: Service, caller: Caller, plan_id: int, given: Approval) -> Approved:
    """Approves a draft at the price that was seen, and asks for its work.

    Raises:
        LookupError: there is no such plan, or the caller may not see it.
        NotAllowed: the caller is no planner there, or would go over a limit of their own.
        Refused: it costs more by now.
        ValueError: it is no draft.
    """
    demand_plan(connection, caller, plan_id, Role.planner)
    limit = given.max_cost.usd if given.max_cost else None
    reckoned = approve_plan(connection, service.project, plan_id, limit, by=caller.name)
    try:
        refuse_risen_price(reckoned, given.expected_cost.usd if given.expected_cost else None)
    except PriceRisen as error:
        raise Refused(409, "price-risen", str(error), more={"expected_cost": cost_sum(reckoned.open_cost).model_dump()}) from None
    refuse_over_own_limit(connection, caller, reckoned, limit)
    return Approved(plan=shown_plan(connection, service.project, plan_id), run=wishes.ask(connection, Wish.submit, caller.name))


@router.post("/plans/{plan_id}/raise", response_model=Approved, responses=problems(403, 404, 409, 422))
def raise_plan(plan_id: Id, given: NewPlanLimit, service: ServiceNow, caller: Planner, once: AnsweredOnce) -> JSONResponse:
    """Let an approved plan spend more; what waited for it is sent at once."""
    return once.answer(lambda connection: raise_to(connection, service, caller, plan_id, given))


def raise_to(connection: Connection, service: Service, caller: Caller, plan_id: int, given: NewPlanLimit) -> Approved:
    """Gives an approved plan another limit, and asks for its work.

    Raises:
        LookupError: there is no such plan, or the caller may not see it.
        NotAllowed: the caller is no planner there, or would go over a limit of their own.
        ValueError: it is not approved, or the limit is less than it has spent.
    """
    demand_plan(connection, caller, plan_id, Role.planner)
    limit = given.max_cost.usd if given.max_cost else None
    raise_limit(connection, service.project, plan_id, limit, by=caller.name)
    (reckoned,) = reckon_plans(connection, service.project, [plan_id])
    refuse_over_own_limit(connection, caller, reckoned, limit)
    return Approved(plan=shown_plan(connection, service.project, plan_id), run=wishes.ask(connection, Wish.submit, caller.name))


@router.post("/plans/{plan_id}/decline", responses=problems(403, 404, 409, 422))
def decline(plan_id: Id, service: ServiceNow, caller: Planner) -> PlanShown:
    """Decide that a draft is not sent. Its requests are kept; the next plan uses them."""
    with service.store.begin() as connection:
        demand_plan(connection, caller, plan_id, Role.planner)
        decline_plan(connection, plan_id, by=caller.name)
        return shown_plan(connection, service.project, plan_id)


@router.post("/plans/{plan_id}/cancel", responses=problems(403, 404, 409, 422))
def cancel(plan_id: Id, service: ServiceNow, caller: Planner) -> PlanShown:
    """Send nothing more of an approved plan. What is at the provider goes on, and its answers are collected."""
    with service.store.begin() as connection:
        demand_plan(connection, caller, plan_id, Role.planner)
        cancel_plan(connection, plan_id, by=caller.name)
        return shown_plan(connection, service.project, plan_id)
