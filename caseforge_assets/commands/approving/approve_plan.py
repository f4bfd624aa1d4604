"""Approval of a draft by its number."""

from __future__ import annotations

from decimal import Decimal

from caseforge_assets.batches.states import PlanState, WrongState
from caseforge_assets.commands.approving.view_plans import ReckonedPlan, reckon_plans
from caseforge_assets.commands.telling.tell_plans import tell_plan
from caseforge_assets.costs.sums import Cost, exact_usd, usd
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.requests import pending
from caseforge_assets.wording import counted


class LimitTooLow(ValueError):
    """A plan cannot be carried out within the limit that it is to have; nothing was stored."""


def approve_plan(connection: Connection, project: Project, plan_id: int, max_cost_usd: Decimal | None = None, *, by: str) -> ReckonedPlan:
    """Approves a draft, for providers that bill, too; what it holds is sent by the next submit.

    Args:
        max_cost_usd: the most that it may spend.
        by: who approves it.

    Raises:
        LookupError: there is no such plan.
        WrongState: it is no draft any more, or nothing is pending under it; the text says what it is.
        LimitTooLow: it costs more than it may spend.
    """
    plan = plans.get(connection, plan_id)
    if plan is None:
        raise LookupError(f"there is no plan {plan_id}; `caseforge plans list --all` names those that were made")
    if plan.state != PlanState.draft:
        raise WrongState(
            f"plan {plan_id} is {plan.state} already; make a new one with: caseforge plan --keep --framework {plan.framework_key}"
        )
    if not pending.lock_of_plan(connection, plan_id, plan.stages):
        raise WrongState(f"nothing is pending under plan {plan_id}: a newer plan has its requests, or they are not needed any more")
    (reckoned,) = reckon_plans(connection, project, [plan_id])
    refuse_low_limit(f"plan {plan_id}", reckoned.open_cost, max_cost_usd)
    plans.decide(connection, plan_id, True, max_cost_usd, by=by)
    tell_plan(connection, EventKind.plan_approved, plan_id, by)
    return reckoned


def refuse_low_limit(which: str, cost: Cost, max_cost_usd: Decimal | None) -> None:
    """Refuses a limit that a plan cannot keep: it would hold its requests back from the start, or half-way.

    Args:
        which: what the plan is called.
        cost: what the plan is expected to cost, what follows from its answers included.
        max_cost_usd: the limit; None: there is none.

    Raises:
        LimitTooLow: it is below the cost, or the cost is unknown.
    """
    if max_cost_usd is None:
        return
    if cost.unknown:
        raise LimitTooLow(
            f"the cost of {counted(cost.unknown, 'request')} of {which} is unknown, because there is no batch price for their model, so that a limit "
            "cannot be kept. Choose another model, or leave the limit away. Nothing was approved"
        )
    if cost.known_usd > max_cost_usd:
        raise LimitTooLow(
            f"the limit of {which} ({exact_usd(max_cost_usd)}) would be overdrawn by ${cost.known_usd - max_cost_usd:,.4f}: it is expected to cost "
            f"{usd(cost.known_usd)}. Nothing was approved; raise the limit, or choose fewer nodes (--nodes, --limit)"
        )
