"""Counts the items of a framework, such as use-case candidates: one rule for every place that shows how many there are."""

from __future__ import annotations

from sqlalchemy import Connection, text

# Those of a node that is gone, or has children of its own by now, are kept with their content, and count no more.
_COUNTED = """
caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.is_current
join caseforge.target_node nv on nv.node_id = k.node_id
where k.is_current and k.framework_key = :key
"""


def item_counts(connection: Connection, key: str, *, simulated: bool = True) -> dict[str, int]:
    """Count the current items that the target nodes of a framework have, by stage; stages without any are left out.

    Args:
        simulated: whether simulated ones count.
    """
    query = text(f"select c.stage, count(*) as items from {_COUNTED} and (:simulated or not c.simulated) group by c.stage")
    return {row.stage: row.items for row in connection.execute(query, {"key": key, "simulated": simulated})}


def items_per_node(connection: Connection, key: str, *, simulated: bool = True) -> dict[str, dict[int, int]]:
    """By stage, how many nodes have so many current items; `simulated` as above."""
    query = text(f"""
    select stage, items, count(*) from (
        select c.stage, count(*) as items from {_COUNTED} and (:simulated or not c.simulated) group by c.stage, k.node_id) of_node
    group by stage, items order by stage, items
    """)
    found: dict[str, dict[int, int]] = {}
    for stage, items, nodes in connection.execute(query, {"key": key, "simulated": simulated}):
        found.setdefault(stage, {})[items] = nodes
    return found
