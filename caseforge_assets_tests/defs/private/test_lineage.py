"""Events written in bulk must be what Dagster itself writes, and what its UI and its staleness rules make of them must be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from dagster import (
    AssetKey,
    AssetMaterialization,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    DagsterRunStatus,
    MetadataValue,
    materialize,
)
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.errors import DagsterInvalidDefinitionError
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent
from dagster._core.instance.utils import RUNLESS_RUN_ID
from dagster._core.loader import LoadingContextForTest
from dagster._core.storage.partition_status_cache import AssetStatusCacheValue
from dagster._serdes import serialize_value

from caseforge_assets.defs.private import event_storage
from caseforge_assets.defs.private.failed_runs import write_failures
from caseforge_assets.defs.private.lineage import AssetEvent, PartitionNote, write_materializations, write_observations
from caseforge_assets.defs.private.partitions import set_partitions
from caseforge_assets_tests.defs.assets import FIRST, FRAMEWORK, LAST, MIDDLE, collect, defs, failures, first, framework, middle
from caseforge_assets_tests.defs.graphql import Ui

KEYS = [f"1.{number}_{10_000 + number}" for number in range(1, 9)]


def build_asset(
    instance: DagsterInstance,
    asset_key: tuple[str, ...],
    versions: Mapping[str, str],
    upstream: tuple[tuple[str, ...], Mapping[str, tuple[str, int]]] | None = None,
) -> dict[str, tuple[str, int]]:
    """Materialize partitions with these versions; returns per partition what an asset below has to say that it read."""
    events = [
        AssetEvent(asset_key, key, version, "c1", {upstream[0]: upstream[1][key]} if upstream else {}) for key, version in versions.items()
    ]
    ids = write_materializations(instance, events)
    return {key: (version, event_id) for (key, version), event_id in zip(versions.items(), ids, strict=True)}


def build_two_levels(instance: DagsterInstance, keys: Sequence[str]) -> tuple[dict[str, tuple[str, int]], dict[str, tuple[str, int]]]:
    """Materialize first, middle and last; returns what was read of first and of middle."""
    root = write_materializations(instance, [AssetEvent(FRAMEWORK, None, "edition 1", "f1")])[0]
    inputs = {FRAMEWORK: ("edition 1", root)}
    events = [AssetEvent(FIRST, key, f"first {key}", "c1", inputs, whole_inputs=frozenset({FRAMEWORK})) for key in keys]
    ids = write_materializations(instance, events)
    of_first = {key: (f"first {key}", event_id) for key, event_id in zip(keys, ids, strict=True)}
    of_middle = build_asset(instance, MIDDLE, {key: f"middle {key}" for key in keys}, (FIRST, of_first))
    build_asset(instance, LAST, {key: f"last {key}" for key in keys}, (MIDDLE, of_middle))
    return of_first, of_middle


def stale_partitions(instance: DagsterInstance, asset_key: tuple[str, ...], keys: Sequence[str]) -> set[str]:
    """Those that Dagster's own rules don't find fresh."""
    resolver = CachingStaleStatusResolver(instance, defs.resolve_asset_graph(), LoadingContextForTest(instance))
    return {key for key in keys if resolver.get_status(AssetKey(asset_key), key) != StaleStatus.FRESH}


def tags_of_latest(instance: DagsterInstance, asset_key: tuple[str, ...]) -> dict[str, str]:
    entry = instance.get_latest_materialization_event(AssetKey(asset_key))
    assert entry is not None
    assert entry.tags is not None
    return dict(entry.tags)


def rows_of(instance: DagsterInstance, query: str) -> list[dict[str, Any]]:
    with instance.event_log_storage.index_connection() as connection:
        return [dict(row) for row in connection.exec_driver_sql(query).mappings()]


# What Dagster itself writes


def test_provenance_tags_equal_those_of_a_real_run(instance: DagsterInstance) -> None:
    assert materialize([framework], instance=instance).success
    assert materialize([framework, first, middle], instance=instance, partition_key=KEYS[0], selection=[first]).success
    assert materialize([framework, first, middle], instance=instance, partition_key=KEYS[0], selection=[middle]).success
    pointers = {
        key: event.storage_id for key in (FRAMEWORK, FIRST) for event in instance.fetch_materializations(AssetKey(key), limit=1).records
    }
    expected = {asset_key: tags_of_latest(instance, asset_key) for asset_key in (FIRST, MIDDLE)}
    of_framework = {FRAMEWORK: ("edition 1", pointers[FRAMEWORK])}
    events = [
        AssetEvent(FIRST, KEYS[0], "first 1", "c1", of_framework, whole_inputs=frozenset({FRAMEWORK})),
        AssetEvent(MIDDLE, KEYS[0], "middle 1", "c1", {FIRST: ("first 1", pointers[FIRST])}),
    ]
    write_materializations(instance, events)
    assert {asset_key: tags_of_latest(instance, asset_key) for asset_key in (FIRST, MIDDLE)} == expected


def test_a_runless_event_is_stored_as_dagster_stores_one(instance: DagsterInstance) -> None:
    metadata = {"preview": MetadataValue.md("# A document"), "tokens": 4_000}
    event = AssetEvent(FIRST, KEYS[0], "v1", "c1", {FRAMEWORK: ("e", 1)}, metadata, {"caseforge/batch": "7"})
    write_materializations(instance, [event])
    tags = tags_of_latest(instance, FIRST)
    instance.report_runless_asset_event(AssetMaterialization(AssetKey(MIDDLE), metadata=metadata, partition=KEYS[0], tags=tags))
    ours, theirs = (stored_state(instance, asset_key) for asset_key in (FIRST, MIDDLE))
    assert ours == theirs


def stored_state(instance: DagsterInstance, asset_key: tuple[str, ...]) -> dict[str, Any]:
    """All that the database holds on an asset, without times, ids, the asset's own name, and the wording and level of the message."""
    name = AssetKey(asset_key).to_string()
    events = rows_of(instance, f"select * from event_logs where asset_key = '{name}'")
    assets = rows_of(instance, f"select * from asset_keys where asset_key = '{name}'")
    tags = rows_of(instance, f"select * from asset_event_tags where asset_key = '{name}'")
    record = instance.get_asset_records([AssetKey(asset_key)])[0].asset_entry.last_materialization_record
    assert record is not None
    materialization = record.event_log_entry.asset_materialization
    assert materialization is not None
    volatile = {"id", "event_id", "timestamp", "event_timestamp", "create_timestamp", "asset_key", "event", "last_materialization"}
    return {
        "columns": [
            {column: value is not None if "timestamp" in column else value for column, value in row.items() if column not in volatile}
            for row in (*events, *assets, *tags)
        ],
        "newest_is_the_event": record.storage_id == events[-1]["id"] == tags[-1]["event_id"],
        "entry": record.event_log_entry._replace(timestamp=0.0, dagster_event=None, level=0),
        "materialization": serialize_value(materialization._replace(asset_key=AssetKey("any"))),
    }


# Ids, order, transactions


def test_ids_come_in_the_order_of_the_events_and_the_later_of_two_counts(instance: DagsterInstance, ui: Ui, monkeypatch: Any) -> None:
    monkeypatch.setattr(event_storage, "EVENTS_PER_TRANSACTION", 3)
    events = [AssetEvent(asset_key, key, f"{asset_key[-1]} {key}") for key in KEYS for asset_key in (LAST, FIRST)]
    events.append(AssetEvent(FIRST, KEYS[2], "newer"))
    ids = write_materializations(instance, events)
    stored = {
        row["id"]: (row["asset_key"], row["partition"]) for row in rows_of(instance, "select id, asset_key, partition from event_logs")
    }
    assert [stored[event_id] for event_id in ids] == [(AssetKey(event.asset_key).to_string(), event.partition) for event in events]
    newest = {tag["key"]: tag["value"] for tag in ui.latest(FIRST, [KEYS[2]])[0]["tags"]}
    assert newest["dagster/data_version"] == "newer"
    assert [row["partition"] for row in ui.latest(LAST, KEYS)] == KEYS
    assert instance.get_asset_records([AssetKey(FIRST)])[0].asset_entry.last_materialization_storage_id == ids[-1]


def test_a_write_that_is_killed_leaves_nothing(instance: DagsterInstance, ui: Ui, monkeypatch: Any) -> None:
    storage = instance.event_log_storage
    with monkeypatch.context() as patch:
        patch.setattr(storage, "_store_asset_event", kill)
        with pytest.raises(KeyboardInterrupt):
            build_asset(instance, FIRST, dict.fromkeys(KEYS, "v1"))
    assert rows_of(instance, "select id from event_logs union all select event_id from asset_event_tags") == []
    build_asset(instance, FIRST, dict.fromkeys(KEYS, "v1"))
    assert ui.partitions(FIRST).materialized == set(KEYS)


def kill(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_writing_the_same_events_again_does_no_harm(instance: DagsterInstance, ui: Ui) -> None:
    """A process that is killed after writing and before noting so writes once more."""
    of_first = build_asset(instance, FIRST, dict.fromkeys(KEYS, "v1"))
    build_asset(instance, MIDDLE, dict.fromkeys(KEYS, "v1"), (FIRST, of_first))
    build_asset(instance, FIRST, dict.fromkeys(KEYS, "v1"))
    build_asset(instance, MIDDLE, dict.fromkeys(KEYS, "v1"), (FIRST, of_first))
    assert ui.partitions(MIDDLE).materialized == set(KEYS)
    assert stale_partitions(instance, MIDDLE, KEYS) == set()


def test_events_hidden_by_a_status_that_is_ahead_of_them_are_counted(instance: DagsterInstance, ui: Ui) -> None:
    build_asset(instance, FIRST, {KEYS[0]: "v1"})
    ui.partitions(FIRST)
    status = instance.get_asset_records([AssetKey(FIRST)])[0].asset_entry.cached_status
    assert isinstance(status, AssetStatusCacheValue)
    instance.update_asset_cached_status_data(AssetKey(FIRST), status._replace(latest_storage_id=status.latest_storage_id + 1_000))
    build_asset(instance, FIRST, {KEYS[1]: "v1"})
    assert ui.partitions(FIRST).materialized == set(KEYS[:2])


def test_only_postgresql_is_written_to() -> None:
    with DagsterInstance.ephemeral() as other, pytest.raises(TypeError, match=r"must be in PostgreSQL.*dagster\.yaml"):
        write_materializations(other, [AssetEvent(FIRST, "1", "v1")])


def test_events_of_a_run_are_shown_on_its_page(instance: DagsterInstance, ui: Ui) -> None:
    config = {"ops": {"write_from_op": {"config": {"partitions": KEYS[:3]}}}}
    job = defs.resolve_job_def("collect")
    run_id = job.execute_in_process(instance=instance, run_config=config).run_id
    shown = ui.run(run_id)
    assert shown["status"] == "SUCCESS"
    assert {tuple(row["key"]["path"]) for row in shown["assets"]} == {FIRST, MIDDLE}
    assert sorted(row["partition"] for row in shown["assetMaterializations"]) == sorted(KEYS[:3] * 2)
    assert {row["runId"] for row in ui.latest(FIRST, KEYS[:3])} == {run_id}
    assert collect.name == job.name


# Staleness by Dagster's own rules


@pytest.mark.slow
def test_exactly_the_partitions_below_a_change_are_stale(instance: DagsterInstance) -> None:
    keys = [f"2.{number}_{number}" for number in range(300)]
    changed = {keys[7], keys[290]}
    set_partitions(instance, "nodes", keys)
    of_first, of_middle = build_two_levels(instance, keys)
    of_first |= build_asset(instance, FIRST, {key: f"changed {key}" for key in changed})
    assert stale_partitions(instance, MIDDLE, keys) == changed
    sample = [*changed, *keys[:10]]
    assert stale_partitions(instance, LAST, sample) == set()
    of_middle |= build_asset(instance, MIDDLE, {keys[7]: "rebuilt", keys[290]: f"middle {keys[290]}"}, (FIRST, of_first))
    assert stale_partitions(instance, MIDDLE, sample) == set()
    assert stale_partitions(instance, LAST, sample) == {keys[7]}  # the other was rebuilt with the same version


def test_an_input_counts_as_of_when_it_was_read(instance: DagsterInstance) -> None:
    read = build_asset(instance, FIRST, dict.fromkeys(KEYS, "v1"))
    build_asset(instance, FIRST, {KEYS[0]: "v2"})  # changed while the answer was on its way
    build_asset(instance, MIDDLE, dict.fromkeys(KEYS, "m1"), (FIRST, read))
    assert stale_partitions(instance, MIDDLE, KEYS) == {KEYS[0]}


def test_a_changed_asset_without_partitions_makes_all_below_stale(instance: DagsterInstance) -> None:
    build_two_levels(instance, KEYS)
    write_materializations(instance, [AssetEvent(FRAMEWORK, None, "edition 1", "f1")])
    assert stale_partitions(instance, FIRST, KEYS) == set()
    write_materializations(instance, [AssetEvent(FRAMEWORK, None, "edition 2", "f1")])
    assert stale_partitions(instance, FIRST, KEYS) == set(KEYS)


def test_another_code_version_makes_a_partition_stale(instance: DagsterInstance) -> None:
    of_first, _ = build_two_levels(instance, KEYS)
    write_materializations(instance, [AssetEvent(MIDDLE, KEYS[0], "middle", "c0", {FIRST: of_first[KEYS[0]]})])
    assert stale_partitions(instance, MIDDLE, KEYS) == {KEYS[0]}


# Failures and notes


@pytest.mark.parametrize("looked_at_before", [False, True], ids=["cold status", "warm status"])
def test_a_failed_partition_is_shown_failed_until_it_succeeds(instance: DagsterInstance, ui: Ui, *, looked_at_before: bool) -> None:
    build_asset(instance, FIRST, dict.fromkeys(KEYS[:6], "v1"))
    if looked_at_before:
        ui.partitions(FIRST)
    write_failures(instance, failures, "answer truncated", [(FIRST, KEYS[0]), (FIRST, KEYS[7]), (LAST, KEYS[7])])
    shown = ui.partitions(FIRST)
    assert (shown.materialized, shown.failed, shown.materializing) == (set(KEYS[1:6]), {KEYS[0], KEYS[7]}, set())
    assert ui.partitions(LAST).failed == {KEYS[7]}
    build_asset(instance, FIRST, {KEYS[0]: "v1"})
    shown = ui.partitions(FIRST)
    assert (shown.materialized, shown.failed, shown.total) == (set(KEYS[:6]), {KEYS[7]}, len(KEYS))


@pytest.mark.parametrize("in_a_run", [False, True], ids=["outside of runs", "in a run"])
def test_a_success_takes_the_failed_run_off_the_page(instance: DagsterInstance, ui: Ui, *, in_a_run: bool) -> None:
    failed = write_failures(instance, failures, "refused", [(FIRST, key) for key in KEYS[:3]])
    assert {ui.failed_since(FIRST, key) for key in KEYS[:3]} == {failed}
    if in_a_run:
        config = {"ops": {"write_from_op": {"config": {"partitions": KEYS[:2]}}}}
        assert collect.execute_in_process(config, instance=instance).success
    else:
        build_asset(instance, FIRST, dict.fromkeys(KEYS[:2], "v1"))
    assert [ui.failed_since(FIRST, key) for key in KEYS[:3]] == [None, None, failed]
    assert (ui.partitions(FIRST).materialized, ui.partitions(FIRST).failed) == (set(KEYS[:2]), {KEYS[2]})
    write_failures(instance, failures, "refused", [(FIRST, KEYS[0])])
    assert ui.partitions(FIRST).failed == {KEYS[0], KEYS[2]}


@pytest.mark.parametrize("chunk", [1, 2, 3, 500])
def test_only_partitions_that_failed_are_planned_anew(
    instance: DagsterInstance, ui: Ui, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(event_storage, "EVENTS_PER_TRANSACTION", chunk)
    write_failures(instance, failures, "refused", [(FIRST, KEYS[1]), (FIRST, KEYS[2])])
    made = build_asset(instance, FIRST, dict.fromkeys(KEYS, "v1"))
    build_asset(instance, FIRST, dict.fromkeys(KEYS, "v1"))
    planned = instance.get_records_for_run(RUNLESS_RUN_ID, of_type=DagsterEventType.ASSET_MATERIALIZATION_PLANNED).records
    assert [record.event_log_entry.get_dagster_event().partition for record in planned] == [KEYS[1], KEYS[2]]
    found = instance.fetch_materializations(
        AssetRecordsFilter(AssetKey(FIRST), storage_ids=[storage_id for _, storage_id in made.values()]), limit=9
    )
    assert sorted((record.storage_id, record.partition_key) for record in found.records) == [
        (storage_id, key) for key, (_, storage_id) in made.items()
    ]
    assert ui.partitions(FIRST).materialized == set(KEYS)


def test_a_run_that_fails_after_another_one_made_the_partition_is_not_named(instance: DagsterInstance, ui: Ui) -> None:
    run = instance.create_run_for_job(collect, status=DagsterRunStatus.STARTED)
    planned = AssetMaterializationPlannedData(AssetKey(FIRST), partition=KEYS[0])
    instance.report_dagster_event(
        DagsterEvent.build_asset_materialization_planned_event(run.job_name, "write_from_op", planned), run.run_id
    )
    build_asset(instance, FIRST, {KEYS[0]: "v1"})
    instance.report_run_failed(run)
    assert ui.failed_since(FIRST, KEYS[0]) is None
    assert ui.partitions(FIRST).materialized == {KEYS[0]}


def test_the_failed_run_says_why_and_is_not_retried(instance: DagsterInstance, ui: Ui) -> None:
    reason = "answer truncated: reasoning used all 8,000 tokens — 1 node: 1.1"
    tags = {"caseforge/outcome": "truncated_reasoning", "dagster/max_retries": "3"}
    run_id = write_failures(instance, failures, reason, [(FIRST, KEYS[0])], tags=tags)
    shown = ui.run(run_id)
    assert shown["status"] == "FAILURE"
    assert [event["message"] for event in shown["eventConnection"]["events"] if event["__typename"] == "RunFailureEvent"] == [reason]
    assert {"key": "dagster/max_retries", "value": "0"} in shown["tags"]
    assert {"key": "caseforge/outcome", "value": "truncated_reasoning"} in shown["tags"]
    assert [step["key"] for step in shown["executionPlan"]["steps"]] == ["report_reason"]


@pytest.mark.parametrize("step", ["create_run_for_job", "report_run_failed"])
def test_reporting_a_failure_that_is_killed_leaves_nothing_in_progress(
    instance: DagsterInstance, ui: Ui, monkeypatch: Any, step: str
) -> None:
    with monkeypatch.context() as patch:
        original = getattr(instance, step)
        patch.setattr(instance, step, lambda *args, **options: (original(*args, **options), kill()))
        with pytest.raises(KeyboardInterrupt):
            write_failures(instance, failures, "refused", [(FIRST, KEYS[0])])
    assert [run.status for run in instance.get_runs()] == [DagsterRunStatus.FAILURE]
    assert ui.partitions(FIRST).materializing == set()


def test_a_failure_without_partitions_is_refused(instance: DagsterInstance) -> None:
    with pytest.raises(ValueError, match="without partitions"):
        write_failures(instance, failures, "refused", [])
    assert instance.get_runs_count() == 0


def test_a_note_is_shown_and_changes_neither_state_nor_staleness(instance: DagsterInstance, ui: Ui) -> None:
    build_two_levels(instance, KEYS)
    notes = [PartitionNote(FIRST, key, f"why {key} failed", {"request": "r1"}) for key in KEYS[:2]]
    assert len(write_observations(instance, notes)) == 2
    shown = {(note["partition"], note["description"], note["metadataEntries"][0]["label"]) for note in ui.notes(FIRST)}
    assert shown == {(key, f"why {key} failed", "request") for key in KEYS[:2]}
    assert ui.partitions(FIRST).materialized == set(KEYS)
    assert stale_partitions(instance, FIRST, KEYS) == stale_partitions(instance, MIDDLE, KEYS) == set()


# Partitions


def partition_ids(instance: DagsterInstance) -> dict[str, int]:
    return {row["partition"]: row["id"] for row in rows_of(instance, "select partition, id from dynamic_partitions order by id")}


def test_partitions_become_exactly_the_given_in_the_given_order(instance: DagsterInstance, ui: Ui) -> None:
    wanted = [KEYS[5], "9.9_9", *KEYS[:4]]
    instance.add_dynamic_partitions("others", ["x"])
    build_asset(instance, FIRST, dict.fromkeys(KEYS, "v1"))
    assert set_partitions(instance, "nodes", wanted) == (1, 3)
    assert instance.get_dynamic_partitions("nodes") == wanted
    assert instance.get_dynamic_partitions("others") == ["x"]
    shown = ui.partitions(FIRST)
    assert (shown.total, shown.materialized) == (6, {KEYS[5], *KEYS[:4]})


def test_an_addition_at_the_end_leaves_the_rest_alone(instance: DagsterInstance) -> None:
    before = partition_ids(instance)
    assert set_partitions(instance, "nodes", [*KEYS, "9.9_9"]) == (1, 0)
    assert set_partitions(instance, "nodes", [*KEYS, "9.9_9"]) == (0, 0)
    after = partition_ids(instance)
    assert list(after) == [*KEYS, "9.9_9"]
    assert {key: after[key] for key in KEYS} == before


@pytest.mark.parametrize("keys", [["1", "2", "1"], ["1...2"], ["1\n"]])
def test_keys_that_dagster_cannot_use_change_nothing(instance: DagsterInstance, keys: list[str]) -> None:
    with pytest.raises((ValueError, DagsterInvalidDefinitionError)):
        set_partitions(instance, "nodes", keys)
    assert instance.get_dynamic_partitions("nodes") == KEYS


def test_all_partitions_can_be_removed(instance: DagsterInstance) -> None:
    assert set_partitions(instance, "nodes", []) == (0, len(KEYS))
    assert instance.get_dynamic_partitions("nodes") == []
