"""Queries for people: one node with all that belongs to it, and what a framework came to in sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.batches.states import Origin
from caseforge_assets.store.figures.spending import CONTENT_COST, ENDED, ITEM_SHARE, UNKNOWN
from caseforge_assets.store.schema.constants import PLANNED_ONCE
from caseforge_assets.store.schema.provider_table import IS_IMPORTED

# What may be called so is looked up in indexes first, and then whether it is still.
_FIND = text("""
with called as (
    select nv.node_id from caseforge.framework_version v join caseforge.node_version nv on nv.framework_version_id = v.id and nv.code = :name
    union select nv.node_id from caseforge.framework_version v
    join caseforge.node_version nv on nv.framework_version_id = v.id and nv.partition_key = :name
    union select n.id from caseforge.framework f join caseforge.node n on n.framework_key = f.key and n.identity = :name
    union select k.node_id from caseforge.candidate k where k.candidate_uid = :name
    union select k.node_id from caseforge.candidate k where k.former_uids @> array[cast(:name as text)] and k.former_uids <> '{}')
select n.id as node_id, n.framework_key, n.identity, nv.code, nv.name, nv.description, nv.level, nv.partition_key, nv.is_leaf, nv.kpis, nv.owner,
       nv.label as edition, not nv.in_current as retired, nv.version
from called join caseforge.node n on n.id = called.node_id
join lateral (
    select v.label, v.is_current as in_current, nv.* from caseforge.node_version nv
    join caseforge.framework_version v on v.id = nv.framework_version_id where nv.node_id = n.id order by v.is_current desc, v.id desc limit 1
) nv on true
where (cast(:key as text) is null or n.framework_key = :key) and (nv.code = :name or nv.partition_key = :name or n.identity = :name
    or exists (select 1 from caseforge.candidate k where k.node_id = n.id and (k.candidate_uid = :name or :name = any(k.former_uids))))
order by retired, nv.code = :name desc, n.framework_key
""").execution_options(**PLANNED_ONCE)


def find_nodes(connection: Connection, name: str, framework_key: str | None = None) -> list[Any]:
    """Nodes that are called so: by code, partition key, stable id, or the uid of a candidate, in one framework or in all.

    Nodes that are in an older edition only are `retired`; they are found where no other is called so.
    """
    rows = list(connection.execute(_FIND, {"name": name, "key": framework_key}))
    return [row for row in rows if not row.retired] or rows


_CONTENT = text(f"""
select c.id, c.stage, c.title, c.body, c.version, c.model, c.temperature, c.generated_by, c.owner, c.simulated, c.answered_at, c.stored_at,
       c.remote_batch_id, c.remote_request_id, c.input_tokens, c.output_tokens, {CONTENT_COST} as cost_usd, c.notes, c.surplus, c.reused_from, c.is_current, c.edited_after is not null as edited
from caseforge.content c where c.node_id = :node order by c.stage, c.is_current desc, c.id desc
""").execution_options(**PLANNED_ONCE)


def contents_of_node(connection: Connection, node_id: int) -> list[Any]:
    """Every content version of a node, the current ones first within their stage."""
    return list(connection.execute(_CONTENT, {"node": node_id}))


_CONTENT_IN_SHORT = text("""
select c.id, c.stage, c.title, c.version, c.is_current, c.model, c.generated_by, c.owner, c.simulated, c.edited_after is not null as edited,
       c.answered_at, c.stored_at
from caseforge.content c where c.node_id = :node order by c.stage, c.is_current desc, c.id desc
""").execution_options(**PLANNED_ONCE)


def contents_in_short(connection: Connection, node_id: int) -> list[Any]:
    """The same without what they say, which is most of it."""
    return list(connection.execute(_CONTENT_IN_SHORT, {"node": node_id}))


_CANDIDATES = text(f"""
select c.stage, k.candidate_uid, k.former_uids, k.title, k.fields, c.simulated, {ITEM_SHARE} as cost_usd from caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.is_current where k.node_id = :node order by k.content_id, k.position
""").execution_options(**PLANNED_ONCE)


def candidates_of_node(connection: Connection, node_id: int) -> list[Any]:
    """The current items of a node in every stage that has some, such as its candidates, each with its equal share of what the content cost."""
    return list(connection.execute(_CANDIDATES, {"node": node_id}))


_NAMES = text("""
select c.stage, k.candidate_uid as uid, k.title from caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.is_current where k.node_id = :node order by k.content_id, k.position
""").execution_options(**PLANNED_ONCE)


def names_of_candidates(connection: Connection, node_id: int) -> list[Any]:
    """Lists the current items of a node: stage, uid and title."""
    return list(connection.execute(_NAMES, {"node": node_id}))


_ATTEMPTS = text("""
select a.id, b.stage, b.remote_id, b.id as batch_id, a.outcome, a.detail, a.model, a.finish_reason, a.input_tokens, a.cached_tokens, a.cache_write_tokens,
       a.output_tokens, a.reasoning_tokens, a.cost_usd, p.simulated, a.created_at, a.answered_at, a.line_number, b.artifacts, b.state as batch_state
from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id join caseforge.provider p on p.id = a.provider_id
where a.node_id = :node order by a.id
""")


def attempts_of_node(connection: Connection, node_id: int) -> list[Any]:
    """Every attempt for a node, oldest first."""
    return list(connection.execute(_ATTEMPTS, {"node": node_id}))


_SUMS = text(f"""
select b.stage, p.simulated, {IS_IMPORTED} as imported, count(*) as attempts, sum(a.input_tokens) as input_tokens,
       sum(a.output_tokens) as output_tokens, sum(a.cost_usd) as cost_usd,
       count(*) filter (where {UNKNOWN}) as unknown_costs
from caseforge.attempt a
join caseforge.batch b on b.id = a.batch_id
join caseforge.provider p on p.id = a.provider_id
join caseforge.node n on n.id = a.node_id
where n.framework_key = :key and {ENDED} and (cast(:ids as bigint[]) is null or n.id = any(:ids)) group by 1, 2, 3 order by 1, 2, 3
""")


def spent(connection: Connection, key: str, node_ids: Sequence[int] | None = None) -> list[Any]:
    """Attempts that were sent and came to an end, of a framework or of these nodes of it: their tokens and cost per stage, simulated, imported and billed apart.

    NULL sums are unknown.
    """
    return list(connection.execute(_SUMS, {"key": key, "ids": None if node_ids is None else list(node_ids)}))


_ANSWERED_COSTS = text(f"""
select b.stage, p.simulated, sum(a.cost_usd) as cost_usd, sum(a.expected_cost_usd) filter (where a.cost_usd is not null) as expected_usd,
       count(*) filter (where {UNKNOWN}) as unknown
from caseforge.attempt a
join caseforge.batch b on b.id = a.batch_id and b.origin = '{Origin.submitted}'
join caseforge.provider p on p.id = a.provider_id
join caseforge.node n on n.id = a.node_id
where n.framework_key = :key and {ENDED} group by b.stage, p.simulated order by b.stage, p.simulated desc
""")


def answered_costs(connection: Connection, key: str) -> list[Any]:
    """Per stage, what the attempts that came back cost and were expected to cost, in USD, and of how many the cost is unknown; simulated ones apart, and first."""
    return list(connection.execute(_ANSWERED_COSTS, {"key": key}))
