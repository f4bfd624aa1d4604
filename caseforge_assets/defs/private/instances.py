"""Looks at an instance of Dagster: where it keeps events and runs, over which connections, and who launches its runs."""

from __future__ import annotations

from dataclasses import dataclass

from dagster import DagsterInstance
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.run_storage import PostgresRunStorage

from caseforge_assets.redaction import shown_database
from caseforge_assets.store.database.location import database_place

_THREE = "CompositeStorage"  # one for events, one for runs, one for schedules
_IN_CODE_SERVERS = ("DefaultRunLauncher", "CaseforgeRunLauncher")


@dataclass(frozen=True)
class Kept:
    """The place where an instance keeps what it knows: class of its storage, and database, for people."""

    storage: str
    database: str


def where_kept(instance: DagsterInstance) -> Kept:
    """Say it of an instance that `why_refused` has nothing against."""
    whole = instance.get_ref().storage_data
    name = whole.class_name if whole and whole.class_name != _THREE else type(instance.event_log_storage).__name__
    events = instance.event_log_storage
    return Kept(name, shown_database(events.postgres_url) if isinstance(events, PostgresEventLogStorage) else "")


def why_refused(instance: DagsterInstance) -> str | None:
    """Say why nothing can be shown in an instance: events are written, and runs are asked for, in one database of PostgreSQL. It need not be CaseForge's."""
    events, runs = instance.event_log_storage, instance.run_storage
    for what, storage, wanted in (("events", events, PostgresEventLogStorage), ("runs", runs, PostgresRunStorage)):
        if not isinstance(storage, wanted):
            return f"it keeps its {what} in {type(storage).__name__}, and CaseForge shows what it does in PostgreSQL alone"
    assert isinstance(events, PostgresEventLogStorage)
    assert isinstance(runs, PostgresRunStorage)
    if database_place(events.postgres_url) != database_place(runs.postgres_url):
        return "it keeps its events in another database than its runs, and CaseForge asks for both at once"
    return None


def launches_in_code_servers(instance: DagsterInstance) -> bool:
    """Tell whether runs are children of code servers; else they are somewhere else, such as in a container, and Dagster asks their launcher for them."""
    launcher = instance.get_ref().run_launcher_data if instance.is_persistent else None
    return launcher is None or launcher.class_name in _IN_CODE_SERVERS


def keep_connections(instance: DagsterInstance) -> None:
    """Let a run or a command use its connections to Dagster's database again and again: by default each statement or two opens its own."""
    for storage in (instance.event_log_storage, instance.run_storage):
        storage.optimize_for_webserver(statement_timeout=0, pool_recycle=-1, max_overflow=-1)  # no time-out, no limit, as before


def close_connections(instance: DagsterInstance) -> None:
    """Close those that were kept; an instance that ends does not."""
    for storage in (instance.event_log_storage, instance.run_storage):
        if isinstance(storage, (PostgresEventLogStorage, PostgresRunStorage)):
            storage._engine.dispose()
