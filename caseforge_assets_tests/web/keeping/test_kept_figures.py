"""Figures that take long to count: one counts at a time, and who is shown what was counted before waits for nobody."""

from __future__ import annotations

import threading

import pytest

from caseforge_assets.web.keeping import kept
from caseforge_assets.web.keeping.kept import Latest
from caseforge_assets_tests.workbench import PATIENCE_S


@pytest.fixture(autouse=True)
def never_recent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes nothing recent that has changed, however short a time ago it was counted."""
    monkeypatch.setattr(kept, "REST", 0)


def test_what_is_counted_quickly_is_what_it_is_now() -> None:
    latest = Latest()
    assert [latest.get(state, "nodes", lambda state=state: state).value for state in ("a", "a", "b")] == ["a", "a", "b"]  # type: ignore[misc]


def test_what_takes_long_is_counted_beside_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LONG_S", -1.0)
    latest, go_on, counted = Latest(), threading.Event(), list[str]()

    def count(state: str) -> str:
        counted.append(state)
        assert go_on.wait(PATIENCE_S)
        return state

    go_on.set()
    assert latest.get("a", "nodes", lambda: count("a")).value == "a"  # there is nothing to show before
    go_on.clear()
    for _ in range(3):
        assert latest.get("b", "nodes", lambda: count("b")).value == "a"
    go_on.set()
    for thread in threading.enumerate():
        if thread.name == "count nodes":
            thread.join(PATIENCE_S)
    assert counted == ["a", "b"]
    now = latest.get("b", "nodes", lambda: count("b"))
    assert (now.value, now.state, counted) == ("b", "b", ["a", "b"])


def test_a_count_that_fails_beside_the_answer_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "LONG_S", -1.0)
    latest = Latest()
    assert latest.get("a", "nodes", lambda: 1).value == 1
    for count in (lambda: 1 // 0, lambda: 2):
        assert latest.get("b", "nodes", count).value == 1
        for thread in threading.enumerate():
            if thread.name == "count nodes":
                thread.join(PATIENCE_S)
    assert latest.get("b", "nodes", lambda: 3).value == 2
