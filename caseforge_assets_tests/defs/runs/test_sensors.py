"""Sensors as ticks: which runs they ask for, under which keys, and what they say when they ask for none."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from dagster import DagsterRunStatus

from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.defs.mirroring.decide_flush import LEFT_TO_RUNS_S
from caseforge_assets.defs.runs.jobs import flush
from caseforge_assets.defs.runs.regenerate import regenerate
from caseforge_assets_tests.defs.batch_inputs import with_inputs
from caseforge_assets_tests.defs.project import (
    CONTEXTS,
    DOCUMENTS,
    INPUTS,
    MATERIALIZED,
    MISSING,
    OpenProject,
    Project,
    eventually,
    older,
    write_project,
)
from caseforge_assets_tests.workbench import CODES, PROCESS, serving


def keys(tick: Any) -> list[str]:
    return [request.run_key for request in tick.run_requests]


def until_final(project: Project) -> Any:
    """Ticks until the provider is through with a batch; returns the requests for runs."""
    return eventually(lambda: project.tick("collect_sensor").run_requests)


# submit


@pytest.mark.slow
def test_one_run_for_what_may_be_sent(project: OpenProject) -> None:
    opened = with_inputs(project())
    first, again = opened.tick("submit_sensor"), opened.tick("submit_sensor")
    assert len(first.run_requests) == 1
    assert keys(first) == keys(again)
    opened.run_job("submit")
    assert opened.tick("submit_sensor").skip_message == "nothing may be sent"


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING])
def test_a_run_that_is_still_to_begin_takes_along_what_becomes_ready(project: OpenProject, status: DagsterRunStatus) -> None:
    opened = with_inputs(project())
    job = opened.definitions.resolve_job_def("submit")
    run = opened.instance.create_run_for_job(job, status=status)
    said = f"run {run.run_id[:8]} of the job submit is still to begin, and takes along what is ready by then"
    assert opened.tick("submit_sensor").skip_message == said


def test_a_run_that_has_begun_may_have_looked_already(project: OpenProject) -> None:
    opened = with_inputs(project())
    opened.instance.create_run_for_job(opened.definitions.resolve_job_def("submit"), status=DagsterRunStatus.STARTED)
    assert len(opened.tick("submit_sensor").run_requests) == 1


def test_requests_that_are_still_being_made_are_waited_for(project: OpenProject) -> None:
    opened = with_inputs(project(quiet_period_s=20))
    assert opened.tick("submit_sensor").skip_message == "requests are still being made; 6 are sent when none was made for 20 s"
    older(opened, "request", "created_at", 21)
    assert len(opened.tick("submit_sensor").run_requests) == 1


def test_what_is_not_approved_is_no_reason_to_run(project: OpenProject) -> None:
    opened = with_inputs(project(bills=True, budget_usd=10))
    said = r"6 requests \(expected cost \$0\.\d+\) wait for approval: `caseforge submit`, or the job submit with max_cost_usd"
    assert re.fullmatch(said, opened.tick("submit_sensor").skip_message)
    plan = opened.bench.draft(stages=[PROCESS])
    assert f"wait for approval: `caseforge approve {plan.id}`, " in opened.tick("submit_sensor").skip_message
    opened.bench.approve(stages=[PROCESS])
    assert len(opened.tick("submit_sensor").run_requests) == 1  # at the next tick


@pytest.mark.slow
def test_a_raised_budget_is_noticed_at_the_next_tick(project: OpenProject) -> None:
    opened = with_inputs(project(bills=True))
    plan = opened.bench.approve(stages=[PROCESS])
    for budget, said in (({}, "there is no budget for shop"), ({"budget_usd": 0.001}, "would be overdrawn by $0.")):
        write_project(opened.path, **budget)
        for _ in range(2):
            message = opened.tick("submit_sensor").skip_message
            assert message.startswith(f"6 requests of plan {plan.id} of shop wait: ")
            assert said in message
        assert opened.bench.column("select held_back from caseforge.plan where state = 'approved'") == [message]  # for alerts and pages
    write_project(opened.path, budget_usd=10)
    assert len(opened.tick("submit_sensor").run_requests) == 1
    assert opened.run_job("submit").success
    assert opened.tick("submit_sensor").skip_message == "nothing may be sent"


def test_a_raised_limit_of_a_plan_is_noticed_at_the_next_tick(project: OpenProject) -> None:
    opened = with_inputs(project(bills=True, budget_usd=10))
    plan = opened.bench.approve(stages=[PROCESS])
    opened.bench.change("update caseforge.plan set max_cost_usd = 0.000001 where id = :id", id=plan.id)
    assert f"caseforge plans raise {plan.id}" in opened.tick("submit_sensor").skip_message
    opened.bench.change("update caseforge.plan set max_cost_usd = null where id = :id", id=plan.id)
    assert len(opened.tick("submit_sensor").run_requests) == 1


@pytest.mark.slow
def test_a_plan_that_waits_holds_up_no_other(project: OpenProject) -> None:
    opened = with_inputs(project(bills=True, budget_usd=10))
    waits = opened.bench.approve("1.1.1", stages=[PROCESS])
    opened.bench.approve("1.1.2", stages=[PROCESS])
    opened.bench.change("update caseforge.plan set max_cost_usd = 0.000001 where id = :id", id=waits.id)
    assert len(opened.tick("submit_sensor").run_requests) == 1
    assert opened.run_job("submit").success  # something was sent
    assert opened.bench.stats()["requests_accepted"] == 1
    assert opened.tick("submit_sensor").skip_message.startswith(f"1 request of plan {waits.id} of shop waits: ")


@pytest.mark.slow
def test_another_key_ends_a_stop_at_the_next_tick(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = with_inputs(
        project(faults=["reply_error:when=before,status=429,code=insufficient_quota,call=1,match=^POST /v1/batches$"], create_grace_s=0)
    )
    assert len(opened.tick("submit_sensor").run_requests) == 1
    assert not opened.run_job("submit").success
    assert opened.tick("submit_sensor").skip_message.startswith("sending is stopped since 20")
    opened.run_job("poll")  # it is looked up whether it exists all the same
    said = opened.tick("submit_sensor").skip_message
    assert re.match(r"6 requests wait: sending is stopped since 20\d\d-\d\d-\d\d \d\d:\d\d UTC: creating the batch: HTTP 429", said), said
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-0123456789")
    assert len(opened.tick("submit_sensor").run_requests) == 1
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    opened.bench.change("update caseforge.provider set stopped_reason = 'quota: used up', stopped_keys = stopped_keys || last_key")
    assert "quota: used up" in opened.tick("submit_sensor").skip_message  # both were tried


@pytest.mark.slow
def test_what_was_refused_is_not_sent_again_by_itself(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = with_inputs(
        project(faults=["reply_error:when=before,status=400,code=invalid_request,call=1,match=^POST /v1/batches$"], create_grace_s=0)
    )
    assert len(opened.tick("submit_sensor").run_requests) == 1
    by_sensor = {"dagster/sensor_name": "submit_sensor"}
    job = opened.definitions.resolve_job_def("submit")
    assert not job.execute_in_process(instance=opened.instance, tags=by_sensor, raise_on_error=False).success
    opened.run_job("poll")  # it is looked up whether it exists all the same
    assert opened.bench.column("select state from caseforge.batch") == ["refused"]
    said = opened.tick("submit_sensor").skip_message
    assert said.startswith("6 requests are not sent again by themselves, because batch 1 of them was refused: ")
    older(opened, "request", "created_at", 7_200)
    assert opened.tick("submit_sensor").skip_message == said
    run = job.execute_in_process(instance=opened.instance, tags=by_sensor, raise_on_error=False)
    assert not run.success
    assert opened.bench.column("select count(*) from caseforge.batch") == [1]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-0123456789")
    assert len(opened.tick("submit_sensor").run_requests) == 1  # something has changed
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-0123456789")
    assert opened.run_job("submit").success  # a person asks


@pytest.mark.slow
def test_batches_that_a_dead_run_left_are_sent(project: OpenProject) -> None:
    opened = with_inputs(project())
    plan_batches(opened.bench.project)
    assert opened.tick("submit_sensor").skip_message == "nothing may be sent"  # whoever planned them may be at it
    older(opened, "batch", "created_at", 61)
    assert len(opened.tick("submit_sensor").run_requests) == 1
    assert opened.run_job("submit").success
    assert opened.bench.column("select state from caseforge.batch") == ["open"]
    assert opened.tick("submit_sensor").skip_message == "nothing may be sent"


def test_new_requests_are_a_new_cause(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.run((CONTEXTS, INPUTS), "1.1.1_c", "1.1.2_d")
    before = keys(opened.tick("submit_sensor"))
    opened.run((CONTEXTS, INPUTS))
    assert keys(opened.tick("submit_sensor")) != before


@pytest.mark.slow
def test_requests_that_are_pending_again_are_a_new_cause(project: OpenProject) -> None:
    """The same requests, the same newest one: a batch that expired must not leave them lying for ever."""
    opened = with_inputs(project(faults=["expire:share=0,batch=1"]))
    before = keys(opened.tick("submit_sensor"))
    opened.run_job("submit")
    until_final(opened)
    opened.run_job("collect")
    assert opened.bench.column("select distinct state from caseforge.request") == ["pending"]
    again = keys(opened.tick("submit_sensor"))
    assert len(again) == 1
    assert again != before


def test_what_waits_for_long_is_tried_again_some_time(project: OpenProject) -> None:
    opened = with_inputs(project())
    before = keys(opened.tick("submit_sensor"))
    older(opened, "request", "created_at", 600)
    assert keys(opened.tick("submit_sensor")) != before


def test_a_provider_that_stopped_gets_nothing_by_itself(project: OpenProject) -> None:
    opened = with_inputs(project())
    opened.bench.change("update caseforge.provider set stopped_reason = 'quota: used up'")
    assert opened.tick("submit_sensor").skip_message.startswith("6 requests wait: sending is stopped: quota: used up. When it is settled: ")


# collect


def test_a_finished_batch_gives_one_run_a_lease(project: OpenProject) -> None:
    opened = project()
    opened.load()
    assert opened.tick("collect_sensor").skip_message == "no batch is finished"
    opened.bench.approve("1.1.1", stages=[PROCESS])
    opened.bench.round()
    (request,) = until_final(opened)
    assert (request.run_key, request.tags["caseforge/batch"]) == ("batch-1-lease-1", "1")
    assert opened.tick("collect_sensor").run_requests == []  # somebody is at it
    older(opened, "batch", "collect_lease_until", 601)
    assert keys(opened.tick("collect_sensor")) == ["batch-1-lease-2"]
    job = opened.definitions.resolve_job_def("collect")
    assert job.execute_in_process(instance=opened.instance, run_config=request.run_config).success
    assert opened.states("process_documents")["1.1.1_c"] == MATERIALIZED
    older(opened, "batch", "collect_lease_until", 601)
    assert opened.tick("collect_sensor").skip_message == "no batch is finished"


def test_two_daemons_that_look_at_the_same_moment_ask_for_one_run(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.bench.approve(stages=[PROCESS])
    opened.bench.round()
    eventually(lambda: opened.run_job("poll").success and opened.bench.column("select 1 from caseforge.batch where state = 'final'"))
    together = threading.Barrier(2)

    def tick() -> list[str]:
        together.wait()
        return keys(opened.tick("collect_sensor"))

    with ThreadPoolExecutor(2) as pool:
        asked = [key for future in [pool.submit(tick) for _ in range(2)] for key in future.result()]
    assert asked == ["batch-1-lease-1"]


@pytest.mark.slow
def test_a_collecting_run_that_was_killed_half_way_is_taken_up_by_the_next_lease(
    project: OpenProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = project()
    opened.load()
    opened.bench.approve(stages=[PROCESS])
    opened.bench.round()
    (first,) = until_final(opened)
    job = opened.definitions.resolve_job_def("collect")
    with monkeypatch.context() as patch:
        patch.setattr("caseforge_assets.commands.collecting.collect_batch.CHUNK_LINES", 2)
        patch.setattr("caseforge_assets.commands.collecting.collect_batch.carry_on", killed)
        assert not job.execute_in_process(instance=opened.instance, run_config=first.run_config, raise_on_error=False).success
    assert opened.bench.column("select state from caseforge.batch") == ["final"]
    older(opened, "batch", "collect_lease_until", 601)
    (second,) = opened.tick("collect_sensor").run_requests
    assert job.execute_in_process(instance=opened.instance, run_config=second.run_config).success
    assert set(opened.states("process_documents").values()) == {MATERIALIZED}
    assert opened.bench.column("select count(*) from caseforge.content") == [6]
    assert opened.bench.stats()["accepted"]["max_multiplicity"] == 1
    older(opened, "batch", "collect_lease_until", 601)
    assert opened.tick("collect_sensor").skip_message == "no batch is finished"  # taken up once


def killed(*_: object) -> None:
    raise RuntimeError("killed")


def test_each_finished_batch_has_a_run_of_its_own(project: OpenProject) -> None:
    opened = project(max_requests_per_batch=1)
    opened.load()
    opened.bench.approve(*CODES[:2], stages=[PROCESS])
    opened.bench.round()
    asked = [*until_final(opened)]
    if len(asked) == 1:
        asked += until_final(opened)
    assert sorted(request.run_key for request in asked) == ["batch-1-lease-1", "batch-2-lease-1"]


@pytest.mark.slow
def test_batches_of_another_provider_are_left_alone(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = with_inputs(project())
    opened.run_job("submit")
    until_final(opened)
    older(opened, "batch", "collect_lease_until", 601)
    with serving(opened.path / "elsewhere") as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        assert opened.tick("collect_sensor").skip_message == "no batch is finished"


@pytest.mark.parametrize("sensor", ["submit_sensor", "collect_sensor"])
def test_without_a_key_they_say_so(project: OpenProject, monkeypatch: pytest.MonkeyPatch, sensor: str) -> None:
    opened = with_inputs(project())
    monkeypatch.delenv("OPENAI_API_KEY")
    assert "OPENAI_API_KEY is not set" in opened.tick(sensor).skip_message


@pytest.mark.slow
@pytest.mark.parametrize("sensor", ["submit_sensor", "collect_sensor", "retry_sensor"])
def test_without_a_provider_that_answers_they_say_so(project: OpenProject, monkeypatch: pytest.MonkeyPatch, sensor: str) -> None:
    opened = with_inputs(project())
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert "no connection to the provider" in opened.tick(sensor).skip_message


# flush


def test_rows_that_nobody_showed_are_shown_after_a_minute(project: OpenProject) -> None:
    opened = project()
    opened.flush()
    assert opened.tick("flush_sensor").skip_message == "Dagster is up to date"
    opened.bench.load()
    assert opened.tick("flush_sensor").skip_message == "rows are still young"
    older(opened, "outbox", "created_at", 61)
    before = keys(opened.tick("flush_sensor"))
    assert keys(opened.tick("flush_sensor")) == before
    assert len(before) == 1
    older(opened, "outbox", "created_at", 600)
    assert keys(opened.tick("flush_sensor")) != before  # the run that was asked for did not do it
    opened.run_job("flush")
    assert opened.tick("flush_sensor").skip_message == "Dagster is up to date"


def test_what_a_run_at_work_has_made_is_left_to_it_and_no_second_flush_is_begun(project: OpenProject) -> None:
    opened = project()
    opened.flush()
    opened.bench.load()
    older(opened, "outbox", "created_at", 61)
    assert keys(opened.tick("flush_sensor"))
    run = opened.instance.create_run_for_job(regenerate, status=DagsterRunStatus.STARTED)
    assert opened.tick("flush_sensor").skip_message == "runs are at work, which show what they made"
    older(opened, "outbox", "created_at", LEFT_TO_RUNS_S)
    assert keys(opened.tick("flush_sensor"))  # it waits for something
    opened.instance.report_run_failed(run)
    begun = opened.instance.create_run_for_job(flush, status=DagsterRunStatus.STARTING)
    assert opened.tick("flush_sensor").skip_message == "a run of the job flush is at it"
    opened.instance.report_run_failed(begun)
    assert keys(opened.tick("flush_sensor"))


# retry


def retried_by_sensor(opened: Project) -> None:
    """A tick, and the runs that follow from it: the retry, its submission, the collecting."""
    (request,) = opened.tick("retry_sensor").run_requests
    assert request.run_key
    opened.run_job("retry")
    opened.run_job("submit")
    until_final(opened)
    opened.run_job("collect")


@pytest.mark.slow
def test_failed_nodes_are_asked_for_again_as_often_as_each_may_be(project: OpenProject) -> None:
    opened = project(faults=["http_500:match=process.*-1-1-1-r"])
    opened.load()
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    retried_by_sensor(opened)
    assert opened.states(DOCUMENTS)["1.1.1_c"] == MISSING
    retried_by_sensor(opened)
    assert opened.tick("retry_sensor").skip_message == "no node has failed that may be asked for again"
    assert opened.bench.column("select count(*) from caseforge.attempt where custom_id like 'process%-1-1-1-r%'") == [3]


@pytest.mark.slow
def test_a_retried_node_that_comes_good_turns_green(project: OpenProject) -> None:
    opened = project(faults=["truncate:batch=1,match=process.*-1-1-1-r"])
    opened.load()
    opened.generate("1.1.1", stages=[PROCESS])
    retried_by_sensor(opened)
    assert opened.states(DOCUMENTS)["1.1.1_c"] == MATERIALIZED
    assert opened.bench.column("select max_completion_tokens from caseforge.request where stage = 'process_details' order by id") == [
        8_000,
        16_000,
    ]


def test_what_waits_for_a_person_is_left_to_one(project: OpenProject) -> None:
    opened = project(faults=["refusal:match=process.*-1-1-1-r"])
    opened.load()
    opened.generate("1.1.1", stages=[PROCESS])
    assert opened.tick("retry_sensor").skip_message == "no node has failed that may be asked for again"
    assert opened.run_job("retry").success
    assert opened.bench.column("select state from caseforge.request where stage = 'process_details'") == ["failed"]


@pytest.mark.slow
def test_a_retry_spends_within_the_plan_that_it_came_under(project: OpenProject) -> None:
    opened = project(faults=["http_500:batch=1,match=process.*-1-1-1-r"], bills=True, budget_usd=10)
    opened.load()
    opened.bench.approve("1.1.1", stages=[PROCESS])
    opened.bench.work()
    opened.run_job("retry")
    plans = opened.bench.column("select distinct plan_id from caseforge.request where stage = 'process_details'")
    assert len(plans) == 1
    opened.bench.change("update caseforge.plan set max_cost_usd = 0.000001")
    opened.run_job("submit")
    assert opened.bench.stats()["requests_accepted"] == 1
    opened.bench.change("update caseforge.plan set max_cost_usd = null")
    opened.run_job("submit")
    assert opened.bench.stats()["requests_accepted"] == 2
