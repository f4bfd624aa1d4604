"""Where branches stand, and figures that are kept until anything changes."""

from __future__ import annotations

from caseforge_assets.store.editions.nodes import PlacedNode
from caseforge_assets.store.reading.branches import BranchPlace, find_branches
from caseforge_assets.web.wire.kept import MOST_KEPT, Kept


def _nodes(*rows: tuple[str, str | None]) -> list[PlacedNode]:
    return [PlacedNode(number, 1, code, parent, code) for number, (code, parent) in enumerate(rows)]


def test_a_branch_reaches_from_its_node_to_the_last_one_below_it() -> None:
    nodes = _nodes(("1", None), ("1.1", "1"), ("1.1.1", "1.1"), ("1.2", "1"), ("2", None))
    assert [(branch.first, branch.last) for branch in find_branches(nodes)] == [(0, 3), (1, 2), (2, 2), (3, 3), (4, 4)]
    assert [branch.is_root for branch in find_branches(nodes)] == [True, False, False, False, True]


def test_a_branch_with_others_between_its_nodes_is_no_range() -> None:
    nodes = _nodes(("1.1", "1"), ("2", None), ("1", None), ("2.1", "2"))
    assert find_branches(nodes) == [
        BranchPlace(0, False, 0, 0),
        BranchPlace(1, True, None, None),
        BranchPlace(2, True, None, None),
        BranchPlace(3, False, 3, 3),
    ]


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
