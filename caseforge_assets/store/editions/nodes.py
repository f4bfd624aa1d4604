"""Nodes of the current editions: all of them, the targets, and those that a person names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node as the current edition has it."""

    node_id: int
    identity: str
    code: str
    name: str
    description: str
    level: int
    parent_code: str | None
    position: int
    kpis: list[dict[str, Any]]
    is_leaf: bool
    partition_key: str | None
    version: str
    owner: str


_NODES = """
select nv.node_id, n.identity, nv.code, nv.name, nv.description, nv.level, nv.parent_code, nv.position, nv.kpis, nv.is_leaf, nv.partition_key, nv.version, nv.owner
from {edition} nv
join caseforge.node n on n.id = nv.node_id
where nv.framework_key = :key
"""
_CURRENT = _NODES.format(edition="caseforge.current_node")
_NEWEST = _NODES.format(
    edition="""(
    select nv.*, v.framework_key from caseforge.node_version nv
    join (select * from caseforge.framework_version where framework_key = :key order by id desc limit 1) v on v.id = nv.framework_version_id)"""
)


_OF_EDITION = _NODES.format(
    edition="""(
    select nv.*, v.framework_key from caseforge.node_version nv
    join caseforge.framework_version v on v.id = nv.framework_version_id and v.id = :edition)"""
)


def nodes_of_edition(connection: Connection, key: str, edition_id: int) -> list[NodeRow]:
    """Every node of an edition of a framework, in its order; nothing where it is no edition of it."""
    return [NodeRow(*row) for row in connection.execute(text(_OF_EDITION + " order by nv.position"), {"key": key, "edition": edition_id})]


def all_nodes(connection: Connection, key: str) -> list[NodeRow]:
    """Every node of the current edition, in its order."""
    return [NodeRow(*row) for row in connection.execute(text(_CURRENT + " order by nv.position"), {"key": key})]


_PATH = text(
    f"""
with recursive up(code) as (
    select cast(:code as text)
    union all
    select nv.parent_code from up join caseforge.current_node nv on nv.framework_key = :key and nv.code = up.code where nv.parent_code is not null)
{_CURRENT} and nv.code in (select code from up) order by nv.level, nv.position
"""
)


def path_of(connection: Connection, key: str, code: str) -> list[NodeRow]:
    """A node of the current edition and those above it, the highest first; nothing where it has none of this code."""
    return [NodeRow(*row) for row in connection.execute(_PATH, {"key": key, "code": code})]


def last_nodes(connection: Connection, key: str) -> list[NodeRow]:
    """Every node of the newest edition, in its order, also where the framework was taken out."""
    return [NodeRow(*row) for row in connection.execute(text(_NEWEST + " order by nv.position"), {"key": key})]


def target_nodes(connection: Connection, key: str, node_ids: Sequence[int] | None = None) -> list[NodeRow]:
    """The target nodes (all, or those among `node_ids`), in the edition's order."""
    chosen = "" if node_ids is None else " and nv.node_id = any(:ids)"
    query = text(_CURRENT + " and nv.partition_key is not null" + chosen + " order by nv.position")
    return [NodeRow(*row) for row in connection.execute(query, {"key": key, "ids": list(node_ids or ())})]


@dataclass(frozen=True, slots=True)
class PlacedNode:
    """A node's place in an edition, and what it is called by."""

    node_id: int
    edition_id: int
    code: str
    parent_code: str | None
    identity: str


_PLACED = text("""
select nv.node_id, nv.framework_version_id, nv.code, nv.parent_code, n.identity from caseforge.node_version nv
join caseforge.node n on n.id = nv.node_id join caseforge.framework_version v on v.id = nv.framework_version_id
where v.framework_key = :key and (v.is_current or :all) order by nv.framework_version_id, nv.position
""")


def placed_nodes(connection: Connection, key: str, *, all_editions: bool = False) -> list[PlacedNode]:
    """The place of every node of the current edition, or of all editions, in their order."""
    return [PlacedNode(*row) for row in connection.execute(_PLACED, {"key": key, "all": all_editions})]


def codes_by_identity(connection: Connection, key: str) -> dict[str, str]:
    """The code of every node that any edition had, by identity, as the newest one with it says."""
    query = text("""
    select distinct on (n.id) n.identity, nv.code from caseforge.node n join caseforge.node_version nv on nv.node_id = n.id
    where n.framework_key = :key order by n.id, nv.framework_version_id desc
    """)
    return {row.identity: row.code for row in connection.execute(query, {"key": key})}


def node_ids_of_partitions(connection: Connection, key: str, partition_keys: Sequence[str]) -> list[int]:
    """Node ids of partition keys, in the edition's order; unknown keys are left out."""
    query = text(_CURRENT + " and nv.partition_key = any(:keys) order by nv.position")
    return [row.node_id for row in connection.execute(query, {"key": key, "keys": list(partition_keys)})]


def version_since(connection: Connection, key: str, node_id: int) -> datetime:
    """The time at which the first edition was loaded that has a node's path and own text as all later ones do."""
    query = text("""
    select v.loaded_at, nv.version from caseforge.framework_version v
    join caseforge.node_version nv on nv.framework_version_id = v.id and nv.node_id = :node
    where v.framework_key = :key order by v.is_current desc, v.id desc
    """)
    rows = list(connection.execute(query, {"key": key, "node": node_id}))
    same = takewhile(lambda row: row.version == rows[0].version, rows)
    since: datetime = list(same)[-1].loaded_at
    return since


def partition_keys(connection: Connection, key: str) -> list[str]:
    """All partition keys of a framework, in its order."""
    return [str(row.partition_key) for row in target_nodes(connection, key)]
