"""A run plans assets, not their partitions: it begins at once whatever its size, and leaves no partition red that it did not fail at."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg
import pytest
from dagster import AssetKey, DagsterEventType, DagsterRun
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG, PARTITION_NAME_TAG
from dagster_postgres.event_log import PostgresEventLogStorage

from caseforge_assets.defs.private.event_storage import event_storage
from caseforge_assets.stages.stages import all_assets
from caseforge_assets_tests.defs.project import ASSETS, FAILED, MATERIALIZED, PARTITIONS, OpenProject, Project
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.workbench import KEY

ALL = {ASSET_PARTITION_RANGE_START_TAG: PARTITIONS[0], ASSET_PARTITION_RANGE_END_TAG: PARTITIONS[-1]}
KEYS = frozenset(AssetKey([KEY, asset.name]) for asset in all_assets(stages_as_they_come()))


def make_run(project: Project, tags: dict[str, str]) -> DagsterRun:
    """A run of all assets as the daemon makes it for a backfill, which has not begun."""
    job = project.definitions.resolve_implicit_global_asset_job_def().get_subset(asset_selection=set(KEYS))
    return project.instance.create_run_for_job(job, tags=tags, asset_selection=KEYS)


def planned(project: Project, run: DagsterRun) -> list[tuple[AssetKey | None, str | None]]:
    logs = project.instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    events = [entry.get_dagster_event() for entry in logs]
    return sorted(((event.asset_key, event.partition) for event in events), key=str)


@pytest.mark.parametrize("tags", [ALL, {PARTITION_NAME_TAG: PARTITIONS[0]}])
def test_one_event_an_asset_whatever_the_number_of_partitions(project: OpenProject, tags: dict[str, str]) -> None:
    opened = project()
    opened.load()
    assert planned(opened, make_run(opened, tags)) == sorted(((key, None) for key in KEYS), key=str)


def test_a_planned_event_holds_no_partition_keys(project: OpenProject) -> None:
    opened = project()
    opened.load()
    run = make_run(opened, ALL)
    with event_storage(opened.instance).index_connection() as connection:
        rows = connection.exec_driver_sql("select event from event_logs where run_id = %s", (run.run_id,)).scalars().all()
    assert rows
    assert not any(PARTITIONS[2] in row for row in rows)


def test_a_run_that_never_began_leaves_green_what_was_green_and_missing_what_was_missing(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate("1.1.1", "1.1.2")
    before = {asset: opened.states(asset) for asset in ASSETS}
    assert MATERIALIZED in before[ASSETS[-1]].values()
    opened.instance.report_run_failed(make_run(opened, ALL), "Run timed out due to taking longer than 300 seconds to start.")
    assert {asset: opened.states(asset) for asset in ASSETS} == before


def test_a_run_that_ends_well_without_a_partition_leaves_it_failed(project: OpenProject) -> None:
    opened = project(faults=["http_500:batch=1,match=-2-1-1-r"])
    opened.load()
    opened.generate()
    assert opened.states("process_batch_outputs")["2.1.1_h"] == FAILED
    run = make_run(opened, ALL)
    opened.instance.handle_run_event(run.run_id, dg.DagsterEvent("PIPELINE_SUCCESS", run.job_name))
    assert opened.states("process_batch_outputs")["2.1.1_h"] == FAILED


@pytest.mark.slow
def test_dagsters_own_storage_does_the_same_where_the_environment_tells_it(
    project: OpenProject, dagster_database_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS", "1")
    home = tmp_path_factory.mktemp("plain")
    (home / "dagster.yaml").write_text(
        f"storage: {{postgres: {{postgres_url: {dagster_database_url!r}}}}}\ntelemetry: {{enabled: false}}\n"
    )
    with dg.DagsterInstance.from_config(str(home)) as plain:
        opened = replace(project(), instance=plain)
        opened.load()
        opened.generate("1.1.1", "1.1.2")
        before = {asset: opened.states(asset) for asset in ASSETS}
        run = make_run(opened, ALL)
        assert planned(opened, run) == sorted(((key, None) for key in KEYS), key=str)
        plain.report_run_failed(run, "Run timed out due to taking longer than 300 seconds to start.")
        assert {asset: opened.states(asset) for asset in ASSETS} == before
        assert opened.run(ASSETS).success
        assert {state for asset in ASSETS for state in opened.states(asset).values()} == {MATERIALIZED}


def test_dagsters_own_storage_still_plans_each_partition() -> None:
    """This makes the tested module needed; when it is not so any more, the module can go."""
    assert not PostgresEventLogStorage.supports_partition_subset_in_asset_materialization_planned_events.fget(object())  # type: ignore[attr-defined]
