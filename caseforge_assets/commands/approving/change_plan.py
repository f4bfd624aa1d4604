"""cancel, decline and raise: what a person decides of a plan after it was made, recorded with who and when."""

from __future__ import annotations

from decimal import Decimal

from caseforge_assets.batches.states import NOT_CREATED, TAKEN_BACK_WITH_PLAN, PlanState, WrongState
from caseforge_assets.commands.approving.approve_plan import LimitTooLow, refuse_low_limit
from caseforge_assets.commands.approving.view_plans import reckon_plans
from caseforge_assets.commands.telling.tell_plans import tell_plan
from caseforge_assets.costs.sums import Cost, exact_usd
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.planning.plans import PlanRow
from caseforge_assets.store.requests import parking, requests
from caseforge_assets.store.submitting import batches


def cancel_plan(connection: Connection, plan_id: int, *, by: str) -> int:
    """Nothing more of an approved plan is sent; what is at a provider goes on, and its answers are collected.

    Requests that were not sent wait until a person asks for their nodes again; batches that were not created yet are taken back.

    Returns:
        How many requests are not sent because of it.

    Raises:
        LookupError: there is no such plan.
        WrongState: it is not approved.
    """
    requests.lock_making(connection)
    plan = _get(connection, plan_id)
    if plan.state == PlanState.draft:
        raise WrongState(f"plan {plan_id} is a draft, of which nothing is sent. Decline it with: caseforge plans decline {plan_id}")
    if plan.state != PlanState.approved:
        raise WrongState(f"plan {plan_id} is {plan.state} already")
    plans.cancel(connection, plan_id, by)
    tell_plan(connection, EventKind.plan_cancelled, plan_id, by)
    for batch_id in batches.not_created_of_plan(connection, plan_id):
        batches.put_back(connection, batch_id, NOT_CREATED, f"plan {plan_id} {TAKEN_BACK_WITH_PLAN}")
    return parking.park_of_plan(connection, plan_id)


def decline_plan(connection: Connection, plan_id: int, *, by: str) -> PlanRow:
    """A draft is not to be sent; its requests are kept, and the next plan uses them.

    Raises:
        LookupError: there is no such plan.
        WrongState: it is no draft.
    """
    plan = _get(connection, plan_id)
    if plan.state == PlanState.approved:
        raise WrongState(f"plan {plan_id} is approved. Cancel what was not sent of it with: caseforge plans cancel {plan_id}")
    if plan.state != PlanState.draft:
        raise WrongState(f"plan {plan_id} is {plan.state} already")
    plans.decide(connection, plan_id, False, by=by)
    tell_plan(connection, EventKind.plan_declined, plan_id, by)
    return plan


def raise_limit(connection: Connection, project: Project, plan_id: int, max_cost_usd: Decimal | None, *, by: str) -> PlanRow:
    """Lets an approved plan spend more; None: as much as the budgets allow. Returns it as it was.

    Raises:
        LookupError: there is no such plan.
        WrongState: it is not approved, or has no limit.
        LimitTooLow: the new limit is no higher than the old one, or too low for what was spent and is still to be sent.
    """
    plan = _get(connection, plan_id)
    if plan.state != PlanState.approved:
        raise WrongState(f"plan {plan_id} is {plan.state}; only an approved plan has a limit that holds")
    if plan.max_cost_usd is None:
        raise WrongState(f"plan {plan_id} has no limit; it may spend what the budgets in caseforge.toml allow")
    if max_cost_usd is not None and max_cost_usd <= plan.max_cost_usd:
        raise LimitTooLow(f"the limit of plan {plan_id} is {exact_usd(plan.max_cost_usd)} already; name a higher one")
    (reckoned,) = reckon_plans(connection, project, [plan_id])
    refuse_low_limit(f"plan {plan_id}", Cost(reckoned.spent.known_usd) + reckoned.pending_cost + reckoned.later_cost, max_cost_usd)
    plans.set_limit(connection, plan_id, max_cost_usd, by)
    tell_plan(connection, EventKind.plan_raised, plan_id, by)
    return plan


def _get(connection: Connection, plan_id: int) -> PlanRow:
    plan = plans.get(connection, plan_id)
    if plan is None:
        raise LookupError(f"there is no plan {plan_id}; `caseforge plans list --all` names them")
    return plan
