"""Nodes of the current edition as a tree, a piece at a time: what stands below some nodes, and what stands around one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A node as trees show it; `has_children` says whether there is anything below it."""

    node_id: int
    code: str
    name: str
    level: int
    parent_code: str | None
    position: int
    is_target: bool
    has_children: bool


_COLUMNS = """nv.node_id, nv.code, nv.name, nv.level, nv.parent_code, nv.position, nv.partition_key is not null,
exists (select 1 from caseforge.node_version c where c.framework_version_id = nv.framework_version_id and c.parent_code = nv.code)"""
_ROOTS = text(f"""
select {_COLUMNS} from caseforge.node_version nv
where nv.framework_version_id = :edition and nv.parent_code is null and nv.position > :after order by nv.position limit :limit
""").execution_options(**PLANNED_ONCE)
_BELOW = text(f"""
select {_COLUMNS} from unnest(cast(:codes as text[])) with ordinality as parent(code, number) cross join lateral (
    select * from caseforge.node_version n where n.framework_version_id = :edition and n.parent_code = parent.code and n.position > :after
    order by n.position limit :limit) nv
order by parent.number, nv.position
""").execution_options(**PLANNED_ONCE)


def nodes_below(connection: Connection, edition_id: int, codes: Sequence[str] | None, *, limit: int, after: int = -1) -> list[TreeNode]:
    """The children of some nodes, parent by parent in the edition's order.

    Args:
        codes: of the parents; None: the nodes above all.
        limit: so many at most of each parent.
        after: only those behind this position.
    """
    values = {"edition": edition_id, "limit": limit, "after": after}
    rows = connection.execute(_ROOTS, values) if codes is None else connection.execute(_BELOW, values | {"codes": list(codes)})
    return [TreeNode(*row) for row in rows]


_PATHS = text(f"""
with recursive up as (
    select nv.*, 0 as steps, nv.code as foot from caseforge.node_version nv where nv.framework_version_id = :edition and nv.code = any(:codes)
    union all
    select p.*, up.steps + 1, up.foot from up
    join caseforge.node_version p on p.framework_version_id = up.framework_version_id and p.code = up.parent_code)
select {_COLUMNS}, nv.foot from up nv order by nv.foot, nv.steps desc
""").execution_options(**PLANNED_ONCE)


def paths_to(connection: Connection, edition_id: int, codes: Sequence[str]) -> dict[str, list[TreeNode]]:
    """By code, the nodes above a node and itself, the highest first; codes that the edition does not have are left out."""
    found: dict[str, list[TreeNode]] = {}
    for row in connection.execute(_PATHS, {"edition": edition_id, "codes": list(codes)}):
        found.setdefault(row.foot, []).append(TreeNode(*row[:-1]))
    return found


_BESIDE = text(f"""
select {_COLUMNS} from caseforge.node_version nv where nv.framework_version_id = :edition
and nv.position in (:position - 1, :position + 1) order by nv.position
""").execution_options(**PLANNED_ONCE)


def nodes_beside(connection: Connection, edition_id: int, position: int) -> tuple[TreeNode | None, TreeNode | None]:
    """The nodes before and after a place in the edition's order."""
    rows = [TreeNode(*row) for row in connection.execute(_BESIDE, {"edition": edition_id, "position": position})]
    before = next((row for row in rows if row.position < position), None)
    return before, next((row for row in rows if row.position > position), None)
