"""Plans: sets of nodes and stages with an estimate, approved or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, text, update

from caseforge_assets.store.tables import plan


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan; an expected cost of None is unknown."""

    id: int
    framework_key: str
    stages: list[str]
    state: str
    node_count: int
    expected_cost_usd: Decimal | None


def get(connection: Connection, plan_id: int) -> PlanRow | None:
    """A plan by its number, locked until the transaction ends."""
    query = text("select id, framework_key, stages, state, node_count, expected_cost_usd from caseforge.plan where id = :id for update")
    row = connection.execute(query, {"id": plan_id}).first()
    return PlanRow(*row) if row else None


def add_plan(connection: Connection, key: str, stages: Sequence[str], made_by: str, node_count: int) -> int:
    """A new draft; returns its id."""
    values = {"framework_key": key, "stages": list(stages), "state": "draft", "made_by": made_by, "node_count": node_count}
    return int(connection.scalar(insert(plan).values(values).returning(plan.c.id)) or 0)


def set_estimate(
    connection: Connection, plan_id: int, node_count: int, expected_cost_usd: Decimal | None, details: Mapping[str, Any]
) -> None:
    """Records what a draft would send and cost; a cost of None is unknown."""
    values = {"node_count": node_count, "expected_cost_usd": expected_cost_usd, "details": dict(details)}
    connection.execute(update(plan).where(plan.c.id == plan_id).values(values))


def decide(connection: Connection, plan_id: int, approved: bool, max_cost_usd: Decimal | None = None) -> None:
    """Approves or declines a draft."""
    query = """
    update caseforge.plan set state = :state, approved_at = case when :approved then now() end, max_cost_usd = :cap
    where id = :id and state = 'draft'
    """
    values = {"id": plan_id, "approved": approved, "state": "approved" if approved else "declined", "cap": max_cost_usd}
    connection.execute(text(query), values)


# A twin that is not collected yet may have answered all that the batch it is a twin of was made for.
_COMMITTED = """
(select a.request_id, coalesce(a.cost_usd, a.expected_cost_usd) as usd
 from caseforge.attempt a
 join caseforge.provider v on v.id = a.provider_id and not v.simulated and v.base_url <> 'imported'
 where a.outcome is distinct from 'not_sent'
 union all
 select a.request_id, a.expected_cost_usd
 from caseforge.batch t
 join caseforge.provider v on v.id = t.provider_id and not v.simulated
 join caseforge.attempt a on a.batch_id = t.twin_of
 where t.twin_of is not null and t.state <> 'collected')
"""

_BY_PLAN = text(f"""
select p.id, p.max_cost_usd, coalesce(sum(paid.usd), 0) as committed_usd
from caseforge.plan p
left join caseforge.request r on r.plan_id = p.id
left join {_COMMITTED} paid on paid.request_id = r.id
where p.id = any(:ids) group by p.id
""")


def committed(connection: Connection, plan_ids: Sequence[int]) -> dict[int, tuple[Decimal | None, Decimal]]:
    """Per plan: its cap (None: none of its own) and what it has spent or reserved at providers that bill, in USD."""
    rows = connection.execute(_BY_PLAN, {"ids": list(plan_ids)})
    return {row.id: (row.max_cost_usd, row.committed_usd) for row in rows}


_BY_FRAMEWORK = text(f"""
select r.framework_key, sum(coalesce(paid.usd, 0)) as usd
from {_COMMITTED} paid join caseforge.request r on r.id = paid.request_id group by r.framework_key
""")


def committed_by_framework(connection: Connection) -> dict[str, Decimal]:
    """What was spent or is reserved at providers that bill, per framework, in USD. Attempts of unknown cost count as expected."""
    return {row.framework_key: Decimal(row.usd) for row in connection.execute(_BY_FRAMEWORK)}
