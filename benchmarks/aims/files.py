"""An output file against one that is ten times as large: memory and time a line of collecting it, each in a process of its own."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

from benchmarks.aims.figures import Figure
from benchmarks.aims.scale import multiplied
from benchmarks.memory import peak_mb
from benchmarks.pipeline import PROJECT, load, open_project, project, wait_for_server, warm_up
from caseforge_assets.commands.collecting.collect_batch import collect_batch
from caseforge_assets.commands.planning.make_plan import draft_plan
from caseforge_assets.commands.providing.provider import connect_provider, make_client
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.settings import Settings, load_settings
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.store.database.location import database_url
from caseforge_assets.store.planning import plans
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

TIMES = 10


@dataclass(frozen=True)
class Collecting:
    """The time and memory that collecting one output file took."""

    file_mb: float
    lines: int
    wall_s: float
    peak_mb: float


def measure(old: Path, new: Path) -> list[Figure]:
    """Both files, one after the other."""
    del old
    with tempfile.TemporaryDirectory() as folder:
        small = _collected(new)
        large = _collected(multiplied(new, Path(folder) / "large.csv", TIMES))
    work = f"collect a file of {large.file_mb:.0f} MB against one of {small.file_mb:.0f} MB"
    per_line = [1000 * collected.wall_s / collected.lines for collected in (small, large)]
    return [
        Figure(f"{work}: memory", "MB more", 50, large.peak_mb - small.peak_mb, f"{small.peak_mb:.0f} and {large.peak_mb:.0f} MB"),
        Figure(f"{work}: time a line", "times", 1.1, per_line[1] / per_line[0], f"{per_line[0]:.2f} and {per_line[1]:.2f} ms"),
    ]


def _collected(workbook: Path) -> Collecting:
    with project() as settings:
        _finish_batch(settings, workbook)
        with get_context("spawn").Pool(1) as pool:
            found: Collecting = pool.apply(_collect)
            return found


def _finish_batch(settings: Settings, workbook: Path) -> None:
    """One batch of documents, which the server is through with."""
    store = open_store(database_url(settings))
    load(settings, store, "bench", workbook)
    provider = connect_provider(store, make_client(settings))
    with store.begin() as connection:
        draft = draft_plan(connection, settings.project, Scope("bench", stages_as_they_come().shared[:1], True), made_by="benchmark")
        plans.decide(connection, draft.id, True, Decimal(10_000))
    project = open_project(settings, store, provider)
    plan_batches(project)
    submit_batches(project)
    wait_for_server(project)
    store.dispose()


def _collect() -> Collecting:
    """Runs in a process of its own, which has done nothing before."""
    settings = load_settings(PROJECT)
    store = open_store(database_url(settings))
    provider = connect_provider(store, make_client(settings))
    project = open_project(settings, store, provider)
    warm_up()
    [batch_id] = wait_for_server(project)
    started = time.perf_counter()
    collected = collect_batch(project, batch_id)
    wall_s = time.perf_counter() - started
    store.dispose()
    files = [path.stat().st_size for path in Path(settings.artifacts).rglob("*.output.jsonl")]
    return Collecting(sum(files) / 1e6, sum(collected.outcomes.values()) if collected else 0, wall_s, peak_mb())
