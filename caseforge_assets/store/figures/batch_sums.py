"""Sums of batches so far: answers, tokens, cost and candidates of each, added up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from caseforge_assets.stages.judgement import GOOD, Outcome
from caseforge_assets.store.figures.spending import NAME, UNKNOWN
from caseforge_assets.store.schema.constants import listed


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one batch: attempts with an outcome and how many of them are good; what answers used and cost (None: unknown); candidates."""

    ended: int
    good: int
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    unknown_costs: int
    items: int


_SUMS = text(f"""
select a.batch_id, count(a.outcome) filter (where a.outcome <> '{Outcome.not_sent}') as ended, count(*) filter (where a.outcome in {listed(GOOD)}) as good,
       sum(a.input_tokens) as input_tokens, sum(a.output_tokens) as output_tokens, sum(a.cost_usd) as cost_usd,
       count(*) filter (where {UNKNOWN}) as unknown_costs,
       coalesce(sum(made.items), 0) as items
from caseforge.attempt a
left join lateral (
    select count(k.id) as items from caseforge.content c join caseforge.candidate k on k.content_id = c.id
    where c.attempt_id = a.id and c.reused_from is null) made on true
where a.batch_id = any(:ids) group by a.batch_id
""")


def sums_of_batches(connection: Connection, batch_ids: Sequence[int]) -> dict[int, Sums]:
    """Per batch that has attempts."""
    return {row.batch_id: Sums(*row[1:]) for row in connection.execute(_SUMS, {"ids": list(batch_ids)})}


def frameworks_of_batches(connection: Connection, batch_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Finds the frameworks of the nodes in batches: their keys, per batch that has attempts."""
    query = text("""
    select a.batch_id, array_agg(distinct n.framework_key order by n.framework_key)
    from caseforge.attempt a join caseforge.node n on n.id = a.node_id where a.batch_id = any(:ids) group by 1
    """)
    return {row[0]: tuple(row[1]) for row in connection.execute(query, {"ids": list(batch_ids)})}


def frameworks_by_name(connection: Connection, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Finds the frameworks of the nodes in batches: their keys, by the names that people know batches by."""
    query = text(f"""
    select {NAME} as name, array_agg(distinct n.framework_key order by n.framework_key)
    from caseforge.batch b join caseforge.attempt a on a.batch_id = b.id join caseforge.node n on n.id = a.node_id where {NAME} = any(:names) group by 1
    """)
    return {row[0]: tuple(row[1]) for row in connection.execute(query, {"names": list(names)})}


def plans_of_batches(connection: Connection, batch_ids: Sequence[int]) -> list[int]:
    """Finds the plans of the requests in these batches: their numbers, in order."""
    query = text("""
    select distinct r.plan_id from caseforge.attempt a join caseforge.request r on r.id = a.request_id
    where a.batch_id = any(:ids) and r.plan_id is not null order by 1
    """)
    return list(connection.scalars(query, {"ids": list(batch_ids)}))


def batches_worked_since(connection: Connection, node_ids: Sequence[int], since: datetime) -> list[int]:
    """Numbers of the batches that have been made or collected since, and have asked something of these nodes; in order."""
    query = text("""
    select b.id from caseforge.batch b where greatest(b.created_at, b.collected_at) >= :since and exists (
        select 1 from caseforge.attempt a where a.batch_id = b.id and a.node_id = any(:node_ids)) order by 1
    """)
    return list(connection.scalars(query, {"node_ids": list(node_ids), "since": since}))


_OF_FRAMEWORKS = """(cast(:keys as text[]) is null or exists (
    select 1 from caseforge.attempt a join caseforge.node n on n.id = a.node_id where a.batch_id = b.id and n.framework_key = any(:keys)))"""


def page_of_batches(
    connection: Connection, keys: Collection[str] | None, states: Collection[str] | None, before_id: int | None, limit: int
) -> list[int]:
    """Numbers of batches, newest first, from the one before a number on.

    Args:
        keys: only those with nodes of these frameworks; None: all.
        states: in these only; None: in any.
    """
    query = text(f"""
    select b.id from caseforge.batch b
    where (cast(:states as text[]) is null or b.state = any(:states)) and (cast(:before as bigint) is null or b.id < :before) and {_OF_FRAMEWORKS}
    order by b.id desc limit :limit
    """)
    values = {"keys": None if keys is None else list(keys), "states": None if states is None else list(states)}
    return list(connection.scalars(query, {**values, "before": before_id, "limit": limit}))


def batches_of_plan(connection: Connection, plan_id: int) -> list[int]:
    """Numbers of the batches that hold a plan's requests, oldest first."""
    query = text("""
    select distinct a.batch_id from caseforge.attempt a join caseforge.request r on r.id = a.request_id where r.plan_id = :id order by 1
    """)
    return list(connection.scalars(query, {"id": plan_id}))


def is_seen(connection: Connection, batch_id: int, keys: Collection[str] | None) -> bool:
    """Tells whether there is such a batch with nodes of these frameworks (None: of any, or of none)."""
    query = text(f"select exists (select 1 from caseforge.batch b where b.id = :id and {_OF_FRAMEWORKS})")
    return bool(connection.scalar(query, {"id": batch_id, "keys": None if keys is None else list(keys)}))


def typical_items(connection: Connection, stage: str, simulated: bool) -> Decimal | None:
    """Mean number of candidates that an answer of a stage led to at this kind of provider; None before there is one."""
    query = text("""
    select avg(made.items) from (
        select count(k.id) as items from caseforge.content c
        join caseforge.candidate k on k.content_id = c.id
        where c.stage = :stage and c.simulated = :simulated and c.attempt_id is not null and c.reused_from is null group by c.id) made
    """)
    mean: Decimal | None = connection.scalar(query, {"stage": stage, "simulated": simulated})
    return mean
