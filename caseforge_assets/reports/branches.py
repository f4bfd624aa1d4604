"""Sums over the branches of a framework."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class Placed(Protocol):
    """A node as far as placing needs it: its code, its parent's code and its name."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def parent_code(self) -> str | None: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102


def top_branch(code: str, by_code: Mapping[str, Placed]) -> str:
    """Code and name of the first level that a node belongs to; a node of the first level belongs to itself."""
    node = by_code[code]
    while node.parent_code is not None:
        node = by_code[node.parent_code]
    return f"{node.code} {node.name}"


def index_by_code(nodes: Iterable[Placed]) -> dict[str, Placed]:
    """Nodes by code."""
    return {node.code: node for node in nodes}
