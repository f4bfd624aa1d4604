"""Runs that stand for failed nodes: what they say of themselves, and that executing one again asks again for its nodes."""

from __future__ import annotations

import pytest
from dagster import DagsterRunStatus, RunsFilter

from caseforge_assets.defs.mirroring.failed_nodes import failed_nodes
from caseforge_assets.defs.names import CODE_LOCATION
from caseforge_assets_tests.defs.project import DOCUMENTS, FAILED, MATERIALIZED, PARTITIONS, OpenProject, Project
from caseforge_assets_tests.workbench import SHOP, stats

ALL_GREEN = dict.fromkeys(PARTITIONS, MATERIALIZED)
BAD = ["truncate:batch=1,match=-1-1-1-r", "http_500:batch=1,match=-1-1-[23]-r"]


def sent(opened: Project) -> int:
    return int(stats(opened.bench.provider.base_url)["accepted"]["requests"])


@pytest.mark.slow
def test_a_record_of_failures_says_what_it_is_and_asks_again_when_it_is_executed_again(project: OpenProject) -> None:
    opened = project(faults=BAD)
    opened.load()
    opened.generate()
    record = opened.instance.get_run_records(RunsFilter(tags={"caseforge/outcome": "server_error"}))[0]
    assert 0 < (record.start_time or 0) < (record.end_time or 0)  # otherwise the UI says "Failed to start"
    run = record.dagster_run
    assert (run.tags["caseforge/record"], run.tags["user"]) == ("2 nodes failed", "CaseForge")
    assert run.remote_job_origin is not None
    assert run.remote_job_origin.location_name == CODE_LOCATION
    before = sent(opened)
    again = opened.reexecute(run.run_id)
    assert (again.status, again.tags["user"]) == (DagsterRunStatus.SUCCESS, "a person")
    assert sent(opened) - before == 2
    assert opened.states(DOCUMENTS) == {**ALL_GREEN, "1.1.1_c": FAILED}  # of another record
    assert opened.reexecute(again.run_id).status is DagsterRunStatus.SUCCESS  # nothing is left to ask for
    assert sent(opened) - before == 2


@pytest.mark.slow
def test_a_record_of_nodes_that_left_the_framework_asks_for_nothing(project: OpenProject) -> None:
    opened = project(faults=["http_500:match=process_details-1-1-1-"])
    opened.load()
    opened.generate()
    opened.load([row for row in SHOP if row[0] != "1.1.1"])
    run = opened.instance.get_run_records(RunsFilter(job_name=failed_nodes.name))[0].dagster_run
    before = sent(opened)
    assert opened.reexecute(run.run_id).status is DagsterRunStatus.SUCCESS
    assert sent(opened) == before


def test_the_job_of_the_records_launched_by_hand_says_what_to_do_instead(project: OpenProject) -> None:
    opened = project()
    done = opened.run_job(failed_nodes.name)
    assert not done.success
    assert "job regenerate" in opened.message_of(done.run_id) + str(done.failure_data_for_node("ask_for_failed_nodes"))
