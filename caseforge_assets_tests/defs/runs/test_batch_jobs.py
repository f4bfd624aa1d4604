"""The jobs of the batch clock: what they send, what they show, what they refuse."""

from __future__ import annotations

import re

import pytest
from dagster import AssetKey

from caseforge_assets.commands.collecting.collect_batch import collect_batch
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets_tests.defs.batch_inputs import with_inputs
from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    DOCUMENTS,
    FAILED,
    MATERIALIZED,
    MISSING,
    OUTPUTS,
    PARTITIONS,
    USECASE_INPUTS,
    OpenProject,
    Project,
    eventually,
)
from caseforge_assets_tests.workbench import KEY, PROCESS, serving

ONE = PARTITIONS[0]
STATES = "select state from caseforge.batch order by id"


def wait_for_batches(project: Project) -> None:
    """Until the provider is through with what it has; nothing is collected."""

    def through() -> bool:
        assert project.run_job("poll").success
        return set(project.bench.column(STATES)) <= {"final", "collected"}

    eventually(through)


def failure_text(run: object) -> str:
    return " ".join(str(event.step_failure_data.user_failure_data) for event in run.all_events if event.is_step_failure)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_from_inputs_to_candidates_by_jobs_alone(project: OpenProject) -> None:
    opened = with_inputs(project())
    for _ in range(2):
        assert opened.run_job("submit").success
        wait_for_batches(opened)
        run = opened.run_job("collect")
        assert run.success
    assert opened.bench.column(STATES) == ["collected", "collected"]
    assert opened.states(CANDIDATES) == dict.fromkeys(PARTITIONS, MATERIALIZED)
    assert opened.latest(CANDIDATES, ONE).run_id == run.run_id
    assert opened.latest(CANDIDATES, ONE).event_log_entry.step_key == "collect_finished"
    assert opened.stale() == set()


@pytest.mark.slow
def test_the_note_that_a_node_waits_belongs_to_the_run_that_sent_it(project: OpenProject) -> None:
    """Dagster's list of a partition's events leaves out those of no run."""
    opened = with_inputs(project(latency_s=60))
    run = opened.run_job("submit")
    (note,) = opened.instance.fetch_observations(AssetKey([KEY, OUTPUTS]), limit=1).records
    assert note.asset_observation is not None
    assert str(note.asset_observation.description).startswith("waiting: in batch_")
    assert (note.run_id, note.event_log_entry.step_key) == (run.run_id, "submit_pending")


@pytest.mark.slow
def test_a_provider_that_bills_gets_nothing_without_approval(project: OpenProject) -> None:
    opened = with_inputs(project(bills=True, budget_usd=10))
    run = opened.run_job("submit")
    assert not run.success  # it was asked to send
    assert "6 requests (expected cost $0." in failure_text(run)
    assert "wait for approval: `caseforge submit`, or the job submit with max_cost_usd" in failure_text(run)
    assert opened.bench.column(STATES) == []


@pytest.mark.slow
def test_with_nothing_to_send_nothing_is_wrong(project: OpenProject) -> None:
    opened = project(bills=True, budget_usd=10)
    opened.load()
    assert opened.run_job("submit").success


@pytest.mark.slow
def test_the_form_approves_what_is_pending_up_to_an_amount(project: OpenProject) -> None:
    opened = with_inputs(project(bills=True, budget_usd=10))
    run = opened.run_job("submit", max_cost_usd=0.001)
    assert not run.success
    assert "6 requests are pending and will cost about $0." in failure_text(run)
    assert "Nothing was approved or sent" in failure_text(run)
    assert opened.bench.column(STATES) == opened.bench.column("select state from caseforge.plan") == []
    assert opened.run_job("submit", max_cost_usd=5).success
    assert opened.bench.stats()["accepted"]["requests"] == len(PARTITIONS)
    assert opened.bench.query("select state, made_by, max_cost_usd from caseforge.plan") == [("approved", "submit job", 5)]


@pytest.mark.slow
def test_over_budget_nothing_is_sent(project: OpenProject) -> None:
    opened = with_inputs(project(bills=True, budget_usd=0.001))
    run = opened.run_job("submit", max_cost_usd=5)
    assert not run.success
    assert re.search(r"6 requests of plan 1 of shop wait: .*overdrawn by \$0\.\d+.*Raise budget_usd in caseforge.toml", failure_text(run))
    assert opened.bench.stats()["accepted"]["requests"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("by_sensor", [False, True])
def test_only_a_person_sends_again_to_a_provider_that_stopped(project: OpenProject, by_sensor: bool) -> None:
    opened = with_inputs(project())
    opened.bench.change("update caseforge.provider set stopped_reason = 'quota: used up'")
    job = opened.definitions.resolve_job_def("submit")
    tags = {"dagster/sensor_name": "submit_sensor"} if by_sensor else {}
    assert job.execute_in_process(instance=opened.instance, tags=tags, raise_on_error=False).success is not by_sensor
    assert opened.bench.stats()["batches_created"] == (0 if by_sensor else 1)


@pytest.mark.slow
@pytest.mark.parametrize("by_sensor", [False, True])
def test_that_others_wait_for_approval_fails_only_a_run_that_a_person_asked_for(project: OpenProject, by_sensor: bool) -> None:
    """A sensor's run comes for what was approved; another run may have sent that meanwhile."""
    opened = with_inputs(project(bills=True, budget_usd=10))
    opened.bench.draft(stages=[PROCESS])
    job = opened.definitions.resolve_job_def("submit")
    tags = {"dagster/sensor_name": "submit_sensor"} if by_sensor else {}
    run = job.execute_in_process(instance=opened.instance, tags=tags, raise_on_error=False)
    assert run.success is by_sensor
    said = failure_text(run) if not by_sensor else " ".join(entry.user_message for entry in opened.instance.all_logs(run.run_id))
    assert re.search(r"6 requests \(expected cost \$0\.\d+\) wait for approval: `caseforge approve 1`", said), said
    assert opened.bench.stats()["accepted"]["requests"] == 0


@pytest.mark.slow
def test_polling_shows_and_collects_nothing(project: OpenProject) -> None:
    opened = with_inputs(project())
    opened.run_job("submit")
    wait_for_batches(opened)
    assert opened.bench.column(STATES) == ["final"]
    assert opened.states(OUTPUTS) == dict.fromkeys(PARTITIONS, MISSING)


@pytest.mark.slow
def test_one_batch_is_collected_with_its_failures_beside_it(project: OpenProject) -> None:
    opened = project(faults=["truncate:match=-1-1-1-r"], max_requests_per_batch=3)
    opened.load()
    opened.bench.approve()
    opened.bench.round()
    wait_for_batches(opened)
    run = opened.run_job("collect", batch_id=1)
    assert run.success  # it collected; that a node failed is said elsewhere
    assert opened.bench.column(STATES) == ["collected", "final"]
    shown = opened.states(DOCUMENTS)
    assert shown == dict(zip(PARTITIONS, [FAILED, MATERIALIZED, MATERIALIZED, MISSING, MISSING, MISSING], strict=True))
    assert opened.states(OUTPUTS)[ONE] == MATERIALIZED
    assert opened.states(USECASE_INPUTS)["1.1.2_d"] == MATERIALIZED
    ((outcome, message),) = opened.failure_runs()
    assert outcome == "truncated_reasoning"
    assert message.endswith("1 node: 1.1.1_c")
    assert opened.run_job("collect", batch_id=1).success
    assert opened.count(DOCUMENTS) == 2


@pytest.mark.slow
def test_another_providers_batch_is_left_alone(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a provider that does not know its files would make every answer count as missing, and be paid for them again."""
    opened = with_inputs(project(missing_files_grace_s=0))
    opened.run_job("submit")
    wait_for_batches(opened)
    with serving(opened.path / "elsewhere") as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        assert opened.run_job("collect", batch_id=1).success
        assert opened.run_job("collect").success
        other = Caseforge(project_folder=str(opened.path))
        assert collect_batch(other.open_project, 1) is None
        other.store.dispose()
    assert opened.bench.column(STATES) == ["final"]
    assert opened.bench.column("select distinct state from caseforge.request") == ["in_batch"]


@pytest.mark.slow
def test_flush_shows_what_a_killed_command_could_not(project: OpenProject) -> None:
    opened = project()
    opened.bench.load()
    assert opened.instance.get_dynamic_partitions(f"{KEY}_nodes") == []
    assert opened.run_job("flush").success
    assert opened.states("pcf_nodes") == dict.fromkeys(PARTITIONS, MATERIALIZED)


@pytest.mark.slow
def test_without_a_key_a_job_says_what_to_set(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = with_inputs(project())
    monkeypatch.delenv("OPENAI_API_KEY")
    run = opened.run_job("submit")
    assert not run.success
    (failure,) = [event for event in run.all_events if event.is_step_failure]
    assert "OPENAI_API_KEY is not set" in str(failure.step_failure_data.error)


@pytest.mark.slow
def test_runs_name_the_batches_plans_and_frameworks_that_they_worked_on(project: OpenProject) -> None:
    opened = with_inputs(project(bills=True, budget_usd=10))
    sent = opened.run_job("submit", max_cost_usd=5)
    wait_for_batches(opened)
    collected = opened.run_job("collect")
    for run in (sent, collected):
        tags = opened.instance.get_run_by_id(run.run_id).tags  # type: ignore[union-attr]
        assert {name: tags[f"caseforge/{name}"] for name in ("batch", "plan", "framework")} == {"batch": "1", "plan": "1", "framework": KEY}
    polled = opened.instance.get_run_by_id(opened.run_job("poll").run_id)
    assert "caseforge/batch" not in polled.tags  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_run_of_assets_names_its_own_batches_alone(project: OpenProject) -> None:
    opened = project()
    opened.load()
    first, others = PARTITIONS[0], PARTITIONS[1:]
    assert opened.run([*ASSETS], first, first).success
    run = opened.run([*ASSETS], others[0], others[-1])
    tags = opened.instance.get_run_by_id(run.run_id).tags  # type: ignore[union-attr]
    assert (tags["caseforge/batch"], tags["caseforge/framework"]) == ("3, 4", KEY)
