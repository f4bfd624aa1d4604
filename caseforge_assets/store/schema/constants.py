"""Constants of the code as SQL: what an index's condition has to match stands in the query, not in a parameter; which items count; and how a query says that its best plan is the same whatever it is asked with."""

from __future__ import annotations

from collections.abc import Iterable


def listed(words: Iterable[str]) -> str:
    """The right side of SQL's `in`.

    Args:
        words: members of an enum, which need no escaping.
    """
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"


# `text("…").execution_options(**PLANNED_ONCE)`: see `database.prepared`.
PLANNED_ONCE = {"planned_once": True}

# After `from`, with more conditions behind it: the items of a framework that count. Those of a node that is gone, or has children of its own by now, are kept with their content, and count no more.
COUNTED_ITEMS = """
caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.is_current
join caseforge.target_node nv on nv.node_id = k.node_id
where k.is_current and k.framework_key = :key"""
