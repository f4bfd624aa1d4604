"""Mirrors the outbox to Dagster: one flusher at a time, in row order, in bulk. A crash loses nothing, flushing twice does no harm."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dagster import AssetKey, DagsterInstance, JobDefinition, MetadataValue

from caseforge_assets.commands.mirroring.show_versions import shown_versions
from caseforge_assets.commands.providing.open_project import StoredProject
from caseforge_assets.defs.events import event_pages
from caseforge_assets.defs.events.event_metadata import ALL_ROWS, PARTITION_ROWS, event_metadata, framework_metadata
from caseforge_assets.defs.events.event_pages import RunOfEvents
from caseforge_assets.defs.mirroring.failure_records import FailureRecords
from caseforge_assets.defs.names import CODE_LOCATION, EDITION, REGENERATE_JOB, RUN_REPORT, SINGLETON_REPOSITORY, partitions_name
from caseforge_assets.defs.private.lineage import AssetEvent, PartitionNote, write_materializations, write_observations
from caseforge_assets.defs.private.partitions import set_partitions
from caseforge_assets.safe_text import plain_text
from caseforge_assets.stages.stage import Stage, shown_stage_version, stage_version
from caseforge_assets.stages.stages import FRAMEWORK, Asset, Stages, all_assets
from caseforge_assets.store.database.engine import Connection, Engine, try_lock
from caseforge_assets.store.editions import frameworks, nodes
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import Kind
from caseforge_assets.store.mirroring.previews import Preview, previews, row_counts

gc.freeze()  # Dagster is loaded by now and stays; looking through all of it again and again was a tenth of a flush

FLUSH_LOCK = "flush outbox"
ROWS_PER_CHUNK = 4_000
OTHERS_PATIENCE_S = 120.0
OTHERS_PAUSE_S = 0.2


@dataclass(frozen=True)
class Flushed:
    """The number of events that a flush wrote, and the frameworks whose rows they were."""

    events: int = 0
    frameworks: frozenset[str] = frozenset()


def flush_outbox(
    instance: DagsterInstance,
    project: StoredProject,
    failures_job: JobDefinition,
    run: RunOfEvents | None = None,
    *,
    patience_s: float = OTHERS_PATIENCE_S,
) -> Flushed | None:
    """Tells Dagster of everything that it was not told of; returns what that was, or None where it is left to somebody else.

    While somebody else is at it, it is waited for: rows that came after that one's last look would stay behind.

    Args:
        failures_job: the job that failed partitions are shown under.
        patience_s: how long somebody else is waited for; 0 for who has no rows of its own.
    """
    store, give_up_at = project.store, time.monotonic() + patience_s
    while True:
        with try_lock(store, FLUSH_LOCK) as held:
            if held:
                with store.connect() as connection:
                    events = outbox.count_unflushed(connection)
                run = run or RunOfEvents()
                if run.run_id and events > event_pages.EVENTS_ON_A_PAGE:
                    run = event_pages.list_beside(instance, run, events)
                failures = FailureRecords(instance, failures_job, run)
                return _flush_all(instance, store, _Shown(project, all_assets(project.stages), failures, run))
        with store.connect() as connection:
            left = outbox.count_unflushed(connection)
        if not left:
            return Flushed()
        if time.monotonic() >= give_up_at:
            return None
        time.sleep(OTHERS_PAUSE_S)


@dataclass(frozen=True)
class _Shown:
    """The project of a flush, its assets in the order in which data passes, records for failures, and the run that events are in."""

    project: StoredProject
    assets: tuple[Asset, ...]
    failures: FailureRecords
    run: RunOfEvents


def _flush_all(instance: DagsterInstance, store: Engine, show: _Shown) -> Flushed:
    flushed = Flushed()
    while chunk := _flush_chunk(instance, store, show):
        flushed = Flushed(flushed.events + chunk.events, flushed.frameworks | chunk.frameworks)
    return flushed


def _flush_chunk(instance: DagsterInstance, store: Engine, show: _Shown) -> Flushed | None:
    """Returns the events that were written, those that were overtaken are not; None where nothing was left to flush."""
    stages = show.project.stages
    with store.connect() as connection:
        rows = outbox.unflushed(connection, ROWS_PER_CHUNK)
        if not rows:
            return None
        keys_loaded = {row.framework_key for row in rows if row.asset == FRAMEWORK}
        partitions = {key: nodes.partition_keys(connection, key) for key in keys_loaded}
        shown = _previews(connection, stages, [row.id for row in rows if row.node_id is not None])
        metadata = _metadata(connection, show, rows, shown)
        _with_row_counts(connection, stages, rows, metadata)
    for key, partition_keys in partitions.items():
        set_partitions(instance, partitions_name(key), partition_keys)
    run, event_ids = show.run, dict[int, int | None]()
    for asset, stage in ((FRAMEWORK, None), *((asset.name, asset.stage) for asset in show.assets)):
        made = [row for row in rows if row.asset == asset and row.kind == Kind.made]
        if not made:
            continue
        events = _asset_events(store, show.project, stage, made, metadata, event_ids)
        written = write_materializations(instance, events, run_id=run.run_id, job_name=run.job_name, step_key=run.step_key)
        event_ids |= dict(zip((row.id for row in made), written, strict=True))
    if standing := sorted(_standing(store, rows), key=lambda row: shown[row.id].position or 0):  # answers come in any order
        notes = [_note(row, metadata[row.id]) for row in standing]
        written = write_observations(instance, notes, run_id=run.run_id, job_name=run.job_name, step_key=run.step_key)
        event_ids |= dict(zip((row.id for row in standing), written, strict=True))
        if failed := [row for row in standing if row.kind == Kind.failed]:
            show.failures.write(failed)
    with store.begin() as connection:
        outbox.mark_flushed(connection, {row.id: event_ids.get(row.id) for row in rows})
    return Flushed(len(event_ids), frozenset(row.framework_key for row in rows))


def _note(row: Any, metadata: Mapping[str, Any]) -> PartitionNote:
    """The reason stands in the metadata, too: a partition's panel shows that of its newest notes first, and their description nowhere."""
    said = {str(row.kind): plain_text(row.reason.removeprefix(f"{row.kind}: "))}
    return PartitionNote((row.framework_key, row.asset), row.partition_key, row.reason, said | dict(metadata))


def _previews(connection: Connection, stages: Stages, row_ids: Sequence[int]) -> dict[int, Preview]:
    return previews(
        connection,
        row_ids,
        with_request=[stage.inputs for stage in stages],
        with_items=[stage.content for stage in stages],
        item_fields=[name for stage in stages for name in stage.item_columns.values()],
    )


def _metadata(connection: Connection, show: _Shown, rows: Sequence[Any], shown: Mapping[int, Preview]) -> dict[int, dict[str, Any]]:
    assets = {asset.name: asset for asset in show.assets}
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        if preview := shown.get(row.id):
            found[row.id] = _of_node(show.project, row, preview, assets.get(row.asset))
        else:
            edition = frameworks.current_edition(connection, row.framework_key)
            found[row.id] = _of_framework(connection, row.framework_key, edition) if edition else {}
    return found


def _of_node(project: StoredProject, row: Any, preview: Preview, asset: Asset | None) -> dict[str, Any]:
    shown = event_metadata(preview, asset, project.folder.describe) if asset else {}
    if shown and (public_url := project.configuration.service.public_url):
        page = f"{public_url}/frameworks/{quote(row.framework_key, safe='')}/nodes/{quote(str(row.partition_key), safe='')}"
        shown["page"] = MetadataValue.url(page)
    if row.kind == Kind.failed:
        shown["ask_again"] = MetadataValue.job(REGENERATE_JOB, CODE_LOCATION, repository_name=SINGLETON_REPOSITORY)
    if "batch" in shown:
        shown["all_batches"] = MetadataValue.asset(AssetKey([row.framework_key, RUN_REPORT]))
    return shown


def _of_framework(connection: Connection, key: str, edition: frameworks.Edition) -> dict[str, Any]:
    return framework_metadata(edition, frameworks.levels_of(connection, edition.id), nodes.target_nodes(connection, key))


def _with_row_counts(connection: Connection, stages: Stages, rows: Sequence[Any], metadata: Mapping[int, dict[str, Any]]) -> None:
    """Beside how many rows a partition has, how many all of them have: that is what an asset's page shows of its newest event."""
    totals = {key: row_counts(connection, stages, key) for key in {row.framework_key for row in rows}}
    lists = {stage.content for stage in stages if stage.is_list}
    for row in rows:
        shown, of_framework = metadata[row.id], totals[row.framework_key]
        if row.kind == Kind.made and shown and row.asset in of_framework:
            shown[ALL_ROWS] = of_framework[row.asset]
            if row.partition_key:
                shown.setdefault(PARTITION_ROWS, 0 if row.asset in lists else 1)


def _asset_events(
    store: Engine,
    project: StoredProject,
    stage: Stage | None,
    rows: Sequence[Any],
    metadata: Mapping[int, dict[str, Any]],
    event_ids: Mapping[int, int | None],
) -> list[AssetEvent]:
    with store.connect() as connection:
        read = outbox.upstream_versions(connection, sorted({row_id for row in rows for row_id in row.upstream.values()}))
        versions = {key: _shown_with(connection, project, key, stage, rows) for key in {row.framework_key for row in rows}}
    return [
        AssetEvent(
            asset_key=(row.framework_key, row.asset),
            partition=row.partition_key,
            data_version=row.data_version,
            code_version=versions[row.framework_key].get(row.code_version, row.code_version) or None,
            inputs=_above(project, row)
            | {
                (row.framework_key, upstream): (read[row_id][0], event_ids.get(row_id) or read[row_id][1])
                for upstream, row_id in row.upstream.items()
                if row_id in read
            },
            metadata=metadata[row.id],
            whole_inputs=frozenset({(row.framework_key, FRAMEWORK)}),
        )
        for row in rows
    ]


def _shown_with(connection: Connection, project: StoredProject, key: str, stage: Stage | None, rows: Sequence[Any]) -> dict[str, str]:
    """By the version that rows of a framework were made with, the code version that Dagster is shown; there are none of what belongs to no stage."""
    if stage is None:
        return {}
    stage, settings = project.stages.in_framework(stage, key), project.stage_settings[stage.key]
    made_with, current = {row.code_version for row in rows if row.framework_key == key and row.code_version}, stage_version(stage, settings)
    if made_with <= {current}:
        return {current: shown_stage_version(stage, settings)}
    return shown_versions(connection, project, key, stage, made_with)


def _above(project: StoredProject, row: Any) -> dict[tuple[str, ...], tuple[str, int | None]]:
    """Gives what a framework was made from that another asset feeds: the edition of the same table. One that was loaded from elsewhere is stale to it."""
    entry = project.configuration.frameworks.get(row.framework_key) if row.asset == FRAMEWORK else None
    return {(row.framework_key, EDITION): (row.data_version, None)} if entry and entry.table else {}


def _standing(store: Engine, rows: Sequence[Any]) -> list[Any]:
    """The failures and the notes of waiting that no later row of the same node and asset overtakes, in this chunk or any other."""
    passing = [row for row in rows if row.kind != Kind.made]
    with store.connect() as connection:
        overtaken = outbox.overtaken(connection, [row.id for row in passing])
    return [row for row in passing if row.id not in overtaken]
