"""Sensors alone: from a batch that is complete at its provider to documents, the next inputs and Dagster's events."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path

from benchmarks.aims.figures import Figure
from benchmarks.clicks.project import KEY, dagster_dev, project
from caseforge_assets.store.database.engine import Engine, open_store
from caseforge_assets.store.database.location import database_url

INTERVAL_S = 10.0
PATIENCE_S = 240.0


def measure(old: Path, new: Path) -> list[Figure]:
    """One batch of documents of a whole framework, with `dagster dev` and its sensors doing all the work."""
    del old
    with project(configuration="") as running:
        running.caseforge("load", str(new), "--framework", KEY)
        store = open_store(database_url(running.settings))
        with dagster_dev(running):
            running.caseforge("sensors", "on")
            running.caseforge("generate", "--yes", "--stage", "process_details")
            readable, shown = _watch(store, running.provider_url)
        store.dispose()
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
