"""Sums up a framework's generation so far, and its development over the last days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from caseforge_assets.reports.run_summary import RunSummary
from caseforge_assets.reports.trends import DayFigures, Pattern, patterns, periods
from caseforge_assets.store.alerting import alert_figures
from caseforge_assets.store.collecting import items
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import run_figures

LISTED_BATCHES = 30


@dataclass(frozen=True)
class Trend:
    """Recent answers by day or week, the errors among them, most frequent first, and the time of the newest answer, recent or not."""

    periods: Sequence[DayFigures]
    patterns: Sequence[Pattern]
    newest: datetime | None


def summarize_run(connection: Connection, key: str) -> RunSummary:
    """A whole framework, as far as something came back."""
    costs = alert_figures.run_costs(connection, run_figures.newest_plans(connection, key))
    baselines = {cost.stage: cost.earlier_cost_per_node_usd for cost in costs if cost.earlier_cost_per_node_usd is not None}
    return RunSummary(
        stages=tuple(run_figures.stages(connection, key)),
        failures=tuple(run_figures.failure_counts(connection, key)),
        items_per_node=items.items_per_node(connection, key),
        items_of_kind={is_simulated: items.items_per_node(connection, key, simulated=is_simulated) for is_simulated in (True, False)},
        baselines=baselines,
        batches=tuple(run_figures.batches(connection, key, LISTED_BATCHES)),
    )


def summarize_since(connection: Connection, now: datetime, age: timedelta, key: str | None) -> Trend:
    """Gives what came back in the time up to now, of one framework or of all."""
    days = run_figures.days(connection, now - age, key)
    return Trend(
        periods(days, age / timedelta(days=1)),
        patterns(run_figures.failures(connection, now - age, key)),
        run_figures.newest_answer(connection, key),
    )
