"""Materializing by hand: what the UI's buttons do, for a partition, a range, everything; and what it says where it cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster import AssetKey

from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.stages.model_rules import MODELS
from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    CONTEXTS,
    DOCUMENTS,
    FAILED,
    INPUTS,
    MATERIALIZED,
    MISSING,
    NODES,
    OUTPUTS,
    PARTITIONS,
    USECASE_INPUTS,
    USECASE_OUTPUTS,
    OpenProject,
    Project,
    eventually,
)
from caseforge_assets_tests.defs.redescribing import redescribed
from caseforge_assets_tests.workbench import CODES, KEY, PROCESS, SHOP, write_table

ALL_GREEN = dict.fromkeys(PARTITIONS, MATERIALIZED)
ALL_FAILED = dict.fromkeys(PARTITIONS, FAILED)
ONE = PARTITIONS[0]
PENDING = "select count(*) from caseforge.request where state = 'pending'"


def states(project: Project) -> dict[str, dict[str, str]]:
    return {asset: project.states(asset) for asset in ASSETS}


def accepted(project: Project) -> int:
    return int(project.bench.stats()["accepted"]["requests"])


def data_versions(project: Project) -> Mapping[tuple[str, str], str]:
    return {
        (asset, partition): project.latest(asset, partition).asset_materialization.tags["dagster/data_version"]
        for asset in ASSETS
        for partition in PARTITIONS
    }


# With a simulated provider


@pytest.mark.slow
def test_everything_at_once_ends_green_and_in_one_step(project: OpenProject) -> None:
    opened = project()
    opened.load()
    run = opened.run(ASSETS)
    assert run.success
    assert states(opened) == dict.fromkeys(ASSETS, ALL_GREEN)
    assert opened.stale() == set()
    assert opened.failure_runs() == []
    assert opened.bench.stats()["batches_created"] == 2
    assert {opened.latest(asset, partition).run_id for asset in ASSETS for partition in PARTITIONS} == {run.run_id}
    assert {event.step_key for event in run.all_events if event.is_step_event} == {"shop_flow"}


@pytest.mark.slow
def test_what_is_good_is_confirmed_without_asking_again(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate()
    sent, before = accepted(opened), data_versions(opened)
    run = opened.run(ASSETS)
    assert run.success
    assert accepted(opened) == sent
    assert states(opened) == dict.fromkeys(ASSETS, ALL_GREEN)
    assert {opened.latest(asset, ONE).run_id for asset in ASSETS} == {run.run_id}
    assert data_versions(opened) == before
    assert opened.stale() == set()
    assert opened.bench.column(PENDING) == [0]


@pytest.mark.slow
def test_one_partition(project: OpenProject) -> None:
    opened = project()
    opened.load()
    assert opened.run_partition(ASSETS, ONE).success
    assert states(opened) == {NODES: ALL_GREEN} | {asset: {**dict.fromkeys(PARTITIONS, MISSING), ONE: MATERIALIZED} for asset in ASSETS[1:]}
    assert accepted(opened) == 2


def test_a_range_leaves_the_others_alone(project: OpenProject) -> None:
    opened = project()
    opened.load()
    assert opened.run((CONTEXTS, INPUTS), PARTITIONS[1], PARTITIONS[3]).success
    expected = {partition: MATERIALIZED if 1 <= number <= 3 else MISSING for number, partition in enumerate(PARTITIONS)}
    assert opened.states(CONTEXTS) == opened.states(INPUTS) == expected
    assert opened.states(OUTPUTS) == dict.fromkeys(PARTITIONS, MISSING)
    assert accepted(opened) == 0


@pytest.mark.slow
def test_assets_can_be_materialized_one_after_the_other(project: OpenProject) -> None:
    opened = project()
    opened.load()
    for number, asset in enumerate(ASSETS):
        assert opened.run_partition([asset], ONE).success
        shown = [opened.states(other)[ONE] for other in ASSETS]
        assert shown[: number + 1] == [MATERIALIZED] * (number + 1)
        assert FAILED not in shown
    assert accepted(opened) == 2
    assert opened.stale() == set()


@pytest.mark.slow
def test_failed_nodes_are_asked_again_and_the_others_not(project: OpenProject) -> None:
    opened = project(faults=["http_500:batch=1,match=-1-1-1-r", "truncate:batch=1,match=-1-1-2-r"])
    opened.load()
    run = opened.run(ASSETS)
    assert run.success
    assert opened.states(OUTPUTS) == {**ALL_GREEN, ONE: FAILED}
    assert opened.states(DOCUMENTS) == opened.states(CANDIDATES) == {**ALL_GREEN, ONE: FAILED, PARTITIONS[1]: FAILED}
    assert opened.notes(OUTPUTS)[ONE].startswith("server_error: ")
    assert opened.notes(DOCUMENTS)[PARTITIONS[1]].startswith("truncated_reasoning: ")
    assert opened.notes(CANDIDATES)[ONE] == "nothing to make it from: process_documents has nothing of it yet; materialize that first"
    sent = accepted(opened)
    assert opened.run(ASSETS, PARTITIONS[0], PARTITIONS[2]).success  # as the UI does it: a good one is between them
    assert states(opened) == dict.fromkeys(ASSETS, ALL_GREEN)
    assert accepted(opened) == sent + 4
    assert opened.stale() == set()


LONG = [(*row[:3], " ".join([f"{row[2]} is done once more. "] * 300)) if row[0] == "1.1.1" else row for row in SHOP]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["assets", "submit"])
def test_a_node_that_is_too_long_to_be_sent_is_a_failed_partition(project: OpenProject, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """By the assets' own run, or by the job that sends what others have made."""
    gpt5, budget = MODELS["gpt-6.1-sol"], PROCESS.default_max_completion_tokens
    monkeypatch.setitem(MODELS, "gpt-6.1-sol", replace(gpt5, context_tokens=budget + PROCESS.typical_input_tokens))
    opened = project()
    opened.load(LONG)
    if way == "assets":
        assert opened.run((CONTEXTS, INPUTS, OUTPUTS, DOCUMENTS)).success
        assert opened.states(DOCUMENTS) == {**ALL_GREEN, ONE: FAILED}
    else:
        opened.run((CONTEXTS, INPUTS))
        assert opened.run_job("submit").success
    assert opened.states(OUTPUTS)[ONE] == FAILED
    ((outcome, message), *more) = opened.failure_runs()
    assert (outcome, more) == ("context_length", [])
    assert "it was not sent. Choose a model with more room (openai_model)" in message
    assert accepted(opened) == 5
    monkeypatch.setitem(MODELS, "gpt-6.1-sol", gpt5)
    assert opened.run(ASSETS, wait_s=20).success
    assert states(opened) == dict.fromkeys(ASSETS, ALL_GREEN)
    assert opened.stale() == set()


@pytest.mark.slow
def test_a_node_that_is_sent_shorter_is_fresh_with_a_note(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(MODELS["gpt-6.1-sol"], context_tokens=PROCESS.default_max_completion_tokens + 2_000)
    monkeypatch.setitem(MODELS, "gpt-6.1-sol", small)
    opened = project()
    opened.load(LONG)
    assert opened.run((CONTEXTS, INPUTS, OUTPUTS, DOCUMENTS)).success
    assert opened.states(DOCUMENTS) == ALL_GREEN
    assert opened.stale() == set()
    document, request = (opened.latest(asset, ONE).asset_materialization.metadata for asset in (DOCUMENTS, INPUTS))
    assert "The request was made from half of the context" in document["notes"].value
    assert "too long for the model" in request["shortened"].value


@pytest.mark.slow
@pytest.mark.parametrize("way", ["assets", "submit", "submit_sensor"])
def test_nothing_is_sent_to_a_model_that_ends_before_a_batch_would_be_through(
    project: OpenProject, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    opened = project()
    opened.load()
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    monkeypatch.setitem(MODELS, "gpt-6.1-sol", replace(MODELS["gpt-6.1-sol"], shutdown=tomorrow, successor="gpt-7-sol"))
    opened.run((CONTEXTS, INPUTS))
    if way == "assets":
        opened.run((OUTPUTS, DOCUMENTS), wait_s=5)
        assert opened.states(OUTPUTS)[ONE] == FAILED
        assert "its successor is gpt-7-sol" in opened.failure_runs()[0][1]
    else:
        if way == "submit_sensor":
            assert "its successor is gpt-7-sol" in opened.tick(way).skip_message
        assert not opened.run_job("submit").success
    assert accepted(opened) == 0


@pytest.mark.slow
def test_a_draft_that_nobody_decided_on_does_not_hold_nodes_back(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.bench.draft("1.1.1")
    assert opened.run_partition(ASSETS, ONE).success
    assert opened.states(CANDIDATES)[ONE] == MATERIALIZED


@pytest.mark.slow
def test_a_plan_for_the_first_stage_does_not_hold_the_second_back(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate("1.1.1", stages=[PROCESS])
    assert opened.run_partition((USECASE_OUTPUTS, CANDIDATES), ONE).success
    assert opened.states(CANDIDATES)[ONE] == MATERIALIZED


@pytest.mark.slow
def test_outputs_are_not_asked_for_with_an_old_context(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.generate("1.1.1")
    opened.load(redescribed("1.1.1"))
    opened.bench.change("update caseforge.context set node_version = 'of an edition that is no longer known' where is_current")
    sent = accepted(opened)
    assert opened.run_partition((OUTPUTS, DOCUMENTS), ONE).success
    assert opened.notes(DOCUMENTS)[ONE].startswith("without a context: the framework changed since its context was made")
    assert accepted(opened) == sent
    assert opened.run_partition(ASSETS, ONE).success
    assert opened.states(DOCUMENTS)[ONE] == MATERIALIZED
    assert opened.stale() == set()


@pytest.mark.slow
@pytest.mark.parametrize("reuse", ["exact", "off"])
def test_a_change_taken_back_costs_nothing(project: OpenProject, reuse: str) -> None:
    """The old content fits again: making inputs anew does not leave a request behind that somebody would pay for."""
    opened = project(reuse=reuse)
    opened.load()
    opened.generate("1.1.1")
    opened.load(redescribed("1.1.1"))
    assert opened.run_partition((CONTEXTS, INPUTS), ONE).success
    opened.load()
    sent = accepted(opened)
    assert opened.run_partition(ASSETS, ONE).success
    assert opened.states(CANDIDATES)[ONE] == MATERIALIZED
    assert opened.bench.column(PENDING) == [0]
    assert accepted(opened) == sent


def test_nodes_that_wait_for_a_refused_provider_say_so_at_once(project: OpenProject) -> None:
    opened = project(faults=["reply_error:when=before,status=429,code=insufficient_quota"])
    opened.load()
    assert "Not everything was sent. 1 request was not sent: " in said_at_the_end(opened.run_partition(ASSETS, ONE))
    assert opened.states(INPUTS)[ONE] == MATERIALIZED
    assert opened.states(OUTPUTS)[ONE] == FAILED
    assert opened.notes(OUTPUTS)[ONE].startswith("waiting: ")
    assert "HTTP 429" in opened.notes(OUTPUTS)[ONE]


# With one that bills, or none


def said_at_the_end(run: dg.ExecuteInProcessResult) -> str:
    """The reason why a run failed that was asked to send."""
    assert not run.success
    return str(run.failure_data_for_node("shop_flow").user_failure_data.description)  # type: ignore[union-attr]


def test_nothing_is_sent_to_a_provider_that_bills(project: OpenProject) -> None:
    opened = project(bills=True, budget_usd=10)
    opened.load()
    said = said_at_the_end(opened.run(ASSETS))
    assert re.match(r"Not everything was sent. 6 requests \(expected cost \$0\.\d+\) wait for approval: `caseforge submit`", said), said
    assert accepted(opened) == 0
    assert states(opened) == {
        **dict.fromkeys((NODES, CONTEXTS, INPUTS), ALL_GREEN),
        **dict.fromkeys((OUTPUTS, DOCUMENTS, USECASE_INPUTS, USECASE_OUTPUTS, CANDIDATES), ALL_FAILED),
    }
    reason = "waiting: not approved yet; approve it with the job submit or with `caseforge generate --framework shop`"
    assert set(opened.notes(DOCUMENTS).values()) == {reason}
    assert dict(opened.failure_runs())["waiting"].startswith(f"{reason} — 6 nodes: ")
    assert opened.bench.column(PENDING) == [len(PARTITIONS)]


@pytest.mark.slow
def test_what_waits_turns_green_when_it_is_collected(project: OpenProject) -> None:
    opened = project(bills=True, budget_usd=10)
    opened.load()
    first_half = (CONTEXTS, INPUTS, OUTPUTS, DOCUMENTS)
    opened.run_partition(first_half, ONE)
    assert opened.run_job("submit", max_cost_usd=1).success
    opened.run_partition(first_half, ONE)
    if opened.states(DOCUMENTS)[ONE] == FAILED:  # the server may be that fast
        assert opened.notes(DOCUMENTS)[ONE].startswith("waiting: in batch_")
    sent = accepted(opened)
    opened.bench.work()
    opened.flush()
    assert [opened.states(asset)[ONE] for asset in first_half] == [MATERIALIZED] * 4
    assert accepted(opened) == sent == 1


def test_a_finished_batch_is_collected_by_materializing(project: OpenProject) -> None:
    opened = project(bills=True, budget_usd=10)
    opened.load()
    opened.bench.approve("1.1.1", stages=[PROCESS])
    opened.bench.round()
    (remote_id,) = opened.bench.column("select remote_id from caseforge.batch")
    eventually(lambda: opened.bench.provider.client.retrieve(remote_id)["status"] == "completed")
    opened.run_partition((OUTPUTS, DOCUMENTS), ONE)
    assert [opened.states(asset)[ONE] for asset in (OUTPUTS, DOCUMENTS)] == [MATERIALIZED] * 2
    assert accepted(opened) == 1


def test_without_a_key_what_needs_no_answer_works(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = project()
    opened.load()
    monkeypatch.delenv("OPENAI_API_KEY")
    assert "6 requests were not sent: OPENAI_API_KEY is not set" in said_at_the_end(opened.run(ASSETS))
    assert states(opened) == {
        **dict.fromkeys((NODES, CONTEXTS, INPUTS), ALL_GREEN),
        **dict.fromkeys((OUTPUTS, DOCUMENTS, USECASE_INPUTS, USECASE_OUTPUTS, CANDIDATES), ALL_FAILED),
    }
    (reason,) = set(opened.notes(OUTPUTS).values())
    assert reason.startswith("waiting: ")
    assert "OPENAI_API_KEY is not set" in reason


@pytest.mark.slow
def test_without_a_server_what_is_good_is_confirmed_and_the_rest_says_why(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = project()
    opened.load()
    opened.generate("1.1.1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert "5 requests were not sent: reaching the provider: no connection" in said_at_the_end(opened.run(ASSETS))
    assert opened.states(DOCUMENTS) == {**ALL_FAILED, ONE: MATERIALIZED}
    assert "no connection to the provider" in opened.notes(DOCUMENTS)[PARTITIONS[1]]


def test_simulated_content_does_not_count_for_a_provider_that_bills(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = project()
    opened.load()
    opened.generate("1.1.1")
    opened = project(bills=True)
    assert "1 request (expected cost" in said_at_the_end(opened.run_partition(ASSETS, ONE))
    assert opened.states(DOCUMENTS)[ONE] == FAILED
    assert opened.notes(DOCUMENTS)[ONE].startswith("waiting: not approved yet")
    assert accepted(opened) == 0


@pytest.mark.parametrize(
    ("budget", "decision", "said"),
    [
        ({}, "approved", "there is no budget for shop. Set budget_usd in caseforge.toml; they are expected to cost $0."),
        ({"budget_usd": 0.001}, "approved", "would be overdrawn by $0."),
        (
            {"budget_usd": 10},
            "cancelled",
            "wait, because plan 1 was declined or cancelled: `caseforge generate --framework shop` makes a new one",
        ),
    ],
)
def test_what_money_holds_back_fails_the_run(project: OpenProject, budget: dict[str, float], decision: str, said: str) -> None:
    opened = project(bills=True, **budget)
    opened.load()
    opened.bench.approve(stages=[PROCESS])
    opened.bench.change("update caseforge.plan set state = :state", state=decision)
    assert said in said_at_the_end(opened.run((OUTPUTS, DOCUMENTS)))
    assert accepted(opened) == 0


@pytest.mark.slow
def test_a_run_that_has_nothing_to_send_is_no_failure(project: OpenProject) -> None:
    opened = project(bills=True, budget_usd=10)
    opened.load()
    assert opened.run((NODES, CONTEXTS, INPUTS)).success  # not asked to send
    opened.generate(stages=[PROCESS])
    assert opened.run((OUTPUTS, DOCUMENTS)).success


# The framework and the report


def materialize_whole(project: Project, name: str) -> dg.ExecuteInProcessResult:
    return project.run_selected([AssetKey([KEY, name])], {}, {})


@pytest.mark.slow
def test_materializing_the_framework_reads_its_file(project: OpenProject) -> None:
    opened = project()
    assert materialize_whole(opened, "framework").success
    assert opened.states(NODES) == ALL_GREEN
    write_table(opened.path / "shop.csv", redescribed("1.1"))
    run = materialize_whole(opened, "framework")
    (event,) = [event for event in run.get_asset_materialization_events() if event.asset_key.path[-1] == "framework"]
    assert {
        name: value.value for name, value in event.materialization.metadata.items() if name in ("changed", "context_only", "targets")
    } == {
        "changed": True,
        "context_only": 3,
        "targets": 6,
    }
    materialize_whole(opened, "framework")
    assert opened.stale(NODES) == set()


def test_a_framework_file_that_cannot_be_read_changes_nothing(project: OpenProject) -> None:
    opened = project()
    opened.load()
    (opened.path / "shop.csv").write_text("code,name\n1,Sell\n1,Sell again\n")
    run = materialize_whole(opened, "framework")
    assert not run.success
    (failure,) = [event for event in run.all_events if event.is_step_failure]
    assert "shop.csv" in str(failure.step_failure_data.user_failure_data)
    assert "row 3" in str(failure.step_failure_data.user_failure_data)
    assert opened.states(NODES) == ALL_GREEN


def test_another_frameworks_file_in_its_place_is_refused_and_nothing_of_it_is_read(project: OpenProject) -> None:
    opened = project()
    opened.load()
    other = [(code, f"z{node_id}", f"Quite another {name}", description) for code, node_id, name, description in SHOP]
    write_table(opened.path / "shop.csv", other)
    run = materialize_whole(opened, "framework")
    assert not run.success
    (failure,) = [event for event in run.all_events if event.is_step_failure]
    said = str(failure.step_failure_data.user_failure_data)
    assert "If it is an edition of this framework: caseforge load --framework shop --yes" in said
    assert run.get_asset_materialization_events() == []
    assert opened.states(NODES) == ALL_GREEN
    assert opened.bench.query("select count(*) from caseforge.framework_version") == [(1,)]
    assert opened.run((NODES,)).success  # of what is loaded, whatever lies there
    assert opened.bench.query("select distinct name from caseforge.node_version where name like 'Quite%'") == []


@pytest.mark.slow
def test_the_report_gives_figures_by_state_and_kind_of_provider(project: OpenProject) -> None:
    opened = project(faults=["http_500:batch=1,match=-1-1-1-r"])
    opened.load()
    opened.generate(*CODES[:3])
    run = materialize_whole(opened, "run_report")
    (event,) = run.get_asset_materialization_events()
    figures = {name: value.value for name, value in event.materialization.metadata.items()}
    assert {name: figures[name] for name in figures if name in {f"process_details_{state}" for state in NodeState}} == {
        "process_details_done": 2,
        "process_details_waiting": 0,
        "process_details_failed": 1,
        "process_details_cancelled": 0,
        "process_details_stale": 0,
        "process_details_missing": 3,
        "process_details_no_source": 0,
    }
    assert (figures["process_details_first_percent"], figures["process_details_coverage_percent"]) == (66.6667, 33.33)
    assert (figures["usecases_done"], figures["usecases_no_source"]) == (2, 4)
    assert figures["candidates"] == opened.bench.column("select count(*) from caseforge.candidate where is_current")[0] >= 12
    assert (figures["process_details_attempts_simulated"], figures["usecases_attempts_simulated"]) == (3, 2)
    (spent,) = opened.bench.column(
        "select sum(a.cost_usd) from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id where b.stage = 'usecases'"
    )
    assert figures["usecases_cost_usd_simulated"] == pytest.approx(float(spent))
    assert figures["usecases_unknown_simulated"] == 0
    assert not any("billed" in name for name in figures)
