"""What the branches of a framework come to: the figures of their nodes added up, for the tree and for the heat map of branches and levels.

All that is added is a whole number (amounts in hundred-millionths of a dollar, values in halves), so that a branch of thousands of nodes is a sum of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Protocol

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
    """What is counted of a node whatever the stage."""

    nodes = 0
    targets = 1
    valued = 2
    value = 3
    cost = 4
    unknown_costs = 5


class OfStage(IntEnum):
    """What is counted of a node in a stage."""

    done = 0
    waiting = 1
    failed = 2
    stale = 3
    contents = 4
    simulated = 5
    items = 6
    measured = 7
    points = 8


Row = Sequence[int]


def empty_row(stages: int) -> list[int]:
    """A row in which nothing is counted."""
    return [0] * (len(OfAll) + stages * len(OfStage))


def place_in_row(stage: int, what: OfStage) -> int:
    """Where something of a stage stands in a row; stages are numbered in their order."""
    return len(OfAll) + stage * len(OfStage) + what


@dataclass(frozen=True)
class StageFigures:
    """A branch in one stage."""

    done: int
    waiting: int
    failed: int
    stale: int
    contents: int
    simulated: int
    items: int
    measured: int
    points: int

    @property
    def mean_score(self) -> float | None:
        """Mean score of what is measured; None where nothing is."""
        return self.points / self.measured if self.measured else None


@dataclass(frozen=True)
class Figures:
    """A branch, or some nodes of it: how many, what they come to in each stage, the mean value of their items (0 to 1), and what they cost."""

    nodes: int
    targets: int
    stages: tuple[StageFigures, ...]
    valued: int
    value: float | None
    cost: Cost

    @property
    def failed(self) -> int:
        """Failures, over all stages."""
        return sum(stage.failed for stage in self.stages)

    @property
    def stale(self) -> int:
        """What is stale, over all stages."""
        return sum(stage.stale for stage in self.stages)


def figures_of(row: Row) -> Figures:
    """A row as what it means."""
    stages = tuple(StageFigures(*row[at : at + len(OfStage)]) for at in range(len(OfAll), len(row), len(OfStage)))
    valued = row[OfAll.valued]
    return Figures(
        nodes=row[OfAll.nodes],
        targets=row[OfAll.targets],
        stages=stages,
        valued=valued,
        value=row[OfAll.value] / HALVES / valued if valued else None,
        cost=Cost(Decimal(row[OfAll.cost]).scaleb(-AMOUNT_PLACES), row[OfAll.unknown_costs]),
    )


@dataclass(frozen=True)
class Branches:
    """The nodes of a framework with their own rows, and those of their whole branches.

    Attributes:
        parents: From a node's id to that of the node above it; None for those above all.
        levels: By node.
        own: Rows of the nodes themselves.
        whole: Rows of their branches, themselves included.
    """

    stages: tuple[str, ...]
    parents: Mapping[int, int | None]
    levels: Mapping[int, int]
    own: Mapping[int, Row]
    whole: Mapping[int, Row]

    def of(self, node_id: int) -> Figures:
        """The branch of a node; nothing where the node is not known."""
        return figures_of(self.whole.get(node_id) or empty_row(len(self.stages)))

    @property
    def together(self) -> Figures:
        """The whole framework."""
        return figures_of(_sum((self.whole[one] for one, parent in self.parents.items() if parent is None), len(self.stages)))

    def by_level(self, heads: Sequence[int]) -> dict[int, dict[int, Figures]]:
        """By head of a branch and level, what the target nodes of that level come to; levels at which a branch has none are left out."""
        among = set(heads)
        head_of: dict[int, int | None] = {}
        rows: dict[int, dict[int, list[int]]] = {head: {} for head in heads}
        for node_id, row in self.own.items():
            head = self._head(node_id, among, head_of)
            if head is None or not row[OfAll.targets]:
                continue
            level = self.levels[node_id]
            before = rows[head].get(level)
            rows[head][level] = list(row) if before is None else [a + b for a, b in zip(before, row, strict=True)]
        return {head: {level: figures_of(row) for level, row in of_head.items()} for head, of_head in rows.items()}

    def _head(self, node_id: int, among: set[int], known: dict[int, int | None]) -> int | None:
        way, at = [], node_id
        head: int | None = None
        while True:
            if at in known:
                head = known[at]
                break
            way.append(at)
            if at in among:
                head = at
                break
            above = self.parents.get(at)
            if above is None:
                break
            at = above
        known.update(dict.fromkeys(way, head))
        return head


def add_up(nodes: Sequence[Placed], own: Mapping[int, Row], stages: Sequence[str]) -> Branches:
    """Adds the figures of all nodes up, branch by branch.

    Args:
        nodes: of an edition, in whatever order.
        own: rows by node; of those that are left out there is nothing but that they are there.
        stages: as the rows have them.
    """
    ids = {node.code: node.node_id for node in nodes}
    parents = {node.node_id: ids.get(node.parent_code) if node.parent_code is not None else None for node in nodes}
    whole: dict[int, Row] = {}
    rows: dict[int, Row] = {}
    for node in nodes:
        row = own.get(node.node_id) or _bare(len(stages))
        rows[node.node_id] = row
        whole[node.node_id] = row
    for node in sorted(nodes, key=lambda one: -one.level):  # those below come before
        above = parents[node.node_id]
        if above is not None:
            whole[above] = [a + b for a, b in zip(whole[above], whole[node.node_id], strict=True)]
    return Branches(tuple(stages), parents, {node.node_id: node.level for node in nodes}, rows, whole)


def _bare(stages: int) -> list[int]:
    row = empty_row(stages)
    row[OfAll.nodes] = 1
    return row


def _sum(rows: Iterable[Row], stages: int) -> Row:
    total = empty_row(stages)
    for row in rows:
        total = [a + b for a, b in zip(total, row, strict=True)]
    return total
