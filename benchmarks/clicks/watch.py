"""A click as the UI makes it, and what becomes of it: when the runs begin and end, when everything is green, when the backfill is through."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.clicks.project import KEY, Running

LOOK_S = 0.5
PATIENCE_S = 3_600.0
_LAUNCH = """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) { __typename
  ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
_BACKFILL = """query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status numPartitions
  runs(limit: 500) { runId status creationTime startTime endTime } } } }"""
_STATS = """query($k: AssetKeyInput!) { assetNodeOrError(assetKey: $k) { ... on AssetNode { partitionKeys
  partitionStats { numPartitions numMaterialized numFailed } } } }"""


@dataclass
class Clicked:
    """The course of one click: times in seconds from it, runs, batches, events, memory."""

    partitions: int
    assets: int
    mutation_s: float = 0.0
    created_s: float = 0.0
    begun_s: float = 0.0
    ended_s: float = 0.0
    through_s: float = 0.0
    status: str = ""
    runs: list[str] = field(default_factory=list)
    failure_runs: int = 0
    batches: int = 0
    events: int = 0
    peak_mb: dict[str, float] = field(default_factory=dict)

    @property
    def in_runs_s(self) -> float:
        """From the first run's begin to the last one's end."""
        return self.ended_s - self.begun_s


def states(running: Running, asset: str) -> dict[str, Any]:
    """Partition keys of an asset and how many of them are good and failed."""
    found: dict[str, Any] = running.webserver.ask(_STATS, k={"path": [KEY, asset]})
    return found


def click(running: Running, assets: Sequence[str], partitions: Sequence[str], process: int) -> Clicked:
    """Asks for a rectangle of assets and partitions and watches until the backfill is through."""
    clicked = Clicked(len(partitions), len(assets))
    before, started = _counts(running), time.time()
    asked = {"assetSelection": [{"path": [KEY, asset]} for asset in assets], "partitionNames": list(partitions)}
    answer = running.webserver.ask(_LAUNCH, p=asked)
    if "backfillId" not in answer:
        raise SystemExit(f"the backfill was refused: {answer}")
    clicked.mutation_s = time.time() - started
    while time.time() < started + PATIENCE_S:
        found = running.webserver.ask(_BACKFILL, id=answer["backfillId"])
        _note_memory(process, clicked.peak_mb)
        if found["status"] not in ("REQUESTED", "CANCELING", "FAILING"):
            break
        time.sleep(LOOK_S)
    clicked.through_s, clicked.status = time.time() - started, found["status"]
    _take_runs(clicked, found["runs"], started)
    after = _counts(running)
    clicked.events, clicked.batches, clicked.failure_runs = (new - old for new, old in zip(after, before, strict=True))
    return clicked


def _take_runs(clicked: Clicked, runs: Sequence[dict[str, Any]], started: float) -> None:
    clicked.runs = [run["runId"] for run in runs]
    if runs:
        clicked.created_s = min(run["creationTime"] for run in runs) - started
        clicked.begun_s = min(run["startTime"] or run["creationTime"] for run in runs) - started
        clicked.ended_s = max(run["endTime"] or 0.0 for run in runs) - started


def _counts(running: Running) -> tuple[int, int, int]:
    """Events of assets, batches, and runs that stand for failures, so far."""
    from sqlalchemy import create_engine, text

    from caseforge_assets.store.database.location import database_url

    query = text("""select
      (select count(*) from event_logs where asset_key is not null),
      (select count(*) from caseforge.batch),
      (select count(*) from runs where pipeline_name = 'failed_nodes')""")
    engine = create_engine(database_url(running.settings))
    with engine.connect() as connection:
        events, batches, failures = connection.execute(query).one()
    engine.dispose()
    return events, batches, failures


def _note_memory(process: int, peak_mb: dict[str, float]) -> None:
    """Peak memory of what `dagster dev` has started, by what it is."""
    for name, resident in _processes(process):
        peak_mb[name] = max(peak_mb.get(name, 0.0), resident)


def _processes(session: int) -> list[tuple[str, float]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) != session:
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            peak = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM"))
        except (OSError, StopIteration):
            continue
        named = ("webserver", "dagster_webserver"), ("daemon", "dagster._daemon"), ("run", "execute_run"), ("code server", "grpc")
        name = next((name for name, part in named if part in command), None)
        if name:
            found.append((name, int(peak.split()[1]) / 1024))
    return found
