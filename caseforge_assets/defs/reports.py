"""What is known of a whole framework, as Dagster metadata: figures that the UI plots over time, and the list of what is stale."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from caseforge_assets.commands.make_plan import survey
from caseforge_assets.commands.read_quality import StageQuality, read_quality
from caseforge_assets.commands.station_statuses import StationStatus
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.stage import all_stages
from caseforge_assets.stages.stations import all_stations
from caseforge_assets.store import batches, readers
from caseforge_assets.store.engine import Engine

RUN_REPORT = "run_report"
STALE_REPORT = "stale_report"
LISTED_NODES = 300
UNDER_WAY = ("planned", "written", "uploaded", "creating", "open", "final", "unknown")


def run_figures(store: Engine, configuration: Configuration, key: str) -> Mapping[str, Any]:
    """Per stage: nodes in each state; per stage and kind of provider: attempts, output tokens, cost; what is under way.

    Unknown costs are counted (`unknown`), never shown as 0.
    """
    figures: dict[str, Any] = {}
    with store.connect() as connection:
        for stage in all_stages():
            states = [state for _, state in survey(connection, configuration, key, stage, True)]
            figures |= {f"{stage.key}_{state}": states.count(state) for state in NodeState}
        figures["candidates"] = readers.candidate_count(connection, key)
        for row in readers.spent(connection, key):
            kind = "simulated" if row.simulated else "imported" if row.imported else "billed"
            sums = {"attempts": row.attempts, "tokens": int(row.output_tokens or 0), "unknown": row.unknown_costs}
            if row.cost_usd is not None:
                sums["cost_usd"] = float(row.cost_usd)
            figures |= {f"{row.stage}_{name}_{kind}": value for name, value in sums.items()}  # longer names would run into their values
        measured = read_quality(connection, configuration, key, compare=False)
        under_way = batches.in_states(connection, UNDER_WAY)
    figures |= quality_figures(measured)
    figures["batches_under_way"] = len(under_way)
    if under_way:
        figures["under_way"] = _table(
            ("batch", "stage", "requests", "state", "at_the_provider", "since", "note"),
            [
                (
                    one.name,
                    one.stage,
                    one.request_count,
                    one.state,
                    one.remote_status,
                    f"{one.opened_at or one.created_at:%Y-%m-%d %H:%M} UTC",
                    one.reason,
                )
                for one in under_way
            ],
        )
    return figures


def quality_figures(measured: Sequence[StageQuality]) -> Mapping[str, Any]:
    """Per stage: mean, median and lowest score, how many are low or not measured; how the candidates' levels are spread."""
    figures: dict[str, Any] = {}
    for one in measured:
        summary, stage = one.summary, one.stage.key
        if summary.mean is not None and summary.median is not None:
            scores = {"mean": round(summary.mean, 1), "median": float(summary.median), "lowest": summary.lowest, "low": summary.low}
            figures |= {f"score_{name}_{stage}": value for name, value in scores.items()}
        figures[f"unmeasured_{stage}"] = summary.contents - summary.measured
        rows = [
            (branch or "all", field, value, count)
            for branch, levels in one.levels.items()
            for field, counts in levels.items()
            for value, count in sorted(counts.items())
        ]
        if rows:
            figures["levels"] = _table(("branch", "field", "value", "candidates"), rows)
    return figures


def stale_figures(statuses: Sequence[StationStatus]) -> Mapping[str, Any]:
    """Per station, how many nodes are stale; and the nodes themselves with the reasons, the first 300 of them."""
    stale = [one for one in statuses if one.stale]
    counts = Counter(one.station for one in stale)
    figures: dict[str, Any] = {"stale": len(stale)} | {f"stale_{station.name}": counts[station.name] for station in all_stations()}
    if not stale:
        return figures | {"list": dg.MetadataValue.md("*Nothing is stale.*")}
    rows = [
        (one.station, one.node.partition_key, one.node.name, "; ".join(reason.text for reason in one.stale), _since(one.stale))
        for one in stale[:LISTED_NODES]
    ]
    name = "list" if len(rows) == len(stale) else f"first_{LISTED_NODES}"
    next_step = "*The job `regenerate` with `selection: stale` makes them anew; `caseforge stale` prints the whole list.*"
    return figures | {name: _table(("station", "partition", "node", "why", "since"), rows), "what_to_do": dg.MetadataValue.md(next_step)}


def _since(reasons: tuple[Any, ...]) -> str:
    times = [reason.since for reason in reasons if reason.since is not None]
    return f"{min(times):%Y-%m-%d %H:%M} UTC" if times else ""


def _table(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dg.TableMetadataValue:
    records = [dg.TableRecord({name: "" if value is None else value for name, value in zip(columns, row, strict=True)}) for row in rows]
    return dg.MetadataValue.table(records, dg.TableSchema([dg.TableColumn(name) for name in columns]))
