"""Reports on a whole framework, as Dagster metadata: figures that the UI plots over time, and the list of what is stale."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from caseforge_assets.batches.states import UNSETTLED
from caseforge_assets.commands.mirroring.read_statuses import AssetStatus
from caseforge_assets.commands.providing.open_project import StoredProject
from caseforge_assets.commands.quality.read_quality import StageQuality, read_quality
from caseforge_assets.commands.reporting.summarize_run import summarize_run
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.defs.figures.run_tables import coverage_figures, run_tables, table
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.stages.stages import Stages, all_assets
from caseforge_assets.store.collecting import items
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import batch_sums, node_views
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow

STALE_REPORT = "stale_report"
LISTED_NODES = 300


def run_figures(project: StoredProject, key: str, *, simulated: bool = True) -> Mapping[str, Any]:
    """Sum up a framework: numbers that the UI plots, and tables with charts.

    Numbers: per stage nodes in each state; per stage and kind of provider attempts, output tokens, cost. Unknown costs are counted
    (`unknown`), never shown as 0. Items are counted as everywhere: all that are current, and how many of them are simulated.

    Args:
        simulated: whether simulated contents count as done: they do not for a provider that bills.
    """
    figures: dict[str, Any] = {}
    with project.store.connect() as connection:
        states = {stage.key: [state for _, state in survey(connection, project, key, stage, simulated)] for stage in project.stages}
        summary = summarize_run(connection, key)
        counts = items.item_counts(connection, key)
        spent = node_views.spent(connection, key)
        measured = read_quality(connection, project, key, compare=False)
        under_way = _of_framework(connection, key, batches.in_states(connection, UNSETTLED))
    figures |= coverage_figures(states) | run_tables(summary, project.folder, project.stages)
    for stage in project.stages:
        meant = [state for state in NodeState if stage.chosen_from or state is not NodeState.UNCHOSEN]
        figures |= {f"{stage.key}_{state}": states[stage.key].count(state) for state in meant}
    figures |= _item_figures(project.stages, counts)
    for row in spent:
        kind = "simulated" if row.simulated else "imported" if row.imported else "billed"
        sums = {"attempts": row.attempts, "unknown": row.unknown_costs}
        if row.output_tokens is not None:
            sums["tokens"] = int(row.output_tokens)
        if row.cost_usd is not None:
            sums["cost_usd"] = float(row.cost_usd)
        figures |= {f"{row.stage}_{name}_{kind}": value for name, value in sums.items()}  # longer names would run into their values
    return figures | quality_figures(measured) | _under_way(under_way)


def _item_figures(stages: Stages, counts: Mapping[str, items.Counted]) -> dict[str, int]:
    """Per stage of items, how many there are, and how many of them are simulated; of candidates also where there are none."""
    named = {stage.items_name: counts[stage.key] for stage in stages if stage.key in counts}
    simulated = {f"{name}_simulated": found.simulated for name, found in named.items() if found.simulated}
    return {"candidates": 0} | {name: found.items for name, found in named.items()} | simulated


def _of_framework(connection: Connection, key: str, rows: Sequence[BatchRow]) -> list[BatchRow]:
    frameworks = batch_sums.frameworks_of_batches(connection, [row.id for row in rows])
    return [row for row in rows if key in frameworks.get(row.id, ())]


def _under_way(rows: Sequence[BatchRow]) -> dict[str, Any]:
    shown = [
        (
            batch.name,
            batch.stage,
            batch.request_count,
            batch.state,
            batch.remote_status,
            f"{batch.opened_at or batch.created_at:%Y-%m-%d %H:%M} UTC",
            batch.reason,
        )
        for batch in rows
    ]
    columns = ("batch", "stage", "requests", "state", "at_the_provider", "since", "note")
    return {"batches_under_way": len(rows)} | ({"under_way": table(columns, shown)} if rows else {})


def quality_figures(measured: Sequence[StageQuality]) -> dict[str, Any]:
    """Per stage: mean, median and lowest score, how many are low or not measured; how the candidates' levels are spread."""
    figures: dict[str, Any] = {}
    for of_stage in measured:
        summary, stage = of_stage.summary, of_stage.stage.key
        if summary.mean is not None and summary.median is not None:
            scores = {"mean": round(summary.mean, 1), "median": float(summary.median), "lowest": summary.lowest, "low": summary.low}
            figures |= {f"score_{name}_{stage}": value for name, value in scores.items()}
        figures[f"unmeasured_{stage}"] = summary.contents - summary.measured
        rows = [
            (branch or "all", field, value, count)
            for branch, levels in of_stage.levels.items()
            for field, counts in levels.items()
            for value, count in sorted(counts.items())
        ]
        if rows:
            figures["levels"] = table(("branch", "field", "value", "candidates"), rows)
    return figures


def stale_figures(stages: Stages, key: str, statuses: Sequence[AssetStatus]) -> Mapping[str, Any]:
    """Per asset, how many nodes are stale, how many contents are outdated by what lies further up; and the nodes with the reasons, the first 300."""
    stale = [status for status in statuses if status.not_current]
    counts = Counter(status.asset for status in stale if status.stale)
    figures: dict[str, Any] = {"stale": counts.total()} | {f"stale_{asset.name}": counts[asset.name] for asset in all_assets(stages)}
    figures["outdated"] = len(stale) - counts.total()
    if not stale:
        return figures | {"list": dg.MetadataValue.md("*Nothing is stale.*")}
    rows = [
        (
            status.asset,
            status.node.partition_key,
            status.node.name,
            "; ".join(reason.text for reason in status.not_current),
            _since(status.not_current),
        )
        for status in stale[:LISTED_NODES]
    ]
    name = "list" if len(rows) == len(stale) else f"first_{LISTED_NODES}"
    next_step = (
        f"*The job `regenerate` with `selection: stale` makes them anew; `caseforge stale --framework {key}` prints the whole list.*"
    )
    return figures | {name: table(("step", "partition", "node", "why", "since"), rows), "what_to_do": dg.MetadataValue.md(next_step)}


def _since(reasons: tuple[Any, ...]) -> str:
    times = [reason.since for reason in reasons if reason.since is not None]
    return f"{min(times):%Y-%m-%d %H:%M} UTC" if times else ""
