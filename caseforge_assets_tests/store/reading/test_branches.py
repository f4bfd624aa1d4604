"""Places of branches: from the node to the last one below it, and none where others stand between."""

from __future__ import annotations

from caseforge_assets.store.editions.nodes import PlacedNode
from caseforge_assets.store.reading.branches import BranchPlace, find_branches


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
