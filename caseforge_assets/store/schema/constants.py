"""Constants of the code as SQL: what an index's condition has to match stands in the query, not in a parameter."""

from __future__ import annotations

from collections.abc import Iterable


def listed(words: Iterable[str]) -> str:
    """The right side of SQL's `in`.

    Args:
        words: members of an enum, which need no escaping.
    """
    return "(" + ", ".join(f"'{word}'" for word in words) + ")"
