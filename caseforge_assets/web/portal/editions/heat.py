"""The heat map of a framework: branches by levels, coloured by what a reader asks for, each cell with its number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from caseforge_assets.reports.branch_figures import Branches, Figures, StageFigures, mean_value
from caseforge_assets.store.reading.tree import TreeNode
from caseforge_assets.web.portal.shared.rendering import percent

STEPS = 10


class By(StrEnum):
    """Measures that the cells are coloured by."""

    coverage = "coverage"
    quality = "quality"
    items = "items"
    value = "value"
    cost = "cost"
    stale = "stale"


NAMES = {
    By.coverage: "Coverage",
    By.quality: "Quality",
    By.items: "Use cases",
    By.value: "Average value",
    By.cost: "Cost",
    By.stale: "Stale",
}
SAYS = {
    By.coverage: "share of the nodes for which there is a good answer that fits",
    By.quality: "mean score, 0 to 100, of what is measured; it says how far texts keep to what was asked for, not whether they are true",
    By.items: "how many there are; the strongest colour has the most",
    By.value: "mean return of the use cases: High counts 100, Medium 50, Low 0",
    By.cost: "what answers cost at providers that bill; the strongest colour cost the most",
    By.stale: "share of what is there that would be another one now",
}


@dataclass(frozen=True)
class Cell:
    """A cell: what it shows, and how dark it is (0 to 9); None: there is nothing to colour."""

    shown: str
    step: int | None


@dataclass(frozen=True)
class HeatRow:
    """A branch with its cells by level, and that of all levels together."""

    node: TreeNode
    cells: tuple[Cell | None, ...]
    together: Cell


@dataclass(frozen=True)
class HeatMap:
    """Branches by levels."""

    levels: tuple[int, ...]
    rows: tuple[HeatRow, ...]


def heat_map(
    figures: Branches, by_level: Mapping[int, Mapping[int, Figures]], heads: Sequence[TreeNode], by: By, stage: str | None
) -> HeatMap:
    """The map of some branches.

    Args:
        by_level: by head and level, what the nodes come to.
        heads: the nodes that the branches hang from.
        stage: of this stage alone; None: of all.
    """
    levels = tuple(sorted({level for of_head in by_level.values() for level in of_head}))
    number = None if stage is None else figures.stages.index(stage)
    cells = {head: {level: _measure(found, by, number) for level, found in of_head.items()} for head, of_head in by_level.items()}
    sums = {head.node_id: _measure(figures.of(head.node_id), by, number) for head in heads}
    most_in_cells = _most(amount for of_head in cells.values() for amount, _ in of_head.values())
    most_in_sums = _most(amount for amount, _ in sums.values())
    rows = [
        HeatRow(
            head,
            tuple(_cell(cells[head.node_id], level, most_in_cells, by) for level in levels),
            _coloured(*sums[head.node_id], most_in_sums, by),
        )
        for head in heads
    ]
    return HeatMap(levels, tuple(rows))


def _cell(of_head: Mapping[int, tuple[float | None, str]], level: int, most: float, by: By) -> Cell | None:
    return _coloured(*of_head[level], most, by) if level in of_head else None


def _coloured(amount: float | None, shown: str, most: float, by: By) -> Cell:
    if amount is None:
        return Cell(shown, None)
    whole = most if by in (By.items, By.cost) else 1.0
    return Cell(shown, min(int(STEPS * amount / whole), STEPS - 1) if whole else 0)


def _most(amounts: Iterable[float | None]) -> float:
    return max((amount for amount in amounts if amount is not None), default=0.0)


def _measure(found: Figures, by: By, number: int | None) -> tuple[float | None, str]:
    """Gives what a cell is coloured by, and what it shows; None: there is nothing to measure."""
    stages = found.stages if number is None else found.stages[number : number + 1]
    if by is By.coverage:
        return _share(sum(stage.done for stage in stages), sum(stage.asked for stage in stages))
    if by is By.stale:
        return _share(sum(stage.stale for stage in stages), sum(stage.contents for stage in stages))
    if by is By.quality:
        return _quality(stages)
    if by is By.items:
        items = sum(stage.items for stage in stages)
        return float(items), f"{items:,}"
    if by is By.value:
        value = mean_value(stages)
        return (None, "–") if value is None else (value, f"{100 * value:.0f}")
    cost = found.cost if number is None else stages[0].cost
    return (None if cost.unknown and not cost.known_usd else float(cost.known_usd)), str(cost)


def _quality(stages: Sequence[StageFigures]) -> tuple[float | None, str]:
    measured = sum(stage.measured for stage in stages)
    if not measured:
        return None, "–"
    mean = sum(stage.points for stage in stages) / measured
    return mean / 100, f"{mean:.0f}"


def _share(part: int, whole: int) -> tuple[float | None, str]:
    return (part / whole if whole else None), percent(part, whole)
