"""The pipeline, step by step: wall time, CPU time of this process, peak memory. `python -m benchmarks.pipeline WORKBOOK`.

The embedded database and a local Batch API server run beside it, in processes of their own; the time in which only the
server works is not counted, imports are not, either. `--json FILE` keeps the figures.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.memory import peak_mb
from benchmarks.ports import free_port
from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.collecting.collect_batch import collect_batch
from caseforge_assets.commands.editions.load_framework import Loaded, NewEdition, load_framework
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.planning.make_plan import draft_plan
from caseforge_assets.commands.providing.open_project import OpenProject, with_store
from caseforge_assets.commands.providing.provider import Provider, connect_provider, make_client
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.costs.estimates import count_tokens
from caseforge_assets.costs.prices import has_batch_price
from caseforge_assets.frameworks import read_framework, sample_path
from caseforge_assets.second_process.work_ahead import start_second_process
from caseforge_assets.settings import FrameworkSettings, Settings, load_settings
from caseforge_assets.stages.stage import DEFAULT_MODEL
from caseforge_assets.store.database.embedded_postgres import stop
from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets.store.database.location import database_url
from caseforge_assets.store.planning import plans
from caseforge_assets.store.submitting import batches
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Step:
    """One measured step: seconds of wall and CPU time, and the process's peak memory so far."""

    name: str
    wall_s: float
    cpu_s: float
    peak_mb: float


class Clock:
    """Measures steps."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measures the block."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        done = Step(name, time.perf_counter() - wall, time.process_time() - cpu, peak_mb())
        self.steps.append(done)
        print(f"{name:<24}{done.wall_s:>8.2f} s wall{done.cpu_s:>8.2f} s CPU{done.peak_mb:>8.0f} MB", flush=True)


def main() -> None:
    """Runs the pipeline and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workbook", nargs="?", type=Path, default=sample_path())
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with project() as settings:
        figures = run(settings, options.workbook)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


@contextmanager
def project() -> Iterator[Settings]:
    """A project in a folder that goes again, with a database and a Batch API server of its own."""
    with tempfile.TemporaryDirectory(prefix="caseforge-bench-") as folder:
        Path(folder).chmod(0o755)  # root's database server runs as another user, who has to get in; elsewhere it would stay
        os.environ["CASEFORGE_HOME"] = str(Path(folder) / "var")
        os.environ.pop("CASEFORGE_POSTGRES_URL", None)
        with batch_server(Path(folder) / "server") as base_url:
            os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"] = base_url, "local"
            settings = load_settings(PROJECT)
            try:
                yield settings
            finally:
                stop(settings.home)


def run(settings: Settings, workbook: Path, *, events: bool = True) -> dict[str, Any]:
    """All steps on one workbook; returns the figures.

    Args:
        events: whether Dagster is shown them in the end.
    """
    store = open_store(database_url(settings))
    warm_up()
    clock, key = Clock(), "bench"
    with clock.step("load"):
        loaded = load(settings, store, key, workbook)
    provider = connect_provider(store, make_client(settings))
    with clock.step("contexts, inputs, plan"), store.begin() as connection:
        draft = draft_plan(connection, settings.project, Scope(key, stages_as_they_come().shared, True), made_by="benchmark")
        plans.decide(connection, draft.id, True, Decimal(10_000))
    project = open_project(settings, store, provider)
    for stage in stages_as_they_come().shared:
        with clock.step(f"submit {stage.key}"):
            plan_batches(project)
            submit_batches(project)
        finished = wait_for_server(project)
        with clock.step(f"collect {stage.key}"):
            for batch_id in finished:
                collect_batch(project, batch_id)
    with clock.step("journal"):
        write_journal(store, project.folder)
    without_events, written = sum(step.wall_s for step in clock.steps), 0
    if events:
        flush = prepare_flush(settings, store)
        with clock.step("flush to Dagster"):
            written = flush()
    total = sum(step.wall_s for step in clock.steps)
    print(
        f"{loaded.nodes:,} nodes, {draft.nodes:,} requests: {without_events:.2f} s without events, {total:.2f} s with {written:,} events."
    )
    store.dispose()
    machine = {"cpus": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version(), "system": platform.system()}
    return {
        "steps": [asdict(step) for step in clock.steps],
        "without_events_s": without_events,
        "with_events_s": total,
        "events": written,
        "targets": loaded.targets,
        **machine,
    }


def load(settings: Settings, store: Engine, key: str, workbook: Path) -> Loaded:
    """Reads a workbook and makes it the current edition of a framework."""
    edition = read_framework(workbook).edition
    if edition is None:
        raise SystemExit(f"{workbook} cannot be read")
    entry = FrameworkSettings(title=key, source=str(workbook))
    return load_framework(store, settings.project, NewEdition(key, entry, edition, workbook.name), by="benchmark")


def warm_up() -> None:
    """Imports and tables that are loaded once in a process's life."""
    count_tokens("warm")
    has_batch_price(DEFAULT_MODEL, "2026-11-01")
    stages_as_they_come()
    start_second_process(wait_s=60)
    gc.freeze()  # as commands and runs do


def open_project(settings: Settings, store: Engine, provider: Provider) -> OpenProject:
    """Opens the project for commands that work at the provider."""
    return OpenProject(settings.configuration, settings.stages, store, ArtifactFolder(settings.artifacts), provider)


def wait_for_server(project: OpenProject) -> list[int]:
    """Waits, off the clock, until the server is through with every batch; returns the batches to collect."""
    while True:
        poll_batches(project)
        with project.store.connect() as connection:
            if not batches.in_states(connection, ["open"], project.provider.id):
                return [batch.id for batch in batches.in_states(connection, ["final"], project.provider.id)]
        time.sleep(0.2)


def prepare_flush(settings: Settings, store: Engine) -> Callable[[], int]:
    """Everything that a Dagster process does once, off the clock: imports, its tables."""
    from dagster import DagsterInstance

    from caseforge_assets.defs.mirroring.failed_nodes import failed_nodes
    from caseforge_assets.defs.mirroring.flush import Flushed, flush_outbox
    from caseforge_assets.defs.private.instances import keep_connections

    instance = DagsterInstance.from_config(str(settings.project_folder))
    keep_connections(instance)  # as every run and command does
    instance.get_dynamic_partitions("bench_nodes")
    project = with_store(settings.project, store, ArtifactFolder(settings.artifacts))
    return lambda: (flush_outbox(instance, project, failed_nodes) or Flushed()).events


@contextmanager
def batch_server(state_dir: Path, *faults: str) -> Iterator[str]:
    """A local Batch API server in a process of its own, that does these things wrong."""
    import urllib.request

    port = free_port()
    command = [
        sys.executable,
        "-m",
        "caseforge_assets.batch_server",
        "--port",
        str(port),
        "--state-dir",
        str(state_dir),
        "--latency",
        "0.5",
        *(part for fault in faults for part in ("--fault", fault)),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/models", headers={"Authorization": "Bearer local"})
        for _ in range(100):
            try:
                urllib.request.urlopen(request, timeout=1).read()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    main()
