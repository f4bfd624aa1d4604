"""Events are listed on the page of the run that made them, or, where these are many, on that of a record beside it."""

from __future__ import annotations

import dagster as dg
import pytest
from dagster import AssetKey, DagsterEventType, DagsterRun, DagsterRunStatus, RunsFilter

from caseforge_assets.defs.events import event_pages
from caseforge_assets.stages.stages import all_assets
from caseforge_assets_tests.defs.graphql import open_ui
from caseforge_assets_tests.defs.project import ASSETS, CANDIDATES, MATERIALIZED, PARTITIONS, OpenProject, Project
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.workbench import KEY


def materialize_in_a_backfill(project: Project) -> dg.ExecuteInProcessResult:
    tags = {
        "dagster/backfill": "abc",
        "dagster/asset_partition_range_start": PARTITIONS[0],
        "dagster/asset_partition_range_end": PARTITIONS[-1],
    }
    keys = [AssetKey([KEY, asset.name]) for asset in all_assets(stages_as_they_come())]
    done = project.run_selected(keys, tags, {})
    assert done.success
    assert set(project.states(CANDIDATES).values()) == {MATERIALIZED}
    return done


def listed(project: Project, run_id: str) -> set[str]:
    """Partitions that a run's page lists, of the assets."""
    logs = project.instance.all_logs(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION)
    return {event.partition for entry in logs if (event := entry.get_dagster_event()).partition}


def records(project: Project) -> list[DagsterRun]:
    return list(project.instance.get_runs(RunsFilter(job_name="many_events")))


@pytest.mark.slow
def test_few_events_are_listed_by_the_run_that_made_them(project: OpenProject) -> None:
    opened = project()
    opened.load()
    done = materialize_in_a_backfill(opened)
    assert listed(opened, done.run_id) == set(PARTITIONS)
    assert records(opened) == []


@pytest.mark.slow
def test_many_events_are_listed_by_a_record_of_the_same_backfill(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_pages, "EVENTS_ON_A_PAGE", 10)
    opened = project()
    opened.load()
    done = materialize_in_a_backfill(opened)
    (record,) = records(opened)
    assert listed(opened, done.run_id) == set()
    assert listed(opened, record.run_id) == set(PARTITIONS)
    assert record.status is DagsterRunStatus.SUCCESS
    assert record.tags["dagster/backfill"] == "abc"
    assert record.tags["caseforge/made_by"] == done.run_id
    said = [entry.user_message for entry in opened.instance.all_logs(done.run_id)]
    assert any("a run of the job many_events lists them" in line for line in said)
    with open_ui(opened.instance) as ui:
        assert ui.run(record.run_id)["executionPlan"]["steps"]


@pytest.mark.slow
def test_a_run_outside_of_backfills_has_a_record_too_and_the_command_line_none(
    project: OpenProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_pages, "EVENTS_ON_A_PAGE", 10)
    opened = project()
    opened.load()
    opened.generate()
    assert records(opened) == []
    opened.run(ASSETS)
    (record,) = records(opened)
    assert "dagster/backfill" not in record.tags
    assert listed(opened, record.run_id) == set(PARTITIONS)
