"""Entries of Dagster's event log, as it makes them itself or in a quarter of that time, and their way into its tables."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster import AssetKey, DagsterInstance
from dagster._core.definitions.metadata import normalize_metadata_value
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent, DagsterEventType
from dagster._core.events.log import EventLogEntry
from dagster._time import get_current_timestamp
from dagster_shared.serdes import pack_value

from caseforge_assets.defs.private.event_tables import Chunk, event_storage, store_events

# Plain values in the form that Dagster has stored them in from the beginning, and goes on reading. A test holds it against what it writes.
_PLAIN = {
    str: ("TextMetadataEntryData", "text"),
    int: ("IntMetadataEntryData", "value"),
    float: ("FloatMetadataEntryData", "value"),
    bool: ("BoolMetadataEntryData", "value"),
}


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


class EventPacker:
    """Packs materializations of one asset that are written for one run and step.

    Dagster's own serializer walks through every object of every event, though nearly all of them are the same in all events of an asset. Here it packs
    one event whole; the others are that one with a partition, tags, metadata and a time of their own.
    """

    def __init__(self, entry: EventLogEntry) -> None:
        """Take one of them as the form of all: Dagster's entry of the log."""
        packed: Any = pack_value(entry)
        self._entry = packed
        self._materialization = packed["dagster_event"]["event_specific_data"]["materialization"]

    def pack(self, partition: str | None, tags: Mapping[str, str], metadata: Mapping[str, Any], timestamp: float) -> str:
        """Give the text that Dagster stores.

        Args:
            partition: The partition key; None for an asset without partitions.
            tags: All tags of the event.
            metadata: Dagster metadata by label, raw or as MetadataValue.
            timestamp: Its time, in seconds since 1970.

        Raises:
            DagsterInvalidMetadata: A value is nothing that Dagster can show.
        """
        entries = [_metadata_entry(label, value) for label, value in metadata.items()]
        self._entry["timestamp"] = timestamp
        self._materialization.update({"partition": partition, "tags": tags, "metadata_entries": entries})
        return json.dumps(self._entry, sort_keys=True)


def _metadata_entry(label: str, value: Any) -> dict[str, Any]:
    if plain := _PLAIN.get(type(value)):
        packed: object = {"__class__": plain[0], plain[1]: value}
    else:
        of_dagster: Any = normalize_metadata_value(value)
        packed = pack_value(of_dagster)
    return {"__class__": "EventMetadataEntry", "label": label, "entry_data": packed, "description": None}
