"""Approval of requests that were made outside a plan, in Dagster's UI for example."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.commands.approving.approve_plan import LimitTooLow
from caseforge_assets.commands.money.expect_costs import expected_costs
from caseforge_assets.commands.requests.settle_requests import of_known_stages
from caseforge_assets.commands.telling.tell_plans import tell_plan
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.planning.plan_details import note_maker, set_estimate
from caseforge_assets.store.requests import pending, requests
from caseforge_assets.wording import counted


@dataclass(frozen=True)
class Pending:
    """Requests that wait for approval, and what they are expected to cost."""

    ids: frozenset[int]
    expected_cost: Cost

    @property
    def requests(self) -> int:
        """Counts them."""
        return len(self.ids)


def pending_without_approval(connection: Connection, project: Project, simulated: bool) -> Pending:
    """Gives what is pending, but in no approved plan that covers its stage; what a person declined or cancelled is left out."""
    rows, _ = of_known_stages(project.stages, pending.unapproved(connection, simulated, lock=False))
    return Pending(frozenset(row.id for row in rows), total(expected_costs(connection, project, rows).values()))


def approve_pending(
    connection: Connection,
    project: Project,
    *,
    made_by: str,
    max_cost_usd: Decimal | None = None,
    by: str | None = None,
    named: Collection[int] | None = None,
) -> list[int]:
    """Puts pending requests under one approved plan per framework, for providers that bill; returns the plans' ids.

    Args:
        max_cost_usd: what these plans may spend at most, all together: each may spend what it costs, and its part of what is left.
        by: who approves it; None: `made_by`.
        named: only these requests: those that a person was told of, because others may have come since.

    Raises:
        LimitTooLow: they cost more than that, or nobody knows how much: a plan with too low a limit would hold its requests back for good.
    """
    rows, _ = of_known_stages(project.stages, pending.unapproved(connection, simulated=False))
    rows = [row for row in rows if named is None or row.id in named]
    groups = {key: [row for row in rows if row.framework_key == key] for key in sorted({row.framework_key for row in rows})}
    costs = {key: total(expected_costs(connection, project, group).values()) for key, group in groups.items()}
    cost = total(costs.values())
    if max_cost_usd is not None:
        _refuse_low_limit(Pending(frozenset(row.id for row in rows), cost), max_cost_usd)
    left = None if max_cost_usd is None else (max_cost_usd - cost.known_usd) / max(len(groups), 1)
    plan_ids = []
    for key, group in groups.items():
        plan_id = plans.add_plan(connection, key, sorted({row.stage for row in group}), made_by, len(group))
        set_estimate(connection, plan_id, len(group), costs[key].usd)
        note_maker(connection, plan_id, by)
        requests.set_plan(connection, [row.id for row in group], plan_id)
        plans.decide(connection, plan_id, True, None if left is None else costs[key].known_usd + left, by=by)
        tell_plan(connection, EventKind.plan_approved, plan_id, by)
        plan_ids.append(plan_id)
    return plan_ids


def _refuse_low_limit(found: Pending, max_cost_usd: Decimal) -> None:
    cost = found.expected_cost
    if cost.unknown:
        raise LimitTooLow(
            f"{counted(found.requests, 'request is', 'requests are')} pending, and the cost of {cost.unknown:,} of them is unknown, so that max_cost_usd cannot be kept. "
            "Nothing was approved or sent. Choose another model, or approve a plan without a limit: caseforge approve PLAN"
        )
    if cost.known_usd > max_cost_usd:
        raise LimitTooLow(
            f"{counted(found.requests, 'request is', 'requests are')} pending and will cost about ${cost.known_usd:,.4f}, which is more than max_cost_usd "
            f"(${max_cost_usd:,.4f}). Nothing was approved or sent. Raise max_cost_usd, or send some nodes only: caseforge generate --framework KEY --nodes NODE"
        )
