"""Approval of requests that were made outside a plan, in Dagster's UI for example."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.commands.expected_costs import expected_costs
from caseforge_assets.commands.fit_requests import of_known_stages
from caseforge_assets.store import pending, plans, requests
from caseforge_assets.store.engine import Connection


@dataclass(frozen=True)
class Pending:
    """Requests that wait for approval; the cost is None where one of them is unknown."""

    requests: int
    expected_cost_usd: Decimal | None


def pending_without_approval(connection: Connection, simulated: bool) -> Pending:
    """What is pending, but in no approved plan that covers its stage."""
    rows, _ = of_known_stages(pending.unapproved(connection))
    costs = list(expected_costs(connection, rows, simulated).values())
    return Pending(len(rows), None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0)))


def approve_pending(connection: Connection, *, made_by: str, max_cost_usd: Decimal | None = None) -> list[int]:
    """Puts pending requests under one approved plan per framework; returns the plans' ids.

    Args:
        max_cost_usd: what each of these plans may spend at most.
    """
    rows, _ = of_known_stages(pending.unapproved(connection))
    plan_ids = []
    for key in sorted({row.framework_key for row in rows}):
        group = [row for row in rows if row.framework_key == key]
        plan_id = plans.add_plan(connection, key, sorted({row.stage for row in group}), made_by, len(group))
        costs = list(expected_costs(connection, group, False).values())
        total = None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))
        plans.set_estimate(connection, plan_id, len(group), total, {})
        requests.set_plan(connection, [row.id for row in group], plan_id)
        plans.decide(connection, plan_id, True, max_cost_usd)
        plan_ids.append(plan_id)
    return plan_ids
