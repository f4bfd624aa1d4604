"""Words for people that depend on how many things they speak of."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with what it counts: `1 node`, `1,545 nodes`, `1 batch`, `2 batches are`.

    Args:
        count: how many there are.
        one: what is said of one.
        many: what is said of any other number; by default `one` with an s.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def of_them(count: int, whole: int) -> str:
    """Says how many of those counted just now are meant: `3 of them `, `all of them `, and nothing where there is one.

    Args:
        count: how many are meant.
        whole: how many there are.
    """
    return f"{count:,} of them " if count < whole else "" if whole == 1 else "all of them "
