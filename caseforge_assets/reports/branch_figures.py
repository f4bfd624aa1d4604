"""Figures of the branches of a framework: those of their nodes added up, for the tree and for the heat map of branches and levels.

All that is added is a whole number (amounts in hundred-millionths of a dollar, values in halves), so that a branch of thousands of nodes is a sum of rows of one array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from caseforge_assets.costs.sums import Cost

AMOUNT_PLACES = 8
HALVES = 2


class Placed(Protocol):
    """A node with its place in the tree."""

    @property
    def node_id(self) -> int: ...  # noqa: D102
    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def parent_code(self) -> str | None: ...  # noqa: D102
    @property
    def level(self) -> int: ...  # noqa: D102


class OfAll(IntEnum):
    """Columns of a node's figures that are not counted stage by stage."""

    nodes = 0
    targets = 1
    cost = 2
    unknown_costs = 3


class OfStage(IntEnum):
    """Columns of a node's figures in one stage."""

    done = 0
    waiting = 1
    failed = 2
    stale = 3
    contents = 4
    simulated = 5
    items = 6
    measured = 7
    points = 8
    asked = 9
    valued = 10
    halves = 11
    cost_units = 12
    unknown_costs = 13


Row = Sequence[int]
Numbers = npt.NDArray[np.int64]


def row_length(stages: int) -> int:
    """Says how much is counted of a node."""
    return len(OfAll) + stages * len(OfStage)


def place_in_row(stage: int, what: OfStage) -> int:
    """Says where something of a stage stands in a row; stages are numbered in their order."""
    return len(OfAll) + stage * len(OfStage) + what


@dataclass(frozen=True)
class StageFigures:
    """A branch in one stage; `asked` are the target nodes that the stage is for, of which `done` are covered; `halves` are the values of its items added up."""

    done: int
    waiting: int
    failed: int
    stale: int
    contents: int
    simulated: int
    items: int
    measured: int
    points: int
    asked: int
    valued: int
    halves: int
    cost_units: int
    unknown_costs: int

    @property
    def cost(self) -> Cost:
        """Gives what its answers cost."""
        return _cost(self.cost_units, self.unknown_costs)


@dataclass(frozen=True)
class Figures:
    """A branch, or some nodes of it: how many, what they come to in each stage, and what they cost, in stages that the project has no more, too."""

    nodes: int
    targets: int
    stages: tuple[StageFigures, ...]
    cost: Cost

    @property
    def failed(self) -> int:
        """Failures, over all stages."""
        return sum(stage.failed for stage in self.stages)

    @property
    def stale(self) -> int:
        """Gives what is stale, over all stages."""
        return sum(stage.stale for stage in self.stages)


def figures_of(row: Row) -> Figures:
    """A row as what it means."""
    stages = tuple(StageFigures(*row[at : at + len(OfStage)]) for at in range(len(OfAll), len(row), len(OfStage)))
    cost = _cost(row[OfAll.cost], row[OfAll.unknown_costs])
    return Figures(nodes=row[OfAll.nodes], targets=row[OfAll.targets], stages=stages, cost=cost)


def mean_value(stages: Sequence[StageFigures]) -> float | None:
    """The mean value of the items of some stages, from 0 to 1; None where none has a value."""
    valued = sum(stage.valued for stage in stages)
    return sum(stage.halves for stage in stages) / HALVES / valued if valued else None


def _cost(units: int, unknown: int) -> Cost:
    return Cost(Decimal(units).scaleb(-AMOUNT_PLACES), unknown)


@dataclass(frozen=True)
class Branches:
    """The nodes of a framework with their own rows, and those of their whole branches; nodes are numbered.

    Attributes:
        numbers: By a node's id, which one it is.
        parents: Of each node, which one is above it; -1 for those above all.
        own: Rows of the nodes themselves.
        whole: Rows of their branches, themselves included.
    """

    stages: tuple[str, ...]
    numbers: Mapping[int, int]
    parents: Numbers
    levels: Numbers
    own: Numbers
    whole: Numbers

    def of(self, node_id: int) -> Figures:
        """The branch of a node; nothing where the node is not known."""
        number = self.numbers.get(node_id)
        return figures_of([0] * row_length(len(self.stages)) if number is None else self.whole[number].tolist())

    @property
    def together(self) -> Figures:
        """The whole framework."""
        return figures_of(self.whole[self.parents < 0].sum(axis=0).tolist())

    def by_level(self, heads: Sequence[int]) -> dict[int, dict[int, Figures]]:
        """By head of a branch and level, what the target nodes of that level come to; levels at which a branch has none are left out."""
        of_head = self._heads(heads)
        levels, places = np.unique(self.levels, return_inverse=True)
        meant = (of_head >= 0) & (self.own[:, OfAll.targets] > 0)
        sums = np.zeros((len(heads), len(levels), self.own.shape[1]), dtype=np.int64)
        np.add.at(sums, (of_head[meant], places[meant]), self.own[meant])
        return {
            head: {int(level): figures_of(row.tolist()) for level, row in zip(levels, of_levels, strict=True) if row[OfAll.targets]}
            for head, of_levels in zip(heads, sums, strict=True)
        }

    def _heads(self, heads: Sequence[int]) -> Numbers:
        """Of each node, in the branch of which head it is, the nearest one; -1: of none."""
        found = np.full(len(self.parents), -1, dtype=np.int64)
        for place, head in enumerate(heads):
            if head in self.numbers:
                found[self.numbers[head]] = place
        for level in np.unique(self.levels):  # those above come before
            under = np.flatnonzero((self.levels == level) & (self.parents >= 0) & (found < 0))
            found[under] = found[self.parents[under]]
        return found


def add_up(nodes: Sequence[Placed], own: Numbers, stages: Sequence[str]) -> Branches:
    """Adds the figures of all nodes up, branch by branch.

    Args:
        nodes: of an edition, in whatever order.
        own: a row for each.
        stages: as the rows have them.
    """
    codes = {node.code: number for number, node in enumerate(nodes)}
    parents = np.array([-1 if node.parent_code is None else codes.get(node.parent_code, -1) for node in nodes], dtype=np.int64)
    levels, whole = np.array([node.level for node in nodes], dtype=np.int64), own.copy()
    for level in np.unique(levels)[::-1]:  # those below come before
        below = np.flatnonzero((levels == level) & (parents >= 0))
        np.add.at(whole, parents[below], whole[below])
    return Branches(tuple(stages), {node.node_id: number for number, node in enumerate(nodes)}, parents, levels, own, whole)
