"""Sensors alone: from a batch that is complete at its provider to documents, the next inputs and Dagster's events."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.aims.figures import Figure
from benchmarks.pipeline import PROJECT, batch_server
from benchmarks.ports import free_port
from caseforge_assets.settings import load_settings
from caseforge_assets.store.database.embedded_postgres import stop
from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets.store.database.location import database_url

INTERVAL_S = 10.0
PATIENCE_S = 240.0
KEY = "bench"


def measure(old: Path, new: Path) -> list[Figure]:
    """One batch of documents of a whole framework, with `dagster dev` and its sensors doing all the work."""
    del old
    with tempfile.TemporaryDirectory() as name, batch_server(Path(name) / "server") as base_url:
        folder = Path(name)
        folder.chmod(0o755)  # see pipeline.project
        for file in ("dagster.yaml", "workspace.yaml"):
            shutil.copy(PROJECT / file, folder)
        (folder / "caseforge.toml").write_text("")
        webserver = f"http://127.0.0.1:{free_port()}"
        os.environ |= {"CASEFORGE_PROJECT": name, "CASEFORGE_HOME": str(folder / "var"), "CASEFORGE_WEBSERVER_URL": webserver}
        os.environ |= {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "local"}
        os.environ.pop("CASEFORGE_POSTGRES_URL", None)
        settings = load_settings(folder)
        try:
            _caseforge("load", str(new), "--framework", KEY)
            store = open_store(database_url(settings))
            with _dagster_dev(folder, webserver):
                _caseforge("sensors", "on")
                _caseforge("generate", "--yes", "--stage", "process_details")
                readable, shown = _watch(store, base_url)
            store.dispose()
        finally:
            stop(settings.home)
    work = "batch complete at the provider →"
    return [
        Figure(f"{work} documents readable, next inputs in the store", "s", INTERVAL_S + 15, readable, f"sensor every {INTERVAL_S:.0f} s"),
        Figure(f"{work} events in Dagster", "s", INTERVAL_S + 30, shown),
    ]


def _watch(store: Engine, base_url: str) -> tuple[float, float]:
    """Seconds from the batch's end to all of its documents and next inputs, and to all events."""
    end = time.monotonic() + PATIENCE_S
    readable = None
    while time.monotonic() < end:
        rows = _counts(store)
        if readable is None and rows["documents"] == rows["inputs"] == rows["targets"]:
            readable = time.time()
        if readable is not None and rows["shown"] == rows["targets"] and not rows["unflushed"]:
            completed = _completed_at(base_url)
            return readable - completed, time.time() - completed
        time.sleep(0.1)
    raise SystemExit(f"not within {PATIENCE_S:.0f} s: {_counts(store)}")


def _counts(store: Engine) -> dict[str, int]:
    from sqlalchemy import text

    query = text("""
    select (select count(*) from caseforge.content where is_current and stage = 'process_details') as documents,
           (select count(*) from caseforge.request where is_current and stage = 'usecases') as inputs,
           (select count(*) from caseforge.node_version where partition_key is not null) as targets,
           (select count(*) from caseforge.outbox where asset = 'usecase_batch_inputs' and event_id is not null) as shown,
           (select count(*) from caseforge.outbox where flushed_at is null) as unflushed
    """)
    with store.connect() as connection:
        return dict(connection.execute(query).one()._mapping)


def _completed_at(base_url: str) -> float:
    request = urllib.request.Request(f"{base_url}/batches", headers={"Authorization": "Bearer local"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return float(json.load(response)["data"][0]["completed_at"])


def _caseforge(*arguments: str) -> None:
    ended = subprocess.run([sys.executable, "-m", "caseforge_assets.cli", *arguments], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"caseforge {' '.join(arguments)} ended with {ended.returncode}: {ended.stdout}{ended.stderr}")


@contextmanager
def _dagster_dev(folder: Path, webserver: str) -> Iterator[None]:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is inherited ignored, and would be handed on
    command = [sys.executable, "-m", "dagster", "dev", "--host", "127.0.0.1", "--port", webserver.rpartition(":")[2]]
    with (folder / "dagster.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{webserver}/server_info", timeout=2).read()
                break
            except OSError:
                time.sleep(0.5)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
