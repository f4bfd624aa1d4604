"""Writes what CaseForge did into Dagster's event log, in bulk, and orders its dynamic partitions.

The only user of Dagster's private parts besides `storage`, `event_tables`, `event_packing`, `overtaken_plans`, `planned_events`, `records`, `launcher` and, for removing, `old_history` and `prune`; its tests hold
what is written here against what Dagster itself writes and reads. What is written, and when, is decided elsewhere.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from dagster import AssetKey, AssetMaterialization, AssetObservation, DagsterInstance, DagsterRun, JobDefinition
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DATA_VERSION_TAG,
    NULL_EVENT_POINTER,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)
from dagster._core.definitions.partitions.utils import raise_error_on_invalid_partition_key_substring
from dagster._core.events import (
    AssetMaterializationPlannedData,
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._core.remote_origin import RemoteRepositoryOrigin
from dagster._core.storage.event_log.schema import DynamicPartitionsTable
from dagster._time import get_current_timestamp
from dagster_postgres.event_log import PostgresEventLogStorage

from caseforge_assets.defs.events.records import write_record
from caseforge_assets.defs.private.event_packing import EventPacker
from caseforge_assets.defs.private.event_tables import Chunk, event_storage, store_events
from caseforge_assets.defs.private.overtaken_plans import overtaken_plans


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


@dataclass(frozen=True)
class _Writer:
    """The run and step that events are written for."""

    run_id: str
    job_name: str
    step_key: str | None

    def entry(self, kind: DagsterEventType, data: Any, message: str, timestamp: float | None = None) -> EventLogEntry:
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
    writer = _Writer(run_id or RUNLESS_RUN_ID, job_name or RUNLESS_JOB_NAME, step_key)
    storage = event_storage(instance)
    overtaken = overtaken_plans(storage, [(event.asset_key, event.partition) for event in events], writer.run_id)
    entries = [entry for event in events for entry in _after_its_plan(event, overtaken)]
    ids = store_events(
        instance,
        [entry.asset_key for entry in entries],
        lambda some, times: _packed(storage, writer, [entries[place] for place in some], times),
    )
    return [event_id for entry, event_id in zip(entries, ids, strict=True) if isinstance(entry, AssetEvent)]


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
    writer = _Writer(run_id or RUNLESS_RUN_ID, job_name or RUNLESS_JOB_NAME, step_key)
    entries = []
    for note in notes:
        observation = AssetObservation(AssetKey(note.asset_key), note.description, note.metadata, note.partition)
        entries.append(writer.entry(DagsterEventType.ASSET_OBSERVATION, AssetObservationData(observation), note.description))
    return _insert_entries(instance, entries)


def write_failures(
    instance: DagsterInstance,
    job: JobDefinition,
    message: str,
    partitions: Sequence[tuple[tuple[str, ...], str]],
    *,
    tags: Mapping[str, str] | None = None,
    repository: RemoteRepositoryOrigin | None = None,
) -> str:
    """Show partitions as failed for one reason, through a failed run of their own. A later materialization makes them good again.

    To Dagster, a partition failed when it was planned, after its last materialization, in a run that failed. The run is failed before
    anything is planned in it: killed at any point, nothing is left "in progress" (a run that never started has no time-out, either).

    Args:
        instance: Dagster's instance, on PostgreSQL.
        job: The job that the run is shown under, without assets of its own; its configuration must have defaults for everything.
        message: The reason, for people; shown as the run's failure, short things first (the page cuts it after 11 lines).
        partitions: Asset keys and partition keys.
        tags: Further tags of the run.
        repository: Where the job is loaded from, when known (of `context.run.remote_job_origin`); otherwise as workspace.yaml has it. Dagster
            re-executes a run by it.

    Returns:
        The run's id.

    Raises:
        ValueError: There are no partitions.
    """
    if not partitions:
        raise ValueError("A failed run without partitions would say nothing about any of them.")
    run = write_record(instance, job, tags or {}, repository, message=message)
    _plan(instance, run, partitions)
    return run.run_id


def add_to_failures(
    instance: DagsterInstance, run_id: str, message: str, partitions: Sequence[tuple[tuple[str, ...], str]], tags: Mapping[str, str]
) -> None:
    """Show more partitions as failed through a failed run that is there already.

    Args:
        instance: Dagster's instance, on PostgreSQL.
        run_id: As `write_failures` gave it.
        message: What is to be added to what the run says; empty: nothing.
        partitions: As in `write_failures`.
        tags: Tags of the run that become others.
    """
    run = instance.get_run_by_id(run_id)
    if run is None:
        raise LookupError(f"Dagster has no run {run_id} any more, which was to list failed nodes")
    if message:
        instance.report_engine_event(message, run)
    instance.add_run_tags(run_id, tags)
    _plan(instance, run, partitions)


def _plan(instance: DagsterInstance, run: DagsterRun, partitions: Sequence[tuple[tuple[str, ...], str]]) -> None:
    writer = _Writer(run.run_id, run.job_name, next(iter(run.step_keys_to_execute or []), None))
    _insert_entries(instance, [_planned_entry(writer, AssetKey(asset), partition) for asset, partition in partitions])


def set_partitions(instance: DagsterInstance, name: str, keys: Sequence[str]) -> tuple[int, int]:
    """Make the partitions of a dynamic partitions definition exactly these, in this order.

    Dagster keeps them in the order of insertion, so that anything but an addition at the end is written anew, in one transaction.

    Args:
        instance: Dagster's instance, on PostgreSQL.
        name: The definition's name.
        keys: All partition keys.

    Returns:
        How many keys were added and how many removed.

    Raises:
        ValueError: A key is there twice.
        DagsterInvalidDefinitionError: A key has a character, or three dots, that Dagster doesn't allow.
    """
    if len(set(keys)) != len(keys):
        raise ValueError(f"The partitions of {name} hold a key twice.")
    raise_error_on_invalid_partition_key_substring(keys)
    table = DynamicPartitionsTable
    of_definition = table.c.partitions_def_name == name
    with event_storage(instance).index_transaction() as connection:
        connection.exec_driver_sql(f"lock table {table.name} in share row exclusive mode")
        present = list(connection.scalars(table.select().with_only_columns(table.c.partition).where(of_definition).order_by(table.c.id)))
        unchanged = len(present) if list(keys[: len(present)]) == present else 0
        if not unchanged:
            connection.execute(table.delete().where(of_definition))
        rows = [{"partitions_def_name": name, "partition": key} for key in keys[unchanged:]]
        if rows:
            connection.execute(table.insert().returning(table.c.id, sort_by_parameter_order=True), rows)
    return len(set(keys) - set(present)), len(set(present) - set(keys))


def _materialization_entry(writer: _Writer, event: AssetEvent, timestamp: float) -> EventLogEntry:
    tags, asset_key = _tags(writer, event), AssetKey(event.asset_key)
    materialization = AssetMaterialization(asset_key, metadata=event.metadata, partition=event.partition, tags=tags)
    data = StepMaterializationData(materialization)
    return writer.entry(DagsterEventType.ASSET_MATERIALIZATION, data, f"Materialized value {'/'.join(event.asset_key)}.", timestamp)


def _planned_entry(writer: _Writer, asset_key: AssetKey, partition: str | None, timestamp: float | None = None) -> EventLogEntry:
    data = AssetMaterializationPlannedData(asset_key, partition=partition)
    message = f"{writer.job_name} intends to materialize asset {asset_key.to_string()}"
    return writer.entry(DagsterEventType.ASSET_MATERIALIZATION_PLANNED, data, message, timestamp)


def _tags(writer: _Writer, event: AssetEvent) -> dict[str, str]:
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


def _insert_entries(instance: DagsterInstance, entries: Sequence[EventLogEntry]) -> list[int]:
    """Store asset events that have no tags; returns their ids in the order of the entries."""
    storage = event_storage(instance)

    def chunk(places: Sequence[int], times: Sequence[float]) -> Chunk:
        timed = [entries[place]._replace(timestamp=at) for place, at in zip(places, times, strict=True)]
        return Chunk([storage._event_to_row(entry) for entry in timed], [{} for _ in timed], timed[-1])

    return store_events(instance, [tuple(_asset_of(entry).path) for entry in entries], chunk)


def _packed(storage: PostgresEventLogStorage, writer: _Writer, entries: Sequence[AssetEvent | _Plan], times: Sequence[float]) -> Chunk:
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


def _entry(writer: _Writer, entry: AssetEvent | _Plan, timestamp: float) -> EventLogEntry:
    if isinstance(entry, AssetEvent):
        return _materialization_entry(writer, entry, timestamp)
    return _planned_entry(writer, AssetKey(entry.asset_key), entry.partition, timestamp)


def _column_time(timestamp: float) -> datetime:
    """As Dagster has it in the column beside an event: UTC, without saying so."""
    return datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)


def _asset_of(entry: EventLogEntry) -> AssetKey:
    asset_key = entry.get_dagster_event().asset_key
    if asset_key is None:
        raise TypeError("Only events of assets are stored here.")
    return asset_key
