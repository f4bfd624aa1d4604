"""Two frameworks side by side: the nodes that both have, and those that only one has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from caseforge_assets.reports.comparing.similarity import similar_nodes

MOST_COMPARED = 2_000_000  # pairs of names that are compared letter by letter


class Sameness(StrEnum):
    """Reasons why a node of one framework counts as one of another."""

    accepted = "accepted"
    identity = "identity"
    name = "name"
    similar = "similar"


SAYS = {
    Sameness.accepted: "a person accepted the two as the same",
    Sameness.identity: "both have the same id",
    Sameness.name: "both have the same name",
    Sameness.similar: "name and description are nearly the same",
}


class ComparedNode(Protocol):
    """A node, as far as comparing needs it."""

    @property
    def node_id(self) -> int: ...  # noqa: D102
    @property
    def identity(self) -> str: ...  # noqa: D102
    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def description(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class SamePair:
    """A node of the left framework and the one of the right that it is like; `likeness` is 1 where the texts are the same."""

    left: ComparedNode
    right: ComparedNode
    because: Sameness
    likeness: float


@dataclass(frozen=True)
class Comparison:
    """The nodes that two frameworks have in common, and those that one of them has alone, each in its framework's order.

    Attributes:
        all_compared: Whether what has no counterpart was looked for letter by letter, too; there may be too much of it.
    """

    same: tuple[SamePair, ...]
    only_left: tuple[ComparedNode, ...]
    only_right: tuple[ComparedNode, ...]
    all_compared: bool


def compare_frameworks(
    left: Sequence[ComparedNode], right: Sequence[ComparedNode], accepted: Mapping[int, int], at_least: float
) -> Comparison:
    """Finds the counterparts: by what people accepted, by id, by name, and then by likeness. Each node has one counterpart at most.

    Args:
        accepted: from a node's id to the one that a person said it is the same as, in either direction.
        at_least: the likeness of name and of description, 0 to 1, from which on two nodes count as similar.
    """
    found: dict[int, SamePair] = {}
    taken: set[int] = set()
    both_ways = {**{other: node for node, other in accepted.items()}, **accepted}
    by_id = {node.node_id: node for node in right}
    _pair(left, lambda node: by_id.get(both_ways.get(node.node_id, 0)), Sameness.accepted, found, taken)
    by_identity = {node.identity: node for node in right}
    _pair(left, lambda node: by_identity.get(node.identity), Sameness.identity, found, taken)
    by_name: dict[str, ComparedNode] = {}
    for node in right:
        if node.node_id not in taken:
            by_name.setdefault(node.name.casefold(), node)
    _pair(left, lambda node: by_name.get(node.name.casefold()), Sameness.name, found, taken)
    rest = [node for node in left if node.node_id not in found]
    others = [node for node in right if node.node_id not in taken]
    can_compare = len(rest) * len(others) <= MOST_COMPARED
    if can_compare:
        _pair_similar(rest, others, at_least, found, taken)
    return Comparison(
        same=tuple(found[node.node_id] for node in left if node.node_id in found),
        only_left=tuple(node for node in left if node.node_id not in found),
        only_right=tuple(node for node in right if node.node_id not in taken),
        all_compared=can_compare,
    )


class _Finds(Protocol):
    def __call__(self, node: ComparedNode, /) -> ComparedNode | None: ...


def _pair(left: Sequence[ComparedNode], finds: _Finds, because: Sameness, found: dict[int, SamePair], taken: set[int]) -> None:
    for node in left:
        other = finds(node) if node.node_id not in found else None
        if other is not None and other.node_id not in taken:
            found[node.node_id] = SamePair(node, other, because, 1.0)
            taken.add(other.node_id)


def _pair_similar(
    rest: Sequence[ComparedNode], others: Sequence[ComparedNode], at_least: float, found: dict[int, SamePair], taken: set[int]
) -> None:
    lefts, rights = {node.node_id: node for node in rest}, {node.node_id: node for node in others}
    for pair in similar_nodes(rest, others, at_least):
        if pair.node_id not in found and pair.other_id not in taken:
            found[pair.node_id] = SamePair(lefts[pair.node_id], rights[pair.other_id], Sameness.similar, pair.least)
            taken.add(pair.other_id)
