"""Entries of Dagster's event log, as it makes them itself, and their way into its tables."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dagster import AssetKey, DagsterInstance
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._time import get_current_timestamp

from caseforge_assets.defs.private.event_tables import Chunk, event_storage, store_events


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
