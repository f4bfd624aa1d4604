"""What the nodes of a framework come to, a row a node: the rows from which branches are added up."""

from __future__ import annotations

from collections.abc import Mapping
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
class NodeContent:
    """The current content of a target node in a stage; `score` is None where it is not measured by the rules of today."""

    node_id: int
    stage: str
    simulated: bool
    score: int | None


_CONTENTS = text("""
select c.node_id, c.stage, c.simulated, q.score from caseforge.content c
join caseforge.target_node nv on nv.node_id = c.node_id left join caseforge.quality q on q.content_id = c.id and q.rules = :rules
where c.framework_key = :key and c.is_current
""")


def node_contents(connection: Connection, key: str, rules: str) -> list[NodeContent]:
    """What is current of every target node, by the rules by which scores count."""
    return [NodeContent(*row) for row in connection.execute(_CONTENTS, {"key": key, "rules": rules})]


@dataclass(frozen=True, slots=True)
class NodeItems:
    """The current items of a target node in a stage that are alike: of one group, whose values are in `group_values`."""

    node_id: int
    group_id: int
    items: int


_ITEMS = text("""
select r.node_id, r.group_id, count(*) from caseforge.candidate_row r where r.framework_key = :key group by r.node_id, r.group_id
""")
_GROUPS = text("select id, stage, values from caseforge.candidate_group where framework_key = :key")


def node_items(connection: Connection, key: str) -> list[NodeItems]:
    """Items by node, as lists are read: what was made just now may not be among them yet."""
    return [NodeItems(*row) for row in connection.execute(_ITEMS, {"key": key})]


def group_values(connection: Connection, key: str) -> dict[int, tuple[str, Mapping[str, str | None]]]:
    """By group of items, its stage and the values that they have in common."""
    return {row.id: (row.stage, row._mapping["values"]) for row in connection.execute(_GROUPS, {"key": key})}


@dataclass(frozen=True, slots=True)
class NodeCost:
    """What the answers for a node cost at providers that bill; None: nothing of it is known."""

    node_id: int
    cost_usd: Decimal | None
    unknown: int


_COSTS = text(f"""
select a.node_id, sum(a.cost_usd), count(*) filter (where {UNKNOWN}) from caseforge.attempt a
join caseforge.provider p on p.id = a.provider_id and {IS_BILLED} join caseforge.node n on n.id = a.node_id
where n.framework_key = :key and {ENDED} group by a.node_id
""")


def node_costs(connection: Connection, key: str) -> list[NodeCost]:
    """What was spent by node; nodes for which nothing was sent to a provider that bills are left out."""
    return [NodeCost(*row) for row in connection.execute(_COSTS, {"key": key})]
