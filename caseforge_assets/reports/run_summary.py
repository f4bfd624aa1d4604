"""Figures of a framework's generation, stage by stage and kind by kind of provider: records and the ratios that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from caseforge_assets.costs.sums import Cost, Payment


@dataclass(frozen=True, slots=True)
class StageFigures:
    """One stage at one kind of provider (billed, simulated or imported).

    `nodes` were answered at least once, `first_good` of them well at the first answer, `good` of them well by now. `answers` are all answers.
    `cost_usd` is what all attempts of known cost came to, `unknown_costs` counts the others: missing lines, batches that were given up, and
    answers without usage or price. `expected_usd` and `answered_cost_usd` are those of the `known_answers`, whose cost is known.
    """

    stage: str
    kind: str
    nodes: int
    first_good: int
    good: int
    answers: int
    cost_usd: Decimal | None
    expected_usd: Decimal | None
    answered_cost_usd: Decimal | None
    known_answers: int
    unknown_costs: int

    @property
    def cost(self) -> Cost:
        """Cost of all attempts."""
        return Cost.of(self.cost_usd, self.unknown_costs)

    @property
    def first_pass(self) -> float | None:
        """Share of nodes that the first answer was good for."""
        return self.first_good / self.nodes if self.nodes else None

    @property
    def after_retries(self) -> float | None:
        """Share of nodes that have a good answer by now."""
        return self.good / self.nodes if self.nodes else None

    @property
    def cost_per_node_usd(self) -> Decimal | None:
        """Cost of a node with a good answer, failed attempts included; None while any cost is unknown."""
        whole = self.cost.usd
        return whole / self.good if whole is not None and self.good else None

    @property
    def expected_per_answer_usd(self) -> Decimal | None:
        """Expected cost of an answer."""
        return self.expected_usd / self.known_answers if self.expected_usd is not None and self.known_answers else None

    @property
    def over_estimate(self) -> Decimal | None:
        """By which part of the estimate the answers cost more (less: negative)."""
        return self.answered_cost_usd / self.expected_usd - 1 if self.answered_cost_usd is not None and self.expected_usd else None


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """One batch of a framework. Times at the provider are by its clock: `queue_s` until it began, `run_s` from there to the end; None: unknown."""

    id: int
    name: str
    stage: str
    state: str
    remote_status: str | None
    created_at: datetime
    requests: int
    ended: int
    good: int
    queue_s: float | None
    run_s: float | None
    cost_usd: Decimal | None
    unknown_costs: int
    expected_usd: Decimal | None
    file: str | None
    simulated: bool = False

    @property
    def cost(self) -> Cost:
        """Cost of its attempts."""
        return Cost.of(self.cost_usd, self.unknown_costs)

    @property
    def failed(self) -> int:
        """Attempts that ended badly."""
        return self.ended - self.good


@dataclass(frozen=True)
class RunSummary:
    """A whole framework.

    `failures` are (stage, outcome, attempts), most frequent first; `items_per_node` maps, by stage, a number of current items to how many
    nodes have it, and `items_of_kind` has the same of nodes whose items are simulated (True) and of the others; `baselines` what a node cost
    in runs before the newest plan, by stage; `batches` newest first.
    """

    stages: tuple[StageFigures, ...]
    failures: tuple[tuple[str, str, int], ...]
    items_per_node: dict[str, dict[int, int]]
    baselines: dict[str, Decimal]
    batches: tuple[BatchFigures, ...]
    items_of_kind: dict[bool, dict[str, dict[int, int]]] = field(default_factory=dict)

    def mean_items(self, stage: str) -> float | None:
        """Items of a stage a node that has any."""
        return _mean(self.items_per_node.get(stage, {}))

    def cost_per_item_usd(self, figures: StageFigures) -> Decimal | None:
        """Cost of an item of a stage; None where not all of them are that kind's own, or there are none."""
        own = self.items_of_kind.get(figures.kind == Payment.simulated, {}).get(figures.stage, {})
        mean = _mean(own)
        if mean is None or figures.cost_per_node_usd is None or sum(own.values()) != figures.good:
            return None
        return figures.cost_per_node_usd / Decimal(mean)


def _mean(nodes_by_items: Mapping[int, int]) -> float | None:
    nodes = sum(nodes_by_items.values())
    return sum(items * count for items, count in nodes_by_items.items()) / nodes if nodes else None
