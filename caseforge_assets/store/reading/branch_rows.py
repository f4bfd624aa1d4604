"""Reads the figures of a framework's nodes from which branches are added up: as columns, because there are tens of thousands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, text

from caseforge_assets.store.figures.spending import ENDED, UNKNOWN
from caseforge_assets.store.schema.provider_table import IS_BILLED


@dataclass(frozen=True, slots=True)
class LeveledNode:
    """A node of the current edition with its place in the tree."""

    node_id: int
    code: str
    parent_code: str | None
    level: int
    is_target: bool


_LEVELED = text("""
select nv.node_id, nv.code, nv.parent_code, nv.level, nv.partition_key is not null
from caseforge.node_version nv where nv.framework_version_id = :edition order by nv.position
""")


def leveled_nodes(connection: Connection, edition_id: int) -> list[LeveledNode]:
    """Every node of an edition, in its order."""
    return [LeveledNode(*row) for row in connection.execute(_LEVELED, {"edition": edition_id})]


@dataclass(frozen=True, slots=True)
class StageContents:
    """The current contents of target nodes in a stage, as columns; a score is -1 where it is not measured by the rules of today."""

    stage: str
    node_ids: Sequence[int]
    simulated: Sequence[int]
    scores: Sequence[int]


_CONTENTS = text("""
select c.stage, array_agg(c.node_id), array_agg(cast(c.simulated as int)), array_agg(coalesce(q.score, -1)) from caseforge.content c
join caseforge.target_node nv on nv.node_id = c.node_id left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
where c.framework_key = :key and c.is_current group by c.stage
""")


def stage_contents(connection: Connection, key: str, rules: str) -> list[StageContents]:
    """Gives what is current of the target nodes, by the rules by which scores count."""
    return [StageContents(*row) for row in connection.execute(_CONTENTS, {"key": key, "rules": rules})]


@dataclass(frozen=True, slots=True)
class StageItems:
    """The current items of nodes in a stage, as columns: how many, how many of them have a value, and these values added up, in halves."""

    stage: str
    node_ids: Sequence[int]
    items: Sequence[int]
    valued: Sequence[int]
    halves: Sequence[int]


_ITEMS = text("""
select stage, array_agg(node_id), array_agg(items), array_agg(valued), array_agg(halves) from (
    select g.stage, r.node_id, count(*) as items, count(v.halves) as valued, coalesce(sum(v.halves), 0) as halves
    from caseforge.candidate_row r join caseforge.candidate_group g on g.id = r.group_id
    left join unnest(cast(:groups as bigint[]), cast(:halves as int[])) as v(group_id, halves) on v.group_id = g.id
    where r.framework_key = :key group by 1, 2) counted
group by stage
""")
_GROUPS = text("select id, values from caseforge.candidate_group where framework_key = :key")


def stage_items(connection: Connection, key: str, halves: Mapping[int, int]) -> list[StageItems]:
    """Items by node, as lists are read: what was made just now may not be among them yet.

    Args:
        halves: by group of items, the value of each; groups without one are left out.
    """
    values = {"key": key, "groups": list(halves), "halves": list(halves.values())}
    return [StageItems(*row) for row in connection.execute(_ITEMS, values)]


def group_values(connection: Connection, key: str) -> dict[int, Mapping[str, str | None]]:
    """By group of items, the values that they have in common."""
    return {row.id: row._mapping["values"] for row in connection.execute(_GROUPS, {"key": key})}


@dataclass(frozen=True, slots=True)
class NodeCost:
    """The cost of the answers for a node in a stage at providers that bill; None: nothing of it is known."""

    stage: str
    node_id: int
    cost_usd: Decimal | None
    unknown: int


_COSTS = text(f"""
select b.stage, a.node_id, sum(a.cost_usd), count(*) filter (where {UNKNOWN}) from caseforge.attempt a
join caseforge.provider p on p.id = a.provider_id and {IS_BILLED} join caseforge.node n on n.id = a.node_id join caseforge.batch b on b.id = a.batch_id
where n.framework_key = :key and {ENDED} group by b.stage, a.node_id
""")


def node_costs(connection: Connection, key: str) -> list[NodeCost]:
    """Gives what was spent by stage and node; nodes for which nothing was sent to a provider that bills are left out."""
    return [NodeCost(*row) for row in connection.execute(_COSTS, {"key": key})]
