"""Unknown costs are counted wherever costs are added up, of attempts without an answer, too, and of duplicates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from caseforge_assets.commands.approving.view_plans import reckon_plans
from caseforge_assets.commands.collecting.settle_unanswered import give_up
from caseforge_assets.commands.mirroring.read_statuses import asset_statuses
from caseforge_assets.commands.money.sum_budgets import budgets_left
from caseforge_assets.commands.money.sum_costs import GROUPINGS, sum_costs
from caseforge_assets.commands.reporting.check_framework import check_framework
from caseforge_assets.commands.reporting.summarize_run import summarize_run, summarize_since
from caseforge_assets.commands.reporting.view_batches import view_batches
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.defs.figures.reports import run_figures
from caseforge_assets.store.alerting import alert_figures
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.figures import node_views, spending
from caseforge_assets.store.planning import plans
from caseforge_assets.store.submitting import batches
from caseforge_assets_tests.workbench import KEY, PROCESS, OpenBench, Workbench

# As half of a batch whose result file held too few lines: paid for, and nobody knows how much.
LOST = """
update caseforge.attempt set outcome = 'missing_line', cost_usd = null, input_tokens = null, cached_tokens = null, output_tokens = null,
    reasoning_tokens = null, line_number = null
where id in (select id from caseforge.attempt order by id limit 3)
"""
YESTERDAY = timedelta(days=1)


@pytest.fixture
def opened(bench: OpenBench) -> Workbench:
    """Six documents that were billed, of three of which nobody knows what they cost."""
    made = bench(bills=True, budget_usd=9)
    made.given(stages=[PROCESS])
    made.change(LOST)
    return made


@pytest.fixture
def cost(opened: Workbench) -> Cost:
    """The known cost of the documents, with the number of those whose cost is unknown."""
    known, expected = opened.query("select sum(cost_usd), sum(expected_cost_usd) from caseforge.attempt where cost_usd is not null")[0]
    assert 0 < known < 1
    assert expected > 0
    return Cost(known, 3)


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_costs_count_it_however_they_are_grouped(opened: Workbench, cost: Cost, grouping: str) -> None:
    with opened.store.connect() as connection:
        rows = sum_costs(connection, grouping, KEY)
    assert total(row.cost for row in rows) == cost
    assert sum(row.attempts for row in rows) == 6


def test_reports_on_runs_count_it(opened: Workbench, cost: Cost) -> None:
    with opened.store.connect() as connection:
        (stage,) = summarize_run(connection, KEY).stages
        (period,) = summarize_since(connection, datetime.now(UTC), YESTERDAY, KEY).periods
    assert (stage.cost, stage.answers, stage.cost_per_node_usd) == (cost, 3, None)
    assert (period.cost, period.attempts) == (cost, 6)
    assert stage.over_estimate is not None, "of the answers whose cost is known"


def test_status_monitor_and_the_run_report_count_it(opened: Workbench, cost: Cost) -> None:
    with opened.store.connect() as connection:
        (spent,) = node_views.spent(connection, KEY)
        _, (batch,) = view_batches(connection, opened.stages, datetime.now(UTC), finished=5)
    assert Cost.of(spent.cost_usd, spent.unknown_costs) == batch.cost == cost
    figures = run_figures(opened.project, KEY)
    assert figures["process_details_unknown_billed"] == 3
    assert str(cost) in str(figures)


def test_checks_and_alerts_count_it(opened: Workbench) -> None:
    with opened.store.connect() as connection:
        statuses = asset_statuses(connection, opened.project, KEY)
        (check,) = (
            status
            for status in check_framework(connection, opened.project, KEY, statuses)
            if status.name == "cost_within_plan" and status.figures["unknown_costs"]
        )
        (plan,) = alert_figures.plans(connection, datetime.now(UTC) - YESTERDAY, [])
    assert not check.passed
    assert check.figures["unknown_costs"] == plan.unknown_costs == 3


def test_budgets_hold_back_what_was_expected_and_say_so(opened: Workbench, cost: Cost) -> None:
    (expected,) = opened.column("select sum(coalesce(cost_usd, expected_cost_usd)) from caseforge.attempt")
    with opened.store.connect() as connection:
        assert plans.committed_by_framework(connection)[KEY] == Cost(expected, 3)
        (left,) = budgets_left(connection, opened.project, KEY).values()
        (plan,) = reckon_plans(connection, opened.project)
    assert (left.usd, left.unknown) == (9 - expected, 3)
    assert plan.spent == Cost(expected, 3)
    assert expected > cost.known_usd


def test_failed_nodes_say_what_is_not_known_of_their_attempts(opened: Workbench) -> None:
    opened.change(
        "update caseforge.request r set state = 'failed' from caseforge.attempt a where a.request_id = r.id and a.cost_usd is null"
    )
    with opened.store.connect() as connection:
        rows = attempts.failures(connection, KEY)
    assert [Cost.of(row.cost_usd, row.unknown_costs) for row in rows] == [Cost(Decimal(0), 1)] * 3


def test_a_batch_that_was_given_up_may_have_been_billed(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=9, latency_s=60)
    opened.approve("1.1.1", "1.1.2", stages=[PROCESS])
    opened.round()
    with opened.store.connect() as connection:
        (batch,) = batches.in_states(connection, ["open"])
    give_up(opened.project, batch, by="test")
    with opened.store.connect() as connection:
        assert total(row.cost for row in sum_costs(connection, "stage")) == Cost(Decimal(0), 2)
        assert spending.costs_of_batches(connection, [batch.id]) == {batch.id: Cost(Decimal(0), 2)}


def test_what_duplicates_cost_is_in_every_sum(opened: Workbench, cost: Cost) -> None:
    opened.change("""
    insert into caseforge.batch (provider_id, submission_id, stage, model, state, request_count, input_tokens, remote_id, duplicate_of, collected_at)
    select provider_id, 'duplicate', stage, model, 'collected', request_count, input_tokens, 'batch_duplicate', id, now() from caseforge.batch
    """)
    opened.change("""
    insert into caseforge.attempt (batch_id, node_id, request_id, provider_id, custom_id, fingerprint, generation, outcome, cost_usd)
    select (select max(id) from caseforge.batch), node_id, request_id, provider_id, custom_id, fingerprint, generation, outcome, cost_usd
    from caseforge.attempt
    """)
    with opened.store.connect() as connection:
        sums = total(row.cost for row in sum_costs(connection, "stage"))
        (stage,) = summarize_run(connection, KEY).stages
        (period,) = summarize_since(connection, datetime.now(UTC), YESTERDAY, KEY).periods
    assert sums == stage.cost == period.cost == cost + cost
    assert (stage.answers, period.attempts) == (3, 6), "answers of a duplicate are no attempts of their own"


def test_what_was_never_sent_cost_nothing(bench: OpenBench) -> None:
    opened = bench(bills=True, budget_usd=9, faults=["reply_error:when=before,status=400,call=1"])
    opened.approve("1.1.1", stages=[PROCESS])
    opened.round()
    opened.change("update caseforge.batch set state = 'refused'")
    opened.change("update caseforge.attempt set outcome = 'not_sent'")
    with opened.store.connect() as connection:
        assert node_views.spent(connection, KEY) == sum_costs(connection, "stage") == []
        _, (batch,) = view_batches(connection, opened.stages, datetime.now(UTC), finished=5)
        assert batch.cost == Cost()
