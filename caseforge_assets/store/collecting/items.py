"""Counts the items of a framework, such as use-case candidates, and the rows of its assets: one rule for every place that shows how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.stages.stages import FRAMEWORK, PCF_NODES, Stages

# Those of a node that is gone, or has children of its own by now, are kept with their content, and count no more.
_COUNTED = """
caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.is_current
join caseforge.target_node nv on nv.node_id = k.node_id
where k.is_current and k.framework_key = :key
"""

_NODES = text("select count(*), count(partition_key) from caseforge.current_node where framework_key = :key")
_CONTENTS = text("""
select c.stage, count(*) from caseforge.content c join caseforge.target_node nv on nv.node_id = c.node_id
where c.is_current and c.framework_key = :key group by c.stage
""")


@dataclass(frozen=True, slots=True)
class Counted:
    """How many current items there are, and how many of them are simulated."""

    items: int
    simulated: int


def item_counts(connection: Connection, key: str, node_ids: Sequence[int] | None = None) -> dict[str, Counted]:
    """Count the current items that the target nodes of a framework (or those of them that are given) have, by stage; stages without any are left out."""
    query = text(f"""
    select c.stage, count(*), count(*) filter (where c.simulated) from {_COUNTED} and (cast(:ids as bigint[]) is null or k.node_id = any(:ids))
    group by c.stage
    """)
    values = {"key": key, "ids": None if node_ids is None else list(node_ids)}
    return {row[0]: Counted(row[1], row[2]) for row in connection.execute(query, values)}


def items_per_node(connection: Connection, key: str, *, simulated: bool | None = None) -> dict[str, dict[int, int]]:
    """By stage, how many nodes have so many current items.

    Args:
        simulated: only nodes whose items are simulated, or only the others; None: all.
    """
    query = text(f"""
    select stage, items, count(*) from (
        select c.stage, count(*) as items from {_COUNTED} and (cast(:simulated as boolean) is null or c.simulated = :simulated)
        group by c.stage, k.node_id) of_node
    group by stage, items order by stage, items
    """)
    found: dict[str, dict[int, int]] = {}
    for stage, items, nodes in connection.execute(query, {"key": key, "simulated": simulated}):
        found.setdefault(stage, {})[items] = nodes
    return found


def row_counts(connection: Connection, stages: Stages, key: str) -> dict[str, int]:
    """Counts the rows that each asset has now that has rows, by its name: nodes, contents, items."""
    of_edition, targets = connection.execute(_NODES, {"key": key}).one()
    contents = {stage: count for stage, count in connection.execute(_CONTENTS, {"key": key})}  # noqa: C416 -- a Row is no tuple to mypy
    of_items = {stage: found.items for stage, found in item_counts(connection, key).items()}
    of_stages = {stage.content: (of_items if stage.is_list else contents).get(stage.key, 0) for stage in stages}
    return {FRAMEWORK: of_edition, PCF_NODES: targets, **of_stages}
