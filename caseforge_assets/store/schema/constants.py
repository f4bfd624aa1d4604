"""Constants of the code as SQL: what an index's condition has to match stands in the query, not in a parameter; and how a query says that its best plan is the same whatever it is asked with."""

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
