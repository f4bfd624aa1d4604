"""Nodes whose name and description are nearly the same: what a person may accept as the same, never what is taken for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rapidfuzz import fuzz, process


class NamedNode(Protocol):
    """A node, as far as comparing needs it."""

    @property
    def node_id(self) -> int: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Similarity:
    """Likeness of two nodes: the share of characters that need no editing, from 0 to 1, upper and lower case aside."""

    node_id: int
    other_id: int
    of_names: float
    of_descriptions: float

    @property
    def least(self) -> float:
        """The smaller of the two: both have to be alike."""
        return min(self.of_names, self.of_descriptions)


def similar_nodes(nodes: Sequence[NamedNode], others: Sequence[NamedNode], at_least: float) -> list[Similarity]:
    """Pairs of a node and another one that are at least so alike in name and in description, the most alike first.

    Two nodes without a description are alike in that; a node is never paired with itself.
    """
    names = {other.node_id: other.name.casefold() for other in others}
    descriptions = {other.node_id: other.description.casefold() for other in others}
    found = []
    for node in nodes:
        description = node.description.casefold()
        for _, of_names, other_id in process.extract(
            node.name.casefold(), names, scorer=fuzz.ratio, score_cutoff=100 * at_least, limit=None
        ):
            of_descriptions = fuzz.ratio(description, descriptions[other_id])
            if other_id != node.node_id and of_descriptions >= 100 * at_least:
                found.append(Similarity(node.node_id, other_id, of_names / 100, of_descriptions / 100))
    return sorted(found, key=lambda pair: (-pair.least, pair.node_id, pair.other_id))
