"""Nodes of the current edition as lists: a page of those that are meant, and the one that is called so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.editions.frameworks import Edition
from caseforge_assets.store.figures.node_views import find_nodes
from caseforge_assets.store.reading.branches import inside_branch
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class ListedNode:
    """A node as lists show it; `owner` is the one that counts, of the node or of its framework."""

    node_id: int
    identity: str
    code: str
    name: str
    description: str
    level: int
    parent_code: str | None
    position: int
    is_leaf: bool
    partition_key: str | None
    owner: str


@dataclass(frozen=True, slots=True)
class NodeFilter:
    """Conditions on nodes; None: not asked.

    Attributes:
        branch: Code, id or partition key of the node at whose branch to look.
        text: Part of the code or the name, in whatever case.
        parent: Only the children of this code; of none, where it is empty.
    """

    branch: str | None = None
    level: int | None = None
    text: str | None = None
    owner: str | None = None
    targets: bool | None = None
    parent: str | None = None


_LIST = """
select nv.node_id, n.identity, nv.code, nv.name, nv.description, nv.level, nv.parent_code, nv.position, nv.is_leaf, nv.partition_key,
       coalesce(nullif(nv.owner, ''), f.owner)
from caseforge.node_version nv join caseforge.node n on n.id = nv.node_id join caseforge.framework f on f.key = n.framework_key
where nv.framework_version_id = :edition
"""
_CONDITIONS = {
    "level": "nv.level = :level",
    "text": "(strpos(lower(nv.name), lower(:text)) > 0 or strpos(lower(nv.code), lower(:text)) > 0)",
    "owner": "coalesce(nullif(nv.owner, ''), f.owner) = :owner",
    "targets": "(nv.partition_key is not null) = :targets",
    "parent": "coalesce(nv.parent_code, '') = :parent",
}


def list_nodes(
    connection: Connection, edition: Edition, meant: NodeFilter, *, after: int = -1, limit: int, among: Sequence[int] | None = None
) -> list[ListedNode]:
    """The next nodes of the current edition that are meant, in its order.

    Args:
        after: the position after which they stand.
        limit: so many at most.
        among: only these.

    Raises:
        LookupError: the branch that is asked for is not there.
    """
    values: dict[str, Any] = {name: getattr(meant, name) for name in _CONDITIONS if getattr(meant, name) is not None}
    conditions = "".join(f" and {_CONDITIONS[name]}" for name in values)
    if meant.branch is not None:
        inside, more = inside_branch(connection, edition.framework_key, meant.branch)
        conditions, values = f"{conditions} and {inside}", values | more
    if among is not None:
        conditions, values = f"{conditions} and nv.node_id = any(:among)", values | {"among": list(among)}
    # The limit is part of the text, so that the one plan knows how few rows are wanted.
    query = text(f"{_LIST} {conditions} and nv.position > :after order by nv.position limit {limit:d}").execution_options(**PLANNED_ONCE)
    return [ListedNode(*row) for row in connection.execute(query, values | {"edition": edition.id, "after": after})]


_CHILDREN = text("""
select nv.parent_code, count(*) from caseforge.node_version nv
where nv.framework_version_id = :edition and nv.parent_code = any(:codes) group by 1
""").execution_options(**PLANNED_ONCE)


def child_counts(connection: Connection, edition: Edition, codes: Sequence[str]) -> dict[str, int]:
    """Counts children by the code of their parent; nodes without any are left out."""
    return {row[0]: row[1] for row in connection.execute(_CHILDREN, {"edition": edition.id, "codes": list(codes)})}


_NAMED = text("""
select n.id as node_id, n.framework_key, n.identity, nv.code, nv.name, nv.description, nv.level, nv.partition_key, nv.is_leaf, nv.kpis, nv.owner,
       v.label as edition, false as retired, nv.version
from caseforge.framework_version v join caseforge.node_version nv on nv.framework_version_id = v.id and nv.code = :name
join caseforge.node n on n.id = nv.node_id where v.framework_key = :key and v.is_current
""").execution_options(**PLANNED_ONCE)


def named_node(connection: Connection, key: str, name: str) -> Any:
    """The node of a framework that is called so: by code, else by partition key, id, or the uid of a candidate, also of an earlier edition.

    Raises:
        LookupError: there is none.
    """
    row = connection.execute(_NAMED, {"key": key, "name": name}).one_or_none()
    found = [row] if row is not None else find_nodes(connection, name, key)
    if not found:
        raise LookupError(f"no node is called {name!r} in {key}")
    return found[0]
