"""Reports on a framework's quality: near-duplicates, repeated titles, balance, verdicts that warn and fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from caseforge_assets.reports.quality import count_levels, near_duplicates, repeated_titles, say_why, summarize, unbalanced
from caseforge_assets.reports.quality_checks import check_balance, check_near_duplicates, check_scores, check_titles
from caseforge_assets.stages.measuring.novelty import shingles_of, signature_of
from caseforge_assets.stages.usecases import STAGE
from caseforge_assets_tests.stages.damages import filler

SHARES = STAGE.level_shares


@dataclass(frozen=True)
class Row:
    """A measured content."""

    partition_key: str
    score: int | None = 90
    code: str = "1.1"
    parts: dict[str, int | None] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    signature: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A titled candidate."""

    candidate_uid: str
    title: str
    partition_key: str


def signed(key: str, text: str) -> Row:
    return Row(key, signature=signature_of(shingles_of(f" {text.lower()}")))


def long_text(start: int) -> str:
    return " ".join(filler(number).replace("again", f"again in place {number}") for number in range(start, start + 12))


def test_scores_are_summed_up_and_what_is_not_measured_is_counted_apart() -> None:
    rows = [Row("a", 100, parts={"order": 80, "kpis": None}), Row("b", 40, parts={"order": 20, "kpis": 60}), Row("c", None), Row("d", 70)]
    found = summarize(rows, 60)
    assert (found.contents, found.measured, found.low, found.mean, found.median, found.lowest) == (4, 3, 1, 70, 70, 40)
    assert found.tens == {40: 1, 70: 1, 90: 1}
    assert found.parts == {"order": 50, "kpis": 60}
    nothing = summarize([Row("c", None)], 60)
    assert (nothing.mean, nothing.median, nothing.lowest, nothing.low) == (None, None, None, 0)


def test_a_document_that_is_nearly_another_one_is_found_among_many() -> None:
    rows = [signed(f"n{number}", long_text(20 * number)) for number in range(40)]
    copy = signed("copy", long_text(20 * 7) + " with a new ending of its own")
    (found,) = near_duplicates([*rows, copy], 0.8)
    assert (found.partition_key, found.like) == ("copy", "n7")
    assert found.likeness >= 0.8
    assert near_duplicates([Row("short"), Row("short too")], 0.8) == []


def test_titles_with_the_same_words_in_several_nodes_are_grouped() -> None:
    candidates = [
        Candidate("1-UC01", "Forecast of spare parts", "1"),
        Candidate("1-UC02", "Forecast of Spare Parts", "1"),
        Candidate("2-UC01", "Spare parts forecast", "2"),
        Candidate("2-UC02", "Chat for customers", "2"),
        Candidate("3-UC01", "Chat for suppliers", "3"),
    ]
    (group,) = repeated_titles(candidates)
    assert [member.candidate_uid for member in group] == ["1-UC01", "1-UC02", "2-UC01"]
    check = check_titles("usecase_candidates", 5, [group], 0.1)
    assert (check.passed, check.figures["repeated_titles"]) == (False, 3)
    assert check_titles("usecase_candidates", 50, [group], 0.1).passed


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ({"complexity": {"Low": 20, "Medium": 60, "High": 20}}, []),
        ({"complexity": {"Low": 5, "Medium": 5}}, []),
        (
            {"complexity": {"Low": 60, "Medium": 30, "High": 10}},
            ["low complexity is 60%, 20% is aimed at", "medium complexity is 30%, 60% is aimed at"],
        ),
        ({"risk": {"Low": 85, "Medium": 15}}, ["risk is Low for 85%"]),
        ({"category": {"automation": 50, "analytics": 50}}, []),
    ],
)
def test_levels_out_of_balance_are_named(levels: dict[str, dict[str, int]], said: list[str]) -> None:
    assert unbalanced(levels, SHARES, 0.2) == said


def test_levels_are_counted_by_branch_and_a_branch_out_of_balance_is_listed() -> None:
    rows = [
        Row("a", code="1.1", figures={"levels": {"complexity": {"Medium": 60}}}),
        Row("b", code="2.1", figures={"levels": {"complexity": {"Low": 20, "High": 20}}}),
    ]
    levels = count_levels(rows, lambda code: f"{code[0]} branch")
    assert levels[""] == {"complexity": {"Medium": 60, "Low": 20, "High": 20}}
    check = check_balance("usecase_candidates", levels, SHARES, 0.2)
    assert check.passed
    assert [branch for branch, _ in check.nodes] == ["1 branch", "2 branch"]


@pytest.mark.parametrize(("low", "passed", "severe"), [(0, True, False), (1, False, False), (2, False, False), (3, False, True)])
def test_low_scores_warn_and_fail_when_they_are_many(low: int, passed: bool, severe: bool) -> None:
    rows = [Row(f"n{number}", 30 if number < low else 90, limits=["it is cut"]) for number in range(10)]
    check = check_scores("process_documents", rows, 60, 0.1)
    assert (check.passed, check.severe, len(check.nodes)) == (passed, severe, low)
    if low:
        assert check.nodes[0] == ("n0", "30: it is cut")


def test_contents_without_a_measure_are_neither_good_nor_bad() -> None:
    check = check_scores("process_documents", [Row("a", None), Row("b", 90)], 60, 0.1)
    assert check.passed
    assert (check.figures["measured"], check.figures["unmeasured"]) == (1, 1)
    assert "1 is not measured" in check.says
    assert "mean_score" not in check_scores("process_documents", [Row("a", None)], 60, 0.1).figures


def test_near_duplicates_name_what_they_are_like() -> None:
    rows = [signed("first", long_text(0)), signed("second", long_text(0))]
    check = check_near_duplicates("process_documents", 2, near_duplicates(rows, 0.8), 0.6)
    assert check.nodes == (("second", "about 100% of its phrases stand in first, too"),)
    assert (check.passed, check.severe) == (False, False)


def test_why_a_score_is_low_is_said_in_words() -> None:
    assert say_why(Row("a", None)) == "not measured"
    assert say_why(Row("a", 50, parts={"order": 10, "kpis": None, "depth": 90}, limits=["it is cut"])) == "it is cut; weak: order 10"
