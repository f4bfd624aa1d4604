"""Tasks for the children of `forks`: a command, a job, a Batch API server, a look at what store and Dagster say."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def import_all() -> None:
    """Everything that the tasks use, and nothing that opens a connection or starts a thread."""
    import gc
    import importlib

    for name in (
        "caseforge_assets.batch_server.server",
        "caseforge_assets.cli.app",
        "caseforge_assets.cli.running.serve",
        "caseforge_assets.web.app",
        "uvicorn.protocols.http.auto",
        "caseforge_assets.cli.shared.dagster_bridge",
        "caseforge_assets.cli.setting_up.frameworks",
        "caseforge_assets.cli.setting_up.loading",
        "caseforge_assets.cli.planning.generation",
        "caseforge_assets.cli.planning.money",
        "caseforge_assets.cli.watching.following",
        "caseforge_assets.cli.watching.progress_lines",
        "caseforge_assets.cli.setting_up.reloading",
        "caseforge_assets.cli.watching.watching",
        "caseforge_assets.commands.surveying.choose_nodes",
        "caseforge_assets.commands.editions.load_framework",
        "caseforge_assets.commands.planning.make_plan",
        "caseforge_assets.commands.surveying.select_nodes",
        "caseforge_assets.commands.rounds.work",
        "caseforge_assets.defs.runs.jobs",
        "caseforge_assets.defs.mirroring.mirror",
        "caseforge_assets.defs.graph.partitions",
        "caseforge_assets.defs.storage",
        "caseforge_assets.store.database.location",
        "dagster._core.instance.factory",
        "dagster._core.secrets.env_file",
        "dagster._core.storage.migration.utils",
        "dagster_postgres",
        "encodings.idna",
        "genai_prices.data",
        "httpcore2",
        "httpx2",
        "jinja2",
        "openai.resources.batches",
        "openai.resources.files",
        "openai.resources.models",
        "psycopg2.extras",
        "rich.status",
        "sqlalchemy.dialects.postgresql.psycopg2",
        "tomlkit",
        "truststore",
        "upath.implementations.local",
    ):
        importlib.import_module(name)
    from caseforge_assets.costs.estimates import count_tokens

    count_tokens("warm")
    gc.freeze()  # collecting in a child would copy all of it


def command(
    arguments: list[str],
    fatal: list[Any] | None = None,
    trace: str | None = None,
    chunk_lines: int | None = None,
    patience_s: float | None = None,
    start_at: float | None = None,
    meet: list[Any] | None = None,
    without: list[str] | None = None,
    mutant: str = "",
) -> None:
    """Runs `caseforge` with these arguments, as its script does.

    Args:
        fatal: the moment (when, operation, nth) at which the process kills itself.
        trace: the file that moments are written to.
        chunk_lines: how many lines are collected in one transaction.
        patience_s: how long an answer of the provider is waited for.
        start_at: the `time.monotonic()` at which the command starts, so that several start at once.
        meet: an operation before which another process is waited for, the folder in which they meet, and for how many seconds.
        without: layers against double submission that this process does without; see `layers`.
        mutant: how the product is broken in this process; see `mutants`.
    """
    from benchmarks.faults.layers import LAYERS
    from caseforge_assets.cli.app import caseforge
    from caseforge_assets.openai_batch.client import BatchClient

    _prepare(fatal, trace, chunk_lines, meet, mutant)
    for layer in without or ():
        LAYERS[layer]()
    if patience_s:
        account, _, _, *others = BatchClient.__init__.__defaults__ or ()
        BatchClient.__init__.__defaults__ = (account, patience_s, patience_s, *others)
    if start_at:
        time.sleep(max(0.0, start_at - time.monotonic()))
    caseforge.main(arguments, prog_name="caseforge")


def job(name: str, fatal: list[Any] | None = None, trace: str | None = None, chunk_lines: int | None = None, mutant: str = "") -> None:
    """Runs one of Dagster's jobs of the batch clock, as a run of its own; the arguments are those of `command`."""
    import os

    from dagster import DagsterInstance

    from caseforge_assets.defs.resources import Caseforge
    from caseforge_assets.defs.runs.jobs import BATCH_JOBS

    _prepare(fatal, trace, chunk_lines, None, mutant)
    [chosen] = [job for job in BATCH_JOBS if job.name == name]
    with DagsterInstance.from_config(os.environ["CASEFORGE_PROJECT"]) as instance:
        chosen.execute_in_process(instance=instance, resources={"caseforge": Caseforge()})


def _prepare(fatal: list[Any] | None, trace: str | None, chunk_lines: int | None, meet: list[Any] | None, mutant: str) -> None:
    from benchmarks.faults.hook import Hook, Meeting, Moment, install
    from caseforge_assets.commands.collecting import collect_batch, collect_duplicate

    if fatal or trace or meet:
        meeting = Meeting(Moment("before", meet[0]), Path(meet[1]), meet[2]) if meet else None
        install(Hook(Moment(*fatal) if fatal else None, Path(trace) if trace else None, meeting))
    if chunk_lines:
        collect_batch.CHUNK_LINES = collect_duplicate.CHUNK_LINES = chunk_lines
    if mutant:
        break_product(mutant)


def break_product(mutant: str) -> None:
    """Breaks the product in this process.

    Raises:
        Vanished: what is to be broken is not there.
    """
    from benchmarks.faults.mutations import MUTATIONS

    MUTATIONS[mutant]()


def serve(state_dir: str, **options: Any) -> None:
    """Runs a Batch API server until it is killed."""
    from caseforge_assets.batch_server import run_server

    run_server(state_dir=Path(state_dir), **options)


def look(key: str) -> dict[str, Any]:
    """Reads what store and Dagster say of a framework; see `verdict`."""
    from benchmarks.faults.verdict import look_around

    return look_around(key)


TASKS: dict[str, Callable[..., Any]] = {"command": command, "job": job, "serve": serve, "look": look, "break_product": break_product}
