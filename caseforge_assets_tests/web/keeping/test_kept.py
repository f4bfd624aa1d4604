"""Figures that are kept until anything changes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from caseforge_assets.web.keeping.kept import MOST_KEPT, Kept


def test_what_is_kept_is_counted_anew_in_another_state_and_forgotten_in_time() -> None:
    kept, counted = Kept(), list[str]()

    def get(state: str, name: str) -> str:
        return kept.get(state, name, lambda: counted.append(name) or f"{name} in {state}")  # type: ignore[func-returns-value]

    assert [get("1", "a"), get("1", "a"), get("2", "a"), get("2", "b"), get("2", "a")] == ["a in 1", "a in 1", "a in 2", "b in 2", "a in 2"]
    assert counted == ["a", "a", "b"]
    for number in range(MOST_KEPT):
        get("2", str(number))
    get("2", "b")
    assert counted[-1] == "b"


def test_one_counts_and_who_asks_meanwhile_waits_for_that() -> None:
    kept, counting, go_on, counted = Kept(), threading.Event(), threading.Event(), list[str]()

    def count() -> str:
        counted.append("once")
        counting.set()
        assert go_on.wait(10)
        return "counted"

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(kept.get, "1", "a", count)
        assert counting.wait(10)
        others = [threads.submit(kept.get, "1", "a", count) for _ in range(3)]
        assert kept.get("1", "b", lambda: "meanwhile") == "meanwhile"
        go_on.set()
        assert [future.result(10) for future in (first, *others)] == ["counted"] * 4
    assert counted == ["once"]


def test_a_count_that_fails_is_tried_again_by_who_asks_next() -> None:
    kept = Kept()
    with pytest.raises(ZeroDivisionError):
        kept.get("1", "a", lambda: 1 // 0)
    assert kept.get("1", "a", lambda: 1) == 1
