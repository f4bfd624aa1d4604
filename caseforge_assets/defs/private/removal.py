"""Counts and removes what is old in Dagster's tables, in bulk: there is no public way to remove events or runs. What may go is found in `old_history`."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dagster import DagsterInstance
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, AssetEventTagsTable, SqlEventLogStorageTable
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable

from caseforge_assets.defs.private.event_storage import event_storage
from caseforge_assets.defs.private.old_history import SPARE_EVENT, Old, rows_of
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.mirroring import upkeep
from caseforge_assets.store.mirroring.upkeep import TableSize

EVENTS_PER_TRANSACTION = 20_000
RUNS_PER_TRANSACTION = 100
TABLES = (RunsTable, RunTagsTable, SqlEventLogStorageTable, AssetEventTagsTable, AssetCheckExecutionsTable)


@dataclass(frozen=True)
class Removed:
    """Numbers of things that are removed; the events of removed runs are among the events."""

    runs: int
    events: int
    check_evaluations: int
    outbox_rows: int


_COUNT = f"select count(*) from event_logs e where e.run_id = any(cast(%(runs)s as text[])) or ({SPARE_EVENT})"  # noqa: S608


def count_old(instance: DagsterInstance, old: Old) -> Removed:
    """Count what would be removed."""
    with event_storage(instance).index_connection() as connection:
        (events,) = rows_of(connection, _COUNT, **old.values())
    return Removed(len(old.runs), events, len(old.evaluations), len(old.outbox_rows))


def remove_old(instance: DagsterInstance, store: Engine, old: Old) -> Removed:
    """Remove what was found. The outbox first: no row of it may refer to an event that is gone. Runs last: their events show that they are to go."""
    outbox_rows = upkeep.delete_outbox_rows(store, old.outbox_rows)
    evaluations = sum(_delete_evaluations(instance, chunk) for chunk in _chunks(old.evaluations, EVENTS_PER_TRANSACTION))
    events = _delete_single_events(instance, old)
    events += sum(_delete_runs(instance, chunk) for chunk in _chunks(old.runs, RUNS_PER_TRANSACTION))
    return Removed(len(old.runs), events, evaluations, outbox_rows)


def _delete_evaluations(instance: DagsterInstance, ids: Sequence[int]) -> int:
    with event_storage(instance).index_transaction() as connection:
        return connection.exec_driver_sql("delete from asset_check_executions where id = any(%(ids)s)", {"ids": list(ids)}).rowcount


_DELETE_EVENTS = """
with gone as (delete from event_logs e where {} returning e.id),
     tags as (delete from asset_event_tags t using gone where t.event_id = gone.id)
select count(*) from gone
"""
_DELETE_SINGLE = _DELETE_EVENTS.format(f"e.id > %(after)s and e.id <= %(upto)s and {SPARE_EVENT}")
_DELETE_OF_RUNS = _DELETE_EVENTS.format("e.run_id = any(%(runs)s)")


def _delete_single_events(instance: DagsterInstance, old: Old) -> int:
    """Some thousand ids a transaction."""
    deleted = 0
    with event_storage(instance).index_connection() as connection:
        first, last = connection.exec_driver_sql("select coalesce(min(id), 0), coalesce(max(id), -1) from event_logs").one()
    for after in range(first - 1, last, EVENTS_PER_TRANSACTION):
        upto = after + EVENTS_PER_TRANSACTION
        kept = old.kept[bisect_left(old.kept, after) : bisect_left(old.kept, upto + 1)]
        with event_storage(instance).index_transaction() as connection:
            deleted += rows_of(connection, _DELETE_SINGLE, **old.values(kept=kept, after=after, upto=upto))[0]
    return deleted


def _delete_runs(instance: DagsterInstance, runs: Sequence[str]) -> int:
    """Runs with what they printed and logged, and the places in pools that they may still hold; returns how many events that were."""
    storage, values = event_storage(instance), {"runs": list(runs)}
    for run_id in runs:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
    with storage.index_transaction() as connection:
        holders = rows_of(connection, "select distinct run_id from concurrency_slots where run_id = any(%(runs)s)", **values)
        deleted: int = rows_of(connection, _DELETE_OF_RUNS, **values)[0]
        connection.exec_driver_sql("delete from run_tags where run_id = any(%(runs)s)", values)
        connection.exec_driver_sql("delete from runs where run_id = any(%(runs)s)", values)
    for run_id in holders:
        storage.free_concurrency_slots_for_run(run_id)
    return deleted


def vacuum(instance: DagsterInstance, store: Engine) -> None:
    """Give the room that was freed to what comes, and let PostgreSQL count anew."""
    with event_storage(instance).index_connection() as connection:  # which is in no transaction
        for table in TABLES:
            connection.exec_driver_sql(f"vacuum (analyze) {table.name}")
    upkeep.vacuum_outbox(store)


def table_sizes(instance: DagsterInstance, store: Engine) -> list[TableSize]:
    """Say what the tables of the history take up: Dagster's, and the outbox."""
    with event_storage(instance).index_connection() as connection:
        return [*(upkeep.size_of(connection, table) for table in TABLES), upkeep.size_of_outbox(store)]


def _chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
