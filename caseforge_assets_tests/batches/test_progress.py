"""The progress of a batch and the time of the next look, from counts and times alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from caseforge_assets.batches.progress import Progress, measure, poll_interval_s

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
HALF = {"total": 100, "completed": 40, "failed": 10}


def at(minutes: float, status: str | None = "in_progress", counts: dict[str, Any] | None = None) -> Progress:
    return measure(100, status, counts, START, START + timedelta(minutes=minutes))


def test_half_done_after_ten_minutes_takes_ten_more() -> None:
    seen = at(10, counts=HALF)
    assert (seen.done, seen.failed, seen.share) == (50, 10, 0.5)
    assert (seen.elapsed_s, seen.rate_per_min, seen.left_s) == (600.0, pytest.approx(5), pytest.approx(600))


@pytest.mark.parametrize("counts", [None, {}, {"total": None, "completed": None, "failed": None}, {"completed": "40"}, {"completed": -1}])
def test_what_the_provider_does_not_count_is_unknown(counts: dict[str, Any] | None) -> None:
    seen = at(10, counts=counts)
    assert (seen.done, seen.failed, seen.rate_per_min, seen.left_s) == (None, None, None, None)


def test_nothing_done_yet_says_nothing_of_the_time_left() -> None:
    seen = at(10, counts={"total": 100, "completed": 0, "failed": 0})
    assert (seen.done, seen.rate_per_min, seen.left_s) == (0, None, None)


@pytest.mark.parametrize("status", ["finalizing", "validating", "cancelling", None, "something new"])
def test_while_counts_do_not_move_no_end_is_promised(status: str | None) -> None:
    assert at(10, status, {"total": 100, "completed": 100, "failed": 0}).left_s is None


def test_finalizing_is_said() -> None:
    assert "the counts do not move" in at(10, "finalizing", HALF).note


def test_more_than_there_are_and_clocks_that_differ_do_no_harm() -> None:
    assert at(10, counts={"completed": 300, "failed": 5}).done == 100
    seen = measure(100, "in_progress", HALF, START, START - timedelta(minutes=5))
    assert (seen.elapsed_s, seen.rate_per_min, seen.left_s) == (0.0, None, None)


FRESH = at(1, "validating")
NEARLY = at(600, counts={"completed": 96, "failed": 0})
LONG = at(600, counts={"completed": 10, "failed": 0})
SOON = at(60, counts={"completed": 80, "failed": 0})
UNKNOWN = at(600)


@pytest.mark.parametrize(
    ("batches", "seconds"),
    [([], 30), ([FRESH], 10), ([NEARLY], 10), ([LONG, FRESH], 10), ([LONG, UNKNOWN], 120), ([SOON, LONG], 30), ([SOON], 30)],
)
def test_it_looks_often_when_something_is_about_to_happen_and_seldom_otherwise(batches: list[Progress], seconds: float) -> None:
    assert poll_interval_s(batches, 30, 0.5) == pytest.approx(seconds)


def test_two_watchers_do_not_look_in_step() -> None:
    assert (poll_interval_s([SOON], 30, 0.0), poll_interval_s([SOON], 30, 1.0)) == (pytest.approx(27), pytest.approx(33))
