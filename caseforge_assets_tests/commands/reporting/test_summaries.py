"""Summaries of a run, from a real store: first answers and retries, failures, cost, use cases, batches and their times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from caseforge_assets.commands.reporting.summarize_run import summarize_run, summarize_since
from caseforge_assets.commands.reporting.view_batches import view_batches
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.reports.run_summary import RunSummary
from caseforge_assets_tests.workbench import KEY, PROCESS, OpenBench, Workbench

BAD_AT_FIRST = ["http_500:batch=1,match=-1-1-1-r", "truncate:batch=1,match=-1-1-2-r"]


def summary(opened: Workbench) -> RunSummary:
    with opened.store.connect() as connection:
        return summarize_run(connection, KEY)


@pytest.mark.slow
def test_the_first_answers_and_those_after_retries_are_told_apart(bench: OpenBench) -> None:
    opened = bench(faults=BAD_AT_FIRST)
    opened.generate(stages=[PROCESS])
    (before,) = summary(opened).stages
    assert (before.nodes, before.first_good, before.good, before.answers) == (6, 4, 4, 6)
    opened.generate(stages=[PROCESS])
    found = summary(opened)
    (after,) = found.stages
    assert (after.nodes, after.first_good, after.good, after.answers) == (6, 4, 6, 8)
    assert found.failures == (("process_details", "server_error", 1), ("process_details", "truncated_reasoning", 1))
    (spent,) = opened.column("select sum(cost_usd) from caseforge.attempt")
    assert (after.kind, after.cost_usd, after.cost_per_node_usd) == ("simulated", spent, spent / 6)


def test_what_expired_says_nothing_of_how_good_answers_are(bench: OpenBench) -> None:
    opened = bench(faults=["expire:share=0.5,batch=1"])
    opened.generate(stages=[PROCESS])
    found = summary(opened)
    assert (found.stages[0].nodes, found.stages[0].first_good, found.stages[0].answers) == (6, 6, 6)
    assert found.failures == (("process_details", "expired", 3),)


def test_an_unknown_cost_makes_the_cost_of_a_node_unknown(bench: OpenBench) -> None:
    opened = bench(faults=["no_usage:match=-1-1-1-r"])
    opened.generate(stages=[PROCESS])
    (figures,) = summary(opened).stages
    assert (figures.unknown_costs, figures.cost_per_node_usd) == (1, None)
    assert figures.cost_usd == opened.column("select sum(cost_usd) from caseforge.attempt")[0]


@pytest.mark.slow
def test_use_cases_a_node_and_their_cost(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    found = summary(opened)
    assert (
        sum(items * nodes for items, nodes in found.items_per_node["usecases"].items())
        == opened.column("select count(*) from caseforge.candidate")[0]
    )
    usecases = found.stages[1]
    (candidates,) = opened.column("select count(*) from caseforge.candidate")
    assert float(found.cost_per_item_usd(usecases) or 0) == pytest.approx(float(usecases.cost_usd or 0) / candidates)


@pytest.mark.slow
def test_batches_have_their_times_and_files_newest_first(bench: OpenBench) -> None:
    opened = bench(latency_s=1)
    opened.generate()
    usecases, documents = summary(opened).batches
    assert (usecases.stage, documents.stage) == ("usecases", "process_details")
    assert documents.queue_s is not None
    assert documents.run_s is not None
    assert documents.queue_s + documents.run_s <= 3
    assert (documents.requests, documents.good, documents.failed) == (6, 6, 0)
    assert documents.file is not None
    assert documents.file.endswith(".output.jsonl")
    assert documents.file == opened.column("select artifacts #>> '{output,path}' from caseforge.batch where id = 1")[0]


@pytest.mark.slow
def test_the_baseline_is_what_nodes_cost_in_earlier_runs(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=Decimal(100))
    opened.generate(stages=[PROCESS])
    assert summary(opened).baselines == {}
    (first,) = opened.column("select sum(cost_usd) / 6 from caseforge.attempt")
    opened.generate(stages=[PROCESS], ask_again=True)
    assert summary(opened).baselines == {"process_details": first}


def test_trends_hold_what_came_back_since_then(bench: OpenBench) -> None:
    opened = bench(faults=BAD_AT_FIRST)
    opened.generate(stages=[PROCESS])
    now = datetime.now(UTC)
    with opened.store.connect() as connection:
        trend = summarize_since(connection, now, timedelta(days=7), KEY)
        later = summarize_since(connection, now + timedelta(days=8), timedelta(days=7), KEY)
        elsewhere = summarize_since(connection, now, timedelta(days=7), "another")
    (today,) = trend.periods
    assert (today.stage, today.kind, today.attempts, today.good, today.unknown_costs) == ("process_details", "simulated", 6, 4, 0)
    assert {pattern.outcome: pattern.example for pattern in trend.patterns} == {"server_error": "1.1.1", "truncated_reasoning": "1.1.2"}
    assert (later.periods, later.patterns, elsewhere.periods) == ([], [], [])


def test_an_empty_framework_has_an_empty_summary(bench: OpenBench) -> None:
    assert summary(bench()) == RunSummary((), (), {}, {}, (), {True: {}, False: {}})


def test_use_cases_of_a_batch_under_way_are_estimated_from_earlier_ones(bench: OpenBench) -> None:
    opened = bench()
    opened.given("1.1.1", "1.1.2")
    (mean,) = opened.column("select avg(n) from (select count(*) as n from caseforge.candidate group by content_id) of_node")
    opened.change(
        "update caseforge.batch set state = 'open', remote_status = 'in_progress', remote = jsonb_set(remote, '{request_counts}', "
        """'{"total": 2, "completed": 1, "failed": 0}') where stage = 'usecases'"""
    )
    opened.change("update caseforge.attempt a set outcome = null from caseforge.batch b where b.id = a.batch_id and b.stage = 'usecases'")
    with opened.store.connect() as connection:
        (open_one,), (documents,) = view_batches(connection, opened.stages, datetime.now(UTC), finished=5)
    assert (open_one.stage, open_one.done, open_one.items, open_one.estimated) == ("usecases", 1, round(mean), True)
    assert open_one.cost_usd == (open_one.expected_cost_usd or 0) / 2
    assert (documents.items, documents.estimated, documents.done) == (None, False, 2)


def test_many_batches_are_looked_at_in_one_call(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = bench(latency_s=60, max_requests_per_batch=1)
    opened.approve(stages=[PROCESS])
    opened.round()
    asked: list[str] = []
    monkeypatch.setattr(opened.provider.client, "retrieve", asked.append)
    seen = poll_batches(opened.project)
    assert len(seen) == 6
    assert {batch.remote_status for batch in seen} <= {"validating", "in_progress"}
    assert asked == []
