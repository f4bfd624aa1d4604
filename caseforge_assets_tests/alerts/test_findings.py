"""The rules on figures alone: where each begins, when it is critical, and what its text says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from caseforge_assets.alerts.figures import (
    BatchFigures,
    BudgetFigures,
    EndingModel,
    Figures,
    PlanFigures,
    ProviderFigures,
    RunCost,
    UnsentFigures,
    WaitingPlan,
    WebhookFigures,
)
from caseforge_assets.alerts.findings import find
from caseforge_assets.alerts.rules import Finding, Rule, Severity
from caseforge_assets.alerts.thresholds import Thresholds
from caseforge_assets.stages.model_rules import Ending

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BATCH = BatchFigures(7, "batch_x", "usecases", "shop", "collected", "completed", None, None, 100, 0, 0, 100, 0)
PLAN = PlanFigures(3, "shop", NOW - timedelta(hours=1), 5, 100, Decimal(10), Decimal(10))
RUN_COST = RunCost(3, "shop", "usecases", "gpt-5", 100, Decimal("0.05"), 100, Decimal("0.05"))
PROVIDER = ProviderFigures(1, "https://api.example.test/v1", None, None, 2, NOW)


def found(figures: Figures, **thresholds: object) -> list[tuple[Rule, Severity]]:
    return [(alert.rule, alert.severity) for alert in find(figures, Thresholds.model_validate(thresholds), NOW)]


@pytest.mark.parametrize(("failed", "severity"), [(10, None), (11, Severity.warning), (20, Severity.warning), (21, Severity.critical)])
def test_more_than_a_tenth_of_a_batch_failed(failed: int, severity: Severity | None) -> None:
    assert found(Figures(batches=(replace(BATCH, failed=failed),))) == ([(Rule.failed_share, severity)] if severity else [])


@pytest.mark.parametrize(("cut_off", "severity"), [(5, None), (6, Severity.warning), (11, Severity.critical)])
def test_answers_that_ended_at_their_token_limit(cut_off: int, severity: Severity | None) -> None:
    assert found(Figures(batches=(replace(BATCH, cut_off=cut_off),))) == ([(Rule.token_limit, severity)] if severity else [])


def test_what_was_answered_since_is_over() -> None:
    batch = replace(BATCH, failed=50, cut_off=50, remote_status="failed", unanswered=0)
    assert found(Figures(batches=(batch,))) == []


def test_shares_are_configured() -> None:
    assert found(Figures(batches=(replace(BATCH, failed=30),)), failed_share="0.3") == []
    assert found(Figures(batches=(replace(BATCH, failed=1),)), failed_share=0, share_min_count=1) == [(Rule.failed_share, Severity.warning)]


@pytest.mark.parametrize(("requests", "bad", "speaks"), [(1, 1, False), (2, 2, False), (4, 2, False), (3, 3, True), (6, 3, True)])
def test_a_share_of_a_few_is_no_alert(requests: int, bad: int, *, speaks: bool) -> None:
    small = replace(BATCH, requests=requests, unanswered=requests)
    assert found(Figures(batches=(replace(small, failed=bad),))) == ([(Rule.failed_share, Severity.critical)] if speaks else [])
    assert found(Figures(batches=(replace(small, cut_off=bad),))) == ([(Rule.token_limit, Severity.critical)] if speaks else [])
    assert found(Figures(batches=(replace(small, failed=bad),)), share_min_count=1) == [(Rule.failed_share, Severity.critical)]


def test_a_batch_that_its_provider_counts_otherwise() -> None:
    (finding,) = find(Figures(batches=(replace(BATCH, unanswered=0, usage_differs="its provider counts more"),)), Thresholds(), NOW)
    assert (finding.rule, finding.severity) == (Rule.usage_differs, Severity.warning)
    assert finding.text == "usecases of shop batch_x: its provider counts more"


def test_a_batch_that_failed_says_why_and_how_much_is_open() -> None:
    batch = replace(BATCH, remote_status="failed", errors=[{"code": "invalid_json_line", "message": "not parseable"}], unanswered=99)
    (finding,) = find(Figures(batches=(batch,)), Thresholds(), NOW)
    assert finding == Finding(
        Rule.batch_failed,
        "batch 7",
        Severity.critical,
        "usecases of shop batch_x failed as a whole: invalid_json_line: not parseable. 99 of its 100 nodes have no answer yet",
        "shop",
    )


@pytest.mark.parametrize(
    ("given_up", "said"), [(1, "did not take 1 event for three days, so that it is"), (1_200, "did not take 1,200 events")]
)
def test_a_webhook_that_took_nothing(given_up: int, said: str) -> None:
    (finding,) = find(
        Figures(webhooks=(WebhookFigures(3, "https://hooks/…", "shop", given_up, "plan 7", "it answered 500"),)), Thresholds(), NOW
    )
    assert (finding.rule, finding.subject, finding.severity, finding.framework_key) == (
        Rule.webhook_given_up,
        "webhook 3",
        Severity.warning,
        "shop",
    )
    assert said in finding.text
    assert "plan 7: it answered 500. `caseforge webhooks deliveries 3 --state dead` lists them" in finding.text


@pytest.mark.parametrize(("requests", "said"), [(1, "1 request is too long for the model and was not sent"), (1_200, "1,200 requests are")])
def test_requests_that_cannot_be_sent_say_how_many_and_why_the_first_one(requests: int, said: str) -> None:
    (finding,) = find(Figures(unsent=(UnsentFigures("shop", "usecases", requests, "1.1.1", "gpt-5 has room for less"),)), Thresholds(), NOW)
    assert (finding.rule, finding.subject, finding.severity) == (Rule.too_long, "requests of shop usecases", Severity.warning)
    assert finding.text.startswith(f"usecases of shop: {said}")
    assert finding.text.endswith("1.1.1: gpt-5 has room for less")


@pytest.mark.parametrize(("hours", "severity"), [(36, None), (36.1, Severity.warning), (72.1, Severity.critical)])
def test_a_plan_that_is_open_for_long(hours: float, severity: Severity | None) -> None:
    plan = replace(PLAN, first_submission=NOW - timedelta(hours=hours))
    assert found(Figures(plans=(plan,))) == ([(Rule.plan_open, severity)] if severity else [])
    assert found(Figures(plans=(replace(plan, open_requests=0),))) == []


@pytest.mark.parametrize(("cost", "severity"), [("12", None), ("12.01", Severity.warning), ("14.01", Severity.critical)])
def test_a_plan_that_costs_more_than_expected(cost: str, severity: Severity | None) -> None:
    plan = replace(PLAN, cost_usd=Decimal(cost))
    assert found(Figures(plans=(plan,))) == ([(Rule.cost_over_estimate, severity)] if severity else [])
    assert found(Figures(plans=(replace(plan, answers=9),))) == []  # nine answers say nothing


@pytest.mark.parametrize(("cost", "severity"), [("0.06", None), ("0.0601", Severity.warning), ("0.08", Severity.critical)])
def test_a_node_that_costs_more_than_in_earlier_runs(cost: str, severity: Severity | None) -> None:
    run = replace(RUN_COST, cost_per_node_usd=Decimal(cost))
    assert found(Figures(run_costs=(run,))) == ([(Rule.cost_over_baseline, severity)] if severity else [])
    assert found(Figures(run_costs=(replace(run, earlier_answers=9),))) == []
    assert found(Figures(run_costs=(replace(run, earlier_cost_per_node_usd=None),))) == []


@pytest.mark.parametrize(
    ("committed", "severity"),
    [("79.99", None), ("80", Severity.warning), ("99.99", Severity.warning), ("100", Severity.critical), ("130", Severity.critical)],
)
def test_a_budget_at_80_and_100_percent(committed: str, severity: Severity | None) -> None:
    budget = BudgetFigures(None, Decimal(100), Decimal(committed))
    assert found(Figures(budgets=(budget,))) == ([(Rule.budget, severity)] if severity else [])


def test_a_budget_of_nothing_is_used_up_by_anything() -> None:
    assert found(Figures(budgets=(BudgetFigures("shop", Decimal(0), Decimal(0)),))) == []
    assert found(Figures(budgets=(BudgetFigures("shop", Decimal(0), Decimal("0.01")),))) == [(Rule.budget, Severity.critical)]


@pytest.mark.parametrize(("hours", "severity"), [(26, None), (26.1, Severity.warning), (52.1, Severity.critical)])
def test_nothing_collected_while_batches_are_open(hours: float, severity: Severity | None) -> None:
    quiet = replace(PROVIDER, quiet_since=NOW - timedelta(hours=hours))
    assert found(Figures(providers=(quiet,))) == ([(Rule.silence, severity)] if severity else [])
    assert found(Figures(providers=(replace(quiet, quiet_since=None),))) == []


def test_an_open_alert_stays_open_until_its_figure_is_clearly_below_the_threshold() -> None:
    budget = BudgetFigures(None, Decimal(100), Decimal(77))
    open_keys = {(str(Rule.budget), "all frameworks")}
    assert find(Figures(budgets=(budget,)), Thresholds(), NOW, open_keys)
    assert not find(Figures(budgets=(budget,)), Thresholds(), NOW)
    assert not find(Figures(budgets=(replace(budget, committed_usd=Decimal(75)),)), Thresholds(), NOW, open_keys)


def test_secrets_in_what_the_provider_says_are_masked() -> None:
    refusing = replace(PROVIDER, refused_reason="HTTP 401: Incorrect API key provided: sk-proj-Ab12Cd34")
    (finding,) = find(Figures(providers=(refusing,)), Thresholds(), NOW)
    assert "sk-proj" not in finding.text
    assert finding.severity is Severity.critical


def test_a_batch_that_a_person_took_back_has_not_failed_also_when_its_nodes_are_asked_for_again() -> None:
    refused = replace(BATCH, state="refused", remote_status=None, reason="HTTP 400: no such model")
    assert [found.rule for found in find(Figures(batches=(refused,)), Thresholds(), NOW)] == [Rule.batch_failed]
    for reason in ("cancelled before it was created", "plan 10 was cancelled before the batch was created"):
        assert list(find(Figures(batches=(replace(refused, reason=reason),)), Thresholds(), NOW)) == []


def test_a_key_that_was_refused_and_sending_that_is_stopped_are_told_apart() -> None:
    refusing = replace(PROVIDER, refused_reason="HTTP 401")
    (asked,) = find(Figures(providers=(refusing,)), Thresholds(), NOW)
    (stopped,) = find(Figures(providers=(replace(refusing, stopped_reason="quota"),)), Thresholds(), NOW)
    assert "refused the key when it was last asked: HTTP 401" in asked.text
    assert "nothing more is sent: quota" in stopped.text


def test_each_rule_can_be_switched_off() -> None:
    bad = replace(
        BATCH,
        failed=50,
        cut_off=50,
        remote_status="failed",
        stray_lines=3,
        usage_differs="its provider counts otherwise",
    )
    expired, unknown = replace(BATCH, id=8, remote_status="expired"), replace(BATCH, id=9, state="unknown", unanswered=0)
    short = replace(BATCH, id=10, state="final", is_held=True, reason="its answers are not all there", unanswered=0)
    ending = Ending("gpt-5", NOW.date() + timedelta(days=17), 17, False, "gpt-6.1-sol", "24 hours")
    everything = Figures(
        batches=(bad, expired, unknown, short),
        ending_models=(EndingModel(ending, "openai_model"),),
        unsent=(UnsentFigures("shop", "usecases", 1, "1.1.1", "no room"),),
        plans=(replace(PLAN, first_submission=NOW - timedelta(days=9), cost_usd=Decimal(90)),),
        waiting_plans=(WaitingPlan(4, "shop", "6 requests wait", "Ada", NOW, 6, None),),
        run_costs=(replace(RUN_COST, cost_per_node_usd=Decimal(9)),),
        budgets=(BudgetFigures(None, Decimal(1), Decimal(1)),),
        providers=(replace(PROVIDER, stopped_reason="quota", quiet_since=NOW - timedelta(days=9)),),
        webhooks=(WebhookFigures(3, "https://hooks/…", None, 1, "plan 7", "it answered 500"),),
    )
    assert {rule for rule, _ in found(everything)} == set(Rule)
    for rule in Rule:
        assert {other for other, _ in found(everything, off=[rule])} == set(Rule) - {rule}
