"""Figures that are kept until anything changes."""

from __future__ import annotations

from caseforge_assets.web.wire.kept import MOST_KEPT, Kept


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
