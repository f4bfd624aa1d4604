"""Events of plans: one waits for somebody to approve it, or was decided on; then the audit log says by whom."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.access import audit
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.serving.events import tell


def tell_plan(connection: Connection, kind: EventKind, plan_id: int, by: str | None = None) -> None:
    """Tells of a plan as it stands now.

    Args:
        by: who decided; None: who made it.
    """
    (plan,) = plans.all_plans(connection, [plan_id])
    data: dict[str, Any] = {
        "plan": plan.id,
        "state": plan.state,
        "stages": plan.stages,
        "requests": plan.node_count,
        "expected_cost": _amount(plan.expected_cost_usd),
        "limit": _amount(plan.max_cost_usd),
        "by": by or plan.maker,
    }
    tell(connection, kind, f"plan {plan.id}", plan.framework_key, data)
    if kind is not EventKind.plan_waiting:
        limits = {"expected_cost_usd": _text(plan.expected_cost_usd), "limit_usd": _text(plan.max_cost_usd)}
        audit.note(connection, data["by"], kind, f"plan {plan.id}", plan.framework_key, limits)


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else f"{usd:f}"


def _amount(usd: Decimal | None) -> dict[str, Any] | None:
    """As the service writes money: a decimal as text; null is unknown, or no limit."""
    return None if usd is None else {"amount": f"{usd:f}", "currency": "USD"}
