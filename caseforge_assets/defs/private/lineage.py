"""Writes what CaseForge did into Dagster's event log, in bulk, with what it was made from.

Tests hold what is written here against what Dagster itself writes and reads. What is written, and when, is decided elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from dagster import AssetKey, AssetMaterialization, AssetObservation, DagsterInstance, DagsterRunStatus
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    NULL_EVENT_POINTER,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from dagster._core.definitions.metadata import normalize_metadata_value
from dagster._core.events import AssetObservationData, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_shared.serdes import pack_value

from caseforge_assets.defs.private.event_storage import Chunk, Writer, event_storage, insert_entries, planned_entry, store_events

# Plain values in the form that Dagster has stored them in from the beginning, and goes on reading. A test holds it against what it writes.
_PLAIN = {
    str: ("TextMetadataEntryData", "text"),
    int: ("IntMetadataEntryData", "value"),
    float: ("FloatMetadataEntryData", "value"),
    bool: ("BoolMetadataEntryData", "value"),
}

_OVERTAKEN = """
select p.partition
from (select partition, max(id) as id from event_logs
      where asset_key = %(asset)s and dagster_event_type = 'ASSET_MATERIALIZATION_PLANNED' and partition = any(%(partitions)s)
      group by partition) newest
join event_logs p on p.id = newest.id
join runs r on r.run_id = p.run_id
where p.run_id <> %(run_id)s and r.status <> %(good)s
"""


@dataclass(frozen=True)
class AssetEvent:
    """One materialization: a node's thing at an asset, made or confirmed.

    Attributes:
        asset_key: Parts of the asset's key.
        partition: The node's partition key; None for an asset without partitions.
        data_version: Hash of the content.
        code_version: Version of what made it; None where the asset has none.
        inputs: Per upstream asset that was read: its data version then, and Dagster's event id of that version (None: unknown, which
            Dagster takes for fresh). For partitioned upstream assets Dagster judges by the event id alone.
        metadata: Dagster metadata, raw or as MetadataValue.
        tags: Further tags of the event.
        whole_inputs: Those of the inputs that have no partitions; there Dagster compares the data version itself.
    """

    asset_key: tuple[str, ...]
    partition: str | None
    data_version: str
    code_version: str | None = None
    inputs: Mapping[tuple[str, ...], tuple[str, int | None]] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    whole_inputs: frozenset[tuple[str, ...]] = frozenset()


@dataclass(frozen=True)
class _Plan:
    """The plan of a partition whose last plan was a run's that did not make it."""

    asset_key: tuple[str, ...]
    partition: str | None


@dataclass(frozen=True)
class PartitionNote:
    """Something to know about one partition, such as why it failed; shown beside it, without effect on its state or version."""

    asset_key: tuple[str, ...]
    partition: str | None
    description: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


def write_materializations(
    instance: DagsterInstance,
    events: Sequence[AssetEvent],
    *,
    run_id: str | None = None,
    job_name: str | None = None,
    step_key: str | None = None,
) -> list[int]:
    """Write materializations with their provenance; writing the same ones again does no harm.

    A partition that a failed run planned last is planned anew: its page would go on naming that run beside the green dot.

    Args:
        instance: Dagster's instance, on PostgreSQL.
        events: May be of several assets; of two for the same partition, the later one counts.
        run_id: The run that they belong to; None for events outside of any run, as from the command line.
        job_name: The run's job.
        step_key: The run's step.

    Returns:
        Dagster's event ids in the order of the events: pointers for what is made from them.
    """
    writer = Writer(run_id or RUNLESS_RUN_ID, job_name or RUNLESS_JOB_NAME, step_key)
    storage = event_storage(instance)
    overtaken = _overtaken_plans(storage, [(event.asset_key, event.partition) for event in events], writer.run_id)
    entries = [entry for event in events for entry in _after_its_plan(event, overtaken)]
    ids = store_events(
        instance,
        [entry.asset_key for entry in entries],
        lambda some, times: _packed(storage, writer, [entries[place] for place in some], times),
    )
    return [event_id for entry, event_id in zip(entries, ids, strict=True) if isinstance(entry, AssetEvent)]


def _overtaken_plans(
    storage: PostgresEventLogStorage, made: Iterable[tuple[tuple[str, ...], str | None]], run_id: str
) -> set[tuple[tuple[str, ...], str | None]]:
    """Those of the assets' partitions that another run planned last, which did not succeed, or has not yet.

    Dagster's page of a partition says that such a run failed, until another one plans it. Its runs have to be in the same database as its events; what has no
    partition is left out, because Dagster itself forgets the runs of that.
    """
    by_asset: dict[tuple[str, ...], list[str]] = {}
    for asset, partition in made:
        if partition is not None:
            by_asset.setdefault(asset, []).append(partition)
    found: set[tuple[tuple[str, ...], str | None]] = set()
    with storage.index_connection() as connection:
        for asset, partitions in by_asset.items():
            values = {
                "asset": AssetKey(asset).to_string(),
                "partitions": partitions,
                "run_id": run_id,
                "good": DagsterRunStatus.SUCCESS.value,
            }
            found.update((asset, partition) for partition in connection.exec_driver_sql(_OVERTAKEN, values).scalars())
    return found


def _after_its_plan(event: AssetEvent, overtaken: Collection[tuple[tuple[str, ...], str | None]]) -> list[AssetEvent | _Plan]:
    planned = (event.asset_key, event.partition) in overtaken
    return [_Plan(event.asset_key, event.partition), event] if planned else [event]


def write_observations(
    instance: DagsterInstance,
    notes: Sequence[PartitionNote],
    *,
    run_id: str | None = None,
    job_name: str | None = None,
    step_key: str | None = None,
) -> list[int]:
    """Write notes on partitions as asset observations; arguments and result as in `write_materializations`."""
    writer = Writer(run_id or RUNLESS_RUN_ID, job_name or RUNLESS_JOB_NAME, step_key)
    entries = []
    for note in notes:
        observation = AssetObservation(AssetKey(note.asset_key), note.description, note.metadata, note.partition)
        entries.append(writer.entry(DagsterEventType.ASSET_OBSERVATION, AssetObservationData(observation), note.description))
    return insert_entries(instance, entries)


def _materialization_entry(writer: Writer, event: AssetEvent, timestamp: float) -> EventLogEntry:
    tags, asset_key = _tags(writer, event), AssetKey(event.asset_key)
    materialization = AssetMaterialization(asset_key, metadata=event.metadata, partition=event.partition, tags=tags)
    data = StepMaterializationData(materialization)
    return writer.entry(DagsterEventType.ASSET_MATERIALIZATION, data, f"Materialized value {'/'.join(event.asset_key)}.", timestamp)


def _tags(writer: Writer, event: AssetEvent) -> dict[str, str]:
    """Say, beside the event's own tags, what the version was made from, as Dagster does: its staleness is computed from these.

    Without a code version, Dagster ignores all the rest; it writes the run's id itself where an asset has none.
    """
    tags = {
        **event.tags,
        DATA_VERSION_TAG: event.data_version,
        DATA_VERSION_IS_USER_PROVIDED_TAG: "true",
        CODE_VERSION_TAG: event.code_version or writer.run_id,
    }
    for upstream, (version, event_id) in event.inputs.items():
        of_partitions = event.partition is not None and upstream not in event.whole_inputs
        tags[get_input_data_version_tag(AssetKey(upstream))] = sha256(version.encode()).hexdigest() if of_partitions else version
        tags[get_input_event_pointer_tag(AssetKey(upstream))] = str(event_id) if event_id else NULL_EVENT_POINTER
    return tags


def _packed(storage: PostgresEventLogStorage, writer: Writer, entries: Sequence[AssetEvent | _Plan], times: Sequence[float]) -> Chunk:
    """Materializations of one asset, some of them after their plans."""
    last = _entry(writer, entries[-1], times[-1])
    made = [entry for entry in entries if isinstance(entry, AssetEvent)]
    first = _materialization_entry(writer, made[0], times[0]) if made else last
    form, packer = storage._event_to_row(first), EventPacker(first) if made else None
    rows: list[dict[str, Any]] = []
    tags: list[dict[str, str]] = []
    for entry, at in zip(entries, times, strict=True):
        if packer is None or isinstance(entry, _Plan):
            rows.append(storage._event_to_row(_entry(writer, entry, at)))
            tags.append({})
            continue
        of_event = _tags(writer, entry)
        packed = packer.pack(entry.partition, of_event, entry.metadata, at)
        rows.append({**form, "event": packed, "partition": entry.partition, "timestamp": _column_time(at)})
        tags.append({key: of_event[key] for key in storage.get_asset_tags_to_index(set(of_event))})
    return Chunk(rows, tags, last)


def _entry(writer: Writer, entry: AssetEvent | _Plan, timestamp: float) -> EventLogEntry:
    if isinstance(entry, AssetEvent):
        return _materialization_entry(writer, entry, timestamp)
    return planned_entry(writer, AssetKey(entry.asset_key), entry.partition, timestamp)


def _column_time(timestamp: float) -> datetime:
    """As Dagster has it in the column beside an event: UTC, without saying so."""
    return datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)


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
