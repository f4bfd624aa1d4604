"""Counts the items of a framework, such as use-case candidates, for every place that shows how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.store.schema.constants import COUNTED_ITEMS


@dataclass(frozen=True, slots=True)
class Counted:
    """The number of current items, and of those among them that are simulated."""

    items: int
    simulated: int


def item_counts(connection: Connection, key: str, node_ids: Sequence[int] | None = None) -> dict[str, Counted]:
    """Count the current items that the target nodes of a framework (or those of them that are given) have, by stage; stages without any are left out."""
    query = text(f"""
    select c.stage, count(*), count(*) filter (where c.simulated) from {COUNTED_ITEMS} and (cast(:ids as bigint[]) is null or k.node_id = any(:ids))
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
        select c.stage, count(*) as items from {COUNTED_ITEMS} and (cast(:simulated as boolean) is null or c.simulated = :simulated)
        group by c.stage, k.node_id) of_node
    group by stage, items order by stage, items
    """)
    found: dict[str, dict[int, int]] = {}
    for stage, items, nodes in connection.execute(query, {"key": key, "simulated": simulated}):
        found.setdefault(stage, {})[items] = nodes
    return found
