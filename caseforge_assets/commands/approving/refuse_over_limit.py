"""The limit of a caller's own: what all plans may cost in all that a person or program lets spend money."""

from __future__ import annotations

from decimal import Decimal

from caseforge_assets.access.roles import Caller, NotAllowed
from caseforge_assets.batches.states import PlanState
from caseforge_assets.commands.approving.view_plans import ReckonedPlan
from caseforge_assets.costs.sums import Cost, exact_usd, total, usd
from caseforge_assets.store.database.engine import Connection, lock_in_transaction
from caseforge_assets.store.planning import plans


def refuse_over_own_limit(connection: Connection, caller: Caller, reckoned: ReckonedPlan, max_cost_usd: Decimal | None) -> None:
    """Refuses what would take all that a caller approved above the caller's own limit; call it in the transaction that approves or raises the plan.

    A plan counts with the limit that the caller gave it, else with what it is expected to cost or has spent already, whichever is more; one that was cancelled, with what it
    has spent. Who approves two plans at once is held to one after the other.

    Args:
        reckoned: the plan that is to be approved, or whose limit is to be raised.
        max_cost_usd: the limit that it is to have; None: none.

    Raises:
        NotAllowed: it is above the limit, or the cost is unknown and so cannot be kept within one.
    """
    if caller.limit_usd is None:
        return
    lock_in_transaction(connection, f"limit of {caller.name}")
    plan_id = reckoned.plan.id
    cost = Cost(reckoned.spent.known_usd) + reckoned.pending_cost + reckoned.later_cost if max_cost_usd is None else Cost(max_cost_usd)
    if cost.unknown:
        raise NotAllowed(
            f"what plan {plan_id} will cost is unknown, so that it cannot be approved under a limit, and {caller.name} has one ({exact_usd(caller.limit_usd)}). "
            "Give the plan a limit, choose another model, or have somebody without a limit approve it"
        )
    before = _allowed_before(connection, caller.name, except_plan=plan_id)
    if before.unknown:
        raise NotAllowed(
            f"{caller.name} may approve up to {exact_usd(caller.limit_usd)} in all, and what {before.unknown} of the plans approved before may cost is unknown. "
            "Cancel these, or have somebody without a limit approve this one"
        )
    if before.known_usd + cost.known_usd > caller.limit_usd:
        raise NotAllowed(
            f"{caller.name} may approve up to {exact_usd(caller.limit_usd)} in all; plans approved before may cost {usd(before.known_usd)} of it, and plan {plan_id} "
            f"{usd(cost.known_usd)}. Nothing was approved. Have somebody with a higher limit approve it, or choose fewer nodes"
        )


def _allowed_before(connection: Connection, name: str, *, except_plan: int) -> Cost:
    rows = [row for row in plans.allowed_by(connection, name) if row.plan_id != except_plan]
    spent = plans.committed(connection, [row.plan_id for row in rows])
    return total(_may_cost(row, spent[row.plan_id][1]) for row in rows)


def _may_cost(row: plans.AllowedPlan, spent: Cost) -> Cost:
    if row.state == PlanState.cancelled:
        return Cost(spent.known_usd)
    if row.max_cost_usd is not None:
        return Cost(row.max_cost_usd)
    return Cost(unknown=1) if row.expected_cost_usd is None else Cost(max(row.expected_cost_usd, spent.known_usd))
