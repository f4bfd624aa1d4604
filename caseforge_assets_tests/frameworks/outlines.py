"""A read tree as text, for tests that compare it with the tree that was meant."""

from __future__ import annotations

from caseforge_assets.frameworks import ReadResult


def outline(result: ReadResult) -> list[str]:
    """Gives each node with its code, below its parent: "  1.1 Win"."""
    assert [problem.message for problem in result.problems] == []
    assert result.edition is not None
    nodes = result.edition.nodes
    levels = {node.code: node.level for node in nodes}
    assert all(node.level == (levels[node.parent_code] + 1 if node.parent_code else 1) for node in nodes)
    return [f"{'  ' * (node.level - 1)}{node.code} {node.name}" for node in nodes]


def only_problem(result: ReadResult) -> str:
    """Gives the message of the one problem that a file has."""
    assert len(result.problems) == 1, [problem.message for problem in result.problems]
    return result.problems[0].message
