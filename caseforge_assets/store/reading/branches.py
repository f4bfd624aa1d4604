"""Finds the branches of a framework: each from one position to another, where its nodes stand beside each other in its file, as they mostly do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.database.copy import copy_rows
from caseforge_assets.store.editions.nodes import PlacedNode, placed_nodes
from caseforge_assets.store.schema.constants import PLANNED_ONCE
from caseforge_assets.store.schema.reading_tables import reading_branch


@dataclass(frozen=True, slots=True)
class BranchPlace:
    """A branch by the node that it hangs from. `first` and `last` are positions; None where other nodes stand between its own."""

    node_id: int
    is_root: bool
    first: int | None
    last: int | None


def remake_branches(connection: Connection, key: str) -> None:
    """Finds anew where the branches of the current edition stand."""
    connection.execute(text("delete from caseforge.reading_branch where framework_key = :key"), {"key": key})
    rows = [
        {"node_id": branch.node_id, "framework_key": key, "is_root": branch.is_root, "first": branch.first, "last": branch.last}
        for branch in find_branches(placed_nodes(connection, key))
    ]
    copy_rows(connection, reading_branch, rows)


def find_branches(nodes: Sequence[PlacedNode]) -> list[BranchPlace]:
    """Says where the branch of each node stands, of nodes in the framework's order."""
    children: dict[str | None, list[int]] = {}
    for number, node in enumerate(nodes):
        children.setdefault(node.parent_code, []).append(number)
    first, last, size = list(range(len(nodes))), list(range(len(nodes))), [1] * len(nodes)
    pending = list(children.get(None, ()))
    order = []
    while pending:
        number = pending.pop()
        order.append(number)
        pending += children.get(nodes[number].code, ())
    for number in reversed(order):  # those below come before
        for child in children.get(nodes[number].code, ()):
            first[number], last[number] = min(first[number], first[child]), max(last[number], last[child])
            size[number] += size[child]
    return [
        BranchPlace(
            node.node_id, node.parent_code is None, *((first[at], last[at]) if last[at] - first[at] + 1 == size[at] else (None, None))
        )
        for at, node in enumerate(nodes)
    ]


# Nodes of the current edition that are called so: by code (8 for 8.0), partition key or id, each found by its index.
CALLED = """
select nv.framework_version_id, nv.code, nv.node_id from caseforge.framework_version v
join caseforge.node_version nv on nv.framework_version_id = v.id and nv.code in (:name, :name || '.0') where v.framework_key = :key and v.is_current
union
select nv.framework_version_id, nv.code, nv.node_id from caseforge.framework_version v
join caseforge.node_version nv on nv.framework_version_id = v.id and nv.partition_key = :name where v.framework_key = :key and v.is_current
union
select nv.framework_version_id, nv.code, nv.node_id from caseforge.node n join caseforge.node_version nv on nv.node_id = n.id
join caseforge.framework_version v on v.id = nv.framework_version_id and v.is_current
where n.framework_key = :key and n.identity = :name
"""
_NODES = text(f"""
with recursive heads as ({CALLED}),
below as (
    select framework_version_id, code, node_id from heads
    union
    select nv.framework_version_id, nv.code, nv.node_id from below join caseforge.node_version nv
    on nv.framework_version_id = below.framework_version_id and nv.parent_code = below.code)
select node_id from below
""")


def nodes_of_branch(connection: Connection, key: str, name: str) -> list[int]:
    """Node ids at or below a node that is called so: by code (8 for 8.0), id or partition key.

    Raises:
        LookupError: no node of the current edition is called so.
    """
    found = list(connection.scalars(_NODES, {"key": key, "name": name.removesuffix(".*")}))
    if not found:
        raise LookupError(f"no node of {key} is called {name!r}, so there is no such branch")
    return found


# What is noted for the whole framework has its branches made anew: until then they may be those of an edition before.
_PLACE = text(f"""
select b.node_id, b.is_root, b.first, b.last from ({CALLED}) called join caseforge.reading_branch b on b.node_id = called.node_id
where not exists (select 1 from caseforge.reading_due d where d.framework_key = :key and d.node_ids is null)
""").execution_options(**PLANNED_ONCE)


def branch_place(connection: Connection, key: str, name: str) -> BranchPlace | None:
    """Says where the branch of the one node that is called so stands: by code (8 for 8.0), id or partition key; None where that is not known, or several are."""
    rows = connection.execute(_PLACE, {"key": key, "name": name.removesuffix(".*")}).all()
    return BranchPlace(*rows[0]) if len(rows) == 1 else None


def inside_branch(connection: Connection, key: str, name: str) -> tuple[str, dict[str, Any]]:
    """The condition that a node (nv) of the current edition stands in a branch, with its parameters.

    Raises:
        LookupError: no node of the current edition is called so.
    """
    found = branch_place(connection, key, name)
    if found is None or found.first is None:
        return "nv.node_id = any(:branch)", {"branch": nodes_of_branch(connection, key, name)}
    return "nv.position between :first and :last", {"first": found.first, "last": found.last}
