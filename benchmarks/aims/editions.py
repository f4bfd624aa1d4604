"""A new edition over an old one: read, compared, stored, brought over, shown in Dagster."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.aims.figures import Figure
from benchmarks.pipeline import load, prepare_flush, project, run
from caseforge_assets.commands.planning.make_plan import draft_plan
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.store.database.location import database_url
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

KEY = "bench"  # the framework of the pipeline


def measure_load(old: Path, new: Path) -> list[Figure]:
    """A workbook over another one, nothing made yet: parse, check, difference, store, partitions."""
    with project() as settings:
        store = open_store(database_url(settings))
        load(settings, store, KEY, old)
        flush = prepare_flush(settings, store)
        flush()
        started = time.perf_counter()
        loaded = load(settings, store, KEY, new)
        stored_s = time.perf_counter() - started
        flush()
        all_s = time.perf_counter() - started
        store.dispose()
    return [Figure(f"load a workbook of {loaded.nodes:,} nodes", "s", 2, all_s, f"{all_s - stored_s:.2f} s of it for Dagster's partitions")]


def measure_upgrade(old: Path, new: Path) -> list[Figure]:
    """The same with both stages made: everything that can be kept is kept, shown in Dagster, and the rest is planned."""
    with project() as settings:
        run(settings, old)
        store = open_store(database_url(settings))
        flush = prepare_flush(settings, store)
        started = time.perf_counter()
        loaded = load(settings, store, KEY, new)
        stored_s = time.perf_counter() - started
        events = flush()
        flushed_s = time.perf_counter() - started - stored_s
        with store.begin() as connection:
            draft = draft_plan(connection, settings.project, Scope(KEY, stages_as_they_come().shared, True), made_by="benchmark")
        all_s = time.perf_counter() - started
        store.dispose()
    kept = sum(loaded.carried.confirmed.values()) if loaded.carried else 0
    more = f"{stored_s:.2f} s to load and carry over ({kept:,} confirmed), {flushed_s:.2f} s for {events:,} events, the rest to plan {draft.nodes:,} requests"
    return [Figure("upgrade, both stages, everything reusable reused", "s", 12, all_s, more)]
