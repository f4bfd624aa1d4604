"""Counts of items, such as use-case candidates: one rule for every place that counts them."""

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
    """Counts the current items of a framework's target nodes by stage; stages without any are left out.

    Args:
        simulated: whether simulated ones count.
    """
    query = text(f"select c.stage, count(*) as items from {_COUNTED} and (:simulated or not c.simulated) group by c.stage")
    return {row.stage: row.items for row in connection.execute(query, {"key": key, "simulated": simulated})}


def candidate_count(connection: Connection, key: str) -> int:
    """Counts the current use-case candidates of a framework."""
    return item_counts(connection, key).get("usecases", 0)


def items_per_node(connection: Connection, key: str, *, simulated: bool = True) -> dict[int, int]:
    """Counts the nodes with so many current items, by that number; `simulated` as above."""
    query = text(f"""
    select items, count(*) from (select count(*) as items from {_COUNTED} and (:simulated or not c.simulated) group by k.node_id) of_node group by items order by items
    """)
    return {row[0]: row[1] for row in connection.execute(query, {"key": key, "simulated": simulated})}
