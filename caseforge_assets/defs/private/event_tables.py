"""Puts many events into Dagster's tables at once: the storage's own way of a batch, with ids that are known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from dagster import AssetKey, DagsterInstance
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log.schema import AssetEventTagsTable, AssetKeyTable, SqlEventLogStorageTable
from dagster._time import get_current_timestamp
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.run_storage import PostgresRunStorage

from caseforge_assets.store.database.copy import copy_rows, next_ids
from caseforge_assets.store.database.engine import Connection

EVENTS_PER_TRANSACTION = 500


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


def event_storage(instance: DagsterInstance) -> PostgresEventLogStorage:
    """The storage of Dagster's events.

    Raises:
        TypeError: they are not in PostgreSQL.
    """
    storage = instance.event_log_storage
    if not isinstance(storage, PostgresEventLogStorage):
        raise TypeError(f"Dagster's events must be in PostgreSQL; this instance keeps them in {type(storage).__name__}. See dagster.yaml.")
    return storage


def keep_connections(instance: DagsterInstance) -> None:
    """Let a run or a command use its connections to Dagster's database again and again: by default each statement or two opens its own."""
    for storage in (instance.event_log_storage, instance.run_storage):
        storage.optimize_for_webserver(statement_timeout=0, pool_recycle=-1, max_overflow=-1)  # no time-out, no limit, as before


def close_connections(instance: DagsterInstance) -> None:
    """Close those that were kept; an instance that ends does not."""
    for storage in (instance.event_log_storage, instance.run_storage):
        if isinstance(storage, (PostgresEventLogStorage, PostgresRunStorage)):
            storage._engine.dispose()


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
