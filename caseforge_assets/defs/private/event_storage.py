"""Dagster's event log in PostgreSQL: planned by asset, read with its newest plans, and filled with many events at once.

A new run notes the assets that it is going to materialize once each, instead of once for each partition. By default Dagster writes an event for every partition of
every asset, one by one, before the run may start: two minutes for 1,545 nodes and eight assets, in which the run's start times out. If the run then fails, or never
begins, all of these partitions are failed to Dagster, also those that hold what is good. Its storages may do it by asset instead, which this one does. So a
partition's state is made by what CaseForge writes about it (`lineage`), and by nothing else: a run that dies leaves every partition as it was.

Many events are stored in the storage's own way of a batch, with ids that are known beforehand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC
from functools import wraps
from typing import Any

from dagster import AssetKey, DagsterInstance
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.event_log.schema import AssetEventTagsTable, AssetKeyTable, SqlEventLogStorageTable
from dagster._time import get_current_timestamp
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_shared.record import replace

from caseforge_assets.store.database.copy import copy_rows, next_ids
from caseforge_assets.store.database.engine import Connection

EVENTS_PER_TRANSACTION = 500
_NEWEST_PLANS = """
select a.asset_key, plan.id, plan.run_id from asset_keys a cross join lateral (
    select id, run_id from event_logs p where p.asset_key = a.asset_key and p.dagster_event_type = 'ASSET_MATERIALIZATION_PLANNED'
    order by id desc limit 1) plan
where %(all)s or a.asset_key = any(%(asset_keys)s)
"""


class EventsPlannedByAsset(PostgresEventLogStorage):
    """Dagster's event log in PostgreSQL, with one planned event for each asset of a run."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_once(self, "has_table", "has_asset_key_col", "_has_asset_key_col_on_connection")

    @property
    def supports_partition_subset_in_asset_materialization_planned_events(self) -> bool:
        """Tell Dagster, before it makes them, that one event may plan many partitions."""
        return True

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event; a planned one without its partitions.

        Nothing reads them (the run's own tags say which they are), and 30,000 keys would be written once for each asset.
        """
        super().store_event(_by_asset(event))

    @property
    def asset_records_have_last_planned_and_failed_materializations(self) -> bool:
        """Tell Dagster that a record says which event planned its asset last."""
        return True

    def get_asset_records(self, asset_keys: Sequence[AssetKey] | None = None) -> Sequence[AssetRecord]:
        """Read assets with their newest plans, and these before what was materialized.

        Dagster's cached count of partitions takes in what came up to the later of the two. By default it asks for the plan last, on a page seconds after the
        record: what was materialized in between, before another plan, was never counted.
        """
        plans = self._newest_plans(asset_keys)
        return [
            replace(record, asset_entry=replace(record.asset_entry, **plans.get(record.asset_entry.asset_key, {})))
            for record in super().get_asset_records(asset_keys)
        ]

    def _newest_plans(self, asset_keys: Sequence[AssetKey] | None) -> dict[AssetKey | None, dict[str, Any]]:
        asked = {"all": asset_keys is None, "asset_keys": [key.to_string() for key in asset_keys or ()]}
        with self.index_connection() as connection:
            rows = connection.exec_driver_sql(_NEWEST_PLANS, asked).all()
        return {
            AssetKey.from_db_string(key): {
                "last_planned_materialization_storage_id": event_id,
                "last_planned_materialization_run_id": run_id,
            }
            for key, event_id, run_id in rows
        }


def _by_asset(event: EventLogEntry) -> EventLogEntry:
    of_dagster = event.dagster_event
    planned = of_dagster.event_specific_data if of_dagster else None
    if of_dagster is None or not isinstance(planned, AssetMaterializationPlannedData) or planned.partitions_subset is None:
        return event
    return event._replace(dagster_event=of_dagster._replace(event_specific_data=AssetMaterializationPlannedData(planned.asset_key)))


def ask_once(storage: object, *questions: str) -> None:
    """Lets a storage not ask PostgreSQL again for a table or column that is there; Dagster would, before nearly every read and write."""
    for name in questions:
        setattr(storage, name, _once_there(getattr(storage, name)))


def _once_there(ask: Callable[..., bool]) -> Callable[..., bool]:
    there: set[tuple[str, ...]] = set()

    @wraps(ask)
    def asked(*args: Any) -> bool:
        names = tuple(name for name in args if isinstance(name, str))  # what else there is, is the connection to ask on
        if names not in there and ask(*args):
            there.add(names)
        return names in there

    return asked


def event_storage(instance: DagsterInstance) -> PostgresEventLogStorage:
    """The storage of Dagster's events.

    Raises:
        TypeError: they are not in PostgreSQL.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, PostgresEventLogStorage):
        raise TypeError(f"Dagster's events must be in PostgreSQL; this instance keeps them in {type(storage).__name__}. See dagster.yaml.")
    return storage


@dataclass(frozen=True)
class Writer:
    """The run and step that events are written for."""

    run_id: str
    job_name: str
    step_key: str | None

    def entry(self, kind: DagsterEventType, data: Any, message: str, timestamp: float | None = None) -> EventLogEntry:
        """Make an event of theirs; without a time, of now."""
        event = DagsterEvent(kind.value, job_name=self.job_name, event_specific_data=data, message=message, step_key=self.step_key)
        return EventLogEntry(  # type: ignore[no-untyped-call]
            error_info=None,
            level=logging.DEBUG,
            user_message="",
            run_id=self.run_id,
            timestamp=timestamp or get_current_timestamp(),
            step_key=self.step_key,
            job_name=self.job_name,
            dagster_event=event,
        )


def planned_entry(writer: Writer, asset_key: AssetKey, partition: str | None, timestamp: float | None = None) -> EventLogEntry:
    """Make the event by which a run plans a partition of an asset."""
    data = AssetMaterializationPlannedData(asset_key, partition=partition)
    message = f"{writer.job_name} intends to materialize asset {asset_key.to_string()}"
    return writer.entry(DagsterEventType.ASSET_MATERIALIZATION_PLANNED, data, message, timestamp)


def insert_entries(instance: DagsterInstance, entries: Sequence[EventLogEntry]) -> list[int]:
    """Store asset events that have no tags; returns their ids in the order of the entries."""
    storage = event_storage(instance)

    def chunk(places: Sequence[int], times: Sequence[float]) -> Chunk:
        timed = [entries[place]._replace(timestamp=at) for place, at in zip(places, times, strict=True)]
        return Chunk([storage._event_to_row(entry) for entry in timed], [{} for _ in timed], timed[-1])

    return store_events(instance, [tuple(_asset_of(entry).path) for entry in entries], chunk)


def _asset_of(entry: EventLogEntry) -> AssetKey:
    asset_key = entry.get_dagster_event().asset_key
    if asset_key is None:
        raise TypeError("Only events of assets are stored here.")
    return asset_key


@dataclass(frozen=True)
class Chunk:
    """Events of one asset: rows of Dagster's table of events, per row the tags that it looks up, and the last event."""

    rows: Sequence[dict[str, Any]]
    tags: Sequence[Mapping[str, str]]
    last: EventLogEntry


def store_events(
    instance: DagsterInstance, assets: Sequence[tuple[str, ...]], make: Callable[[Sequence[int], Sequence[float]], Chunk]
) -> list[int]:
    """Store asset events; returns their ids in their order.

    PostgreSQL stores some while the next are made: each takes about as long as the other.

    Args:
        assets: The asset of each event.
        make: From places in that order, of events of one asset, and their times in seconds since 1970, to these events.
    """
    if not assets:  # the look at cached counts below inspects Dagster's tables, even for no asset
        return []
    places: dict[tuple[str, ...], list[int]] = {}
    for place, asset in enumerate(assets):
        places.setdefault(asset, []).append(place)
    storage, ids = event_storage(instance), [0] * len(assets)
    with storage.index_connection() as connection:
        new_ids = iter(next_ids(connection, SqlEventLogStorageTable, len(assets)))
        times = {asset: _times(len(of_asset), _last_time(connection, asset)) for asset, of_asset in places.items()}
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="dagster events") as in_order:
        stored = []
        for asset, some in ((asset, some) for asset, of_asset in places.items() for some in _chunks(of_asset)):
            ids_of_some = [next(new_ids) for _ in some]
            for place, event_id in zip(some, ids_of_some, strict=True):
                ids[place] = event_id
            stored.append(in_order.submit(_insert_chunk, storage, make(some, [next(times[asset]) for _ in some]), ids_of_some))
    for writing in stored:
        writing.result()
    _drop_overtaken_statuses(instance, {AssetKey(asset): ids[of_asset[0]] for asset, of_asset in places.items()})
    return ids


def _insert_chunk(storage: PostgresEventLogStorage, chunk: Chunk, ids: Sequence[int]) -> None:
    """Do what Dagster's PostgreSQL storage does for a batch of events, all of it in one transaction.

    One asset a transaction, because only the last event of each is put into the asset's own row.
    """
    rows = [{"id": event_id, **row} for event_id, row in zip(ids, chunk.rows, strict=True)]
    tags = [
        {"event_id": row["id"], "asset_key": row["asset_key"], "key": key, "value": value, "event_timestamp": row["timestamp"]}
        for row, of_event in zip(rows, chunk.tags, strict=True)
        for key, value in of_event.items()
    ]
    with storage.index_transaction() as connection:
        copy_rows(connection, SqlEventLogStorageTable, rows)
        copy_rows(connection, AssetEventTagsTable, tags)
        storage._store_asset_event(connection, chunk.last, ids[-1])


def _drop_overtaken_statuses(instance: DagsterInstance, first_ids: Mapping[AssetKey, int]) -> None:
    """Let Dagster count the partitions of assets anew whose cached count is already past the first of their new events.

    The cache takes in only what has a higher id than it has seen. Ids are given before the transaction is visible, so that a run
    started in the meantime may have moved it on; these partitions would then never be counted.
    """
    for record in instance.get_asset_records(list(first_ids)):
        entry = record.asset_entry
        if entry.cached_status is not None and entry.cached_status.latest_storage_id >= first_ids[entry.asset_key]:
            instance.wipe_asset_cached_status([entry.asset_key])


def _last_time(connection: Connection, asset: tuple[str, ...]) -> float:
    """Time of the newest event of an asset, in seconds since 1970; 0 where there is none."""
    newest = connection.scalar(
        AssetKeyTable.select()
        .with_only_columns(AssetKeyTable.c.last_materialization_timestamp)
        .where(AssetKeyTable.c.asset_key == AssetKey(asset).to_string())
    )
    return newest.replace(tzinfo=UTC).timestamp() if newest else 0.0


def _times(count: int, last_s: float) -> Iterator[float]:
    """A millisecond for each event of an asset, up to now, but later than what the asset has: Dagster's pages tell events of one asset apart by it.

    Half a millisecond is added, because Dagster cuts off what follows.
    """
    first_ms = max(int(get_current_timestamp() * 1000) - count + 1, int(last_s * 1000) + 1)
    return ((first_ms + place + 0.5) / 1000 for place in range(count))


def _chunks(positions: Sequence[int]) -> Iterable[Sequence[int]]:
    return (positions[start : start + EVENTS_PER_TRANSACTION] for start in range(0, len(positions), EVENTS_PER_TRANSACTION))
