"""Approval of a draft by its number."""

from __future__ import annotations

from decimal import Decimal

from caseforge_assets.store import pending, plans
from caseforge_assets.store.engine import Connection
from caseforge_assets.store.plans import PlanRow


def approve_plan(connection: Connection, plan_id: int, max_cost_usd: Decimal | None = None) -> PlanRow:
    """Approves a draft; what it holds is sent by the next submit.

    Args:
        max_cost_usd: the most that it may spend.

    Raises:
        LookupError: there is no such plan.
        ValueError: it is no draft any more, or nothing is pending under it; the text says what it is.
    """
    plan = plans.get(connection, plan_id)
    if plan is None:
        raise LookupError(f"there is no plan {plan_id}. Make one with: caseforge plan --keep")
    if plan.state != "draft":
        raise ValueError(f"plan {plan_id} is {plan.state} already; make a new one with: caseforge plan --keep")
    if not any(pending.of_plan(connection, plan_id, stage) for stage in plan.stages):
        raise ValueError(f"nothing is pending under plan {plan_id}: a newer plan has its requests, or they are not needed any more")
    plans.decide(connection, plan_id, True, max_cost_usd)
    return plan
