"""Bars, ratios, trends and error patterns from figures alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from caseforge_assets.reports.bars import bar, percent
from caseforge_assets.reports.run_summary import RunSummary, StageFigures
from caseforge_assets.reports.trends import DayFigures, Failure, common_text, patterns, periods

DAY = DayFigures(date(2026, 11, 24), "usecases", "billed", 10, 8, 1_000, Decimal("0.5"), 0)  # a Tuesday
STAGE = StageFigures("usecases", "billed", 10, 7, 9, 14, Decimal("1.8"), Decimal("1.5"), Decimal("1.8"), 14, 0)


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(0, ""), (1, "████"), (0.5, "██"), (0.0001, "▏"), (0.999, "███▉"), (0.28125, "█▏"), (-1, ""), (7, "████")],
)
def test_bars_are_whole_only_for_everything_and_empty_only_for_nothing(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


def test_shares_that_are_unknown_are_not_shown_as_nothing() -> None:
    assert (percent(0.123), percent(0), percent(None)) == ("12.3%", "0.0%", "")


def test_ratios_follow_from_the_counts() -> None:
    assert (STAGE.first_pass, STAGE.after_retries) == (0.7, 0.9)
    assert STAGE.cost_per_node_usd == Decimal("0.2")
    assert STAGE.over_estimate == Decimal("0.2")


def test_what_cannot_be_known_is_not_computed() -> None:
    assert replace(STAGE, unknown_costs=1).cost_per_node_usd is None
    nothing = StageFigures("usecases", "billed", 0, 0, 0, 0, None, None, None, 0, 0)
    assert (nothing.first_pass, nothing.after_retries, nothing.cost_per_node_usd, nothing.over_estimate) == (None, None, None, None)
    assert nothing.expected_per_answer_usd is None


def test_a_use_case_costs_what_its_node_cost_only_where_all_of_them_are_the_stages_own() -> None:
    own = {STAGE.stage: {6: 3, 10: 6}}
    summary = RunSummary((STAGE,), (), {STAGE.stage: {6: 3, 8: 20, 10: 6}}, {}, (), {False: own, True: {STAGE.stage: {8: 20}}})
    assert summary.mean_items(STAGE.stage) == pytest.approx((78 + 160) / 29)
    assert float(summary.cost_per_item_usd(STAGE) or 0) == pytest.approx(1.8 / 78)
    assert replace(summary, items_of_kind={False: {STAGE.stage: {6: 3}}}).cost_per_item_usd(STAGE) is None
    assert summary.cost_per_item_usd(replace(STAGE, kind="simulated")) is None, "there are twenty, and nine answers"
    assert RunSummary((), (), {}, {}, ()).mean_items(STAGE.stage) is None


def test_a_week_is_shown_by_days_and_a_month_by_weeks() -> None:
    days = [
        replace(DAY, day=date(2026, 11, 22)),
        DAY,
        replace(DAY, day=date(2026, 11, 25), cost_usd=None, unknown_costs=10, output_tokens=None),
    ]
    assert periods(days, 14) == days
    before, week = periods(days, 30)
    assert (before.day, before.attempts) == (date(2026, 11, 16), 10)
    assert week == replace(DAY, day=date(2026, 11, 23), attempts=20, good=16, unknown_costs=10)


def test_stages_and_providers_are_not_mixed() -> None:
    days = [DAY, replace(DAY, stage="process_details"), replace(DAY, kind="simulated")]
    assert len(periods(days, 30)) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("reasoning used all 8,000 tokens of the budget", "reasoning used all 16,000 tokens of the budget"),
        ("HTTP 500: see req_Ab12Cd34Ef", "HTTP 500: see req_zz99yy88xx"),
        ("section 'Key Activities' is missing", "section 'Risks' is missing"),
    ],
)
def test_errors_that_differ_in_numbers_and_names_only_are_the_same(one: str, other: str) -> None:
    assert common_text(one) == common_text(other)


def test_errors_that_say_something_else_are_not_the_same() -> None:
    assert common_text("HTTP 500: overloaded") != common_text("HTTP 500: an error")
    assert len(common_text("x" * 1_000)) == 160


def test_the_most_frequent_error_comes_first_with_where_it_was_met() -> None:
    found = patterns(
        [
            Failure("usecases", "invalid_json", "no JSON", "1.1.1"),
            Failure("process_details", "truncated", "used all 8,000", "1.1.2"),
            Failure("usecases", "truncated", "used all 15,000", "1.1.3"),
        ]
    )
    assert [(failure.outcome, failure.count, failure.example) for failure in found] == [
        ("truncated", 2, "1.1.2"),
        ("invalid_json", 1, "1.1.1"),
    ]
    assert found[0].share == pytest.approx(2 / 3)
    assert found[0].stages == ("process_details", "usecases")
    assert patterns([]) == []
