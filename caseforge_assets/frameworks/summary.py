"""Sums up a read file in figures, for scripts and for people who check a file before they load it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from caseforge_assets.frameworks.records import Node, Problem, ReadResult


def read_result_json(result: ReadResult, *, framework: str | None, targets: Sequence[Node] = ()) -> dict[str, Any]:
    """Gives the figures of a read file as JSON values.

    Args:
        result: What came of reading.
        framework: Key of the framework, if it is known.
        targets: The nodes that content would be generated for.

    Returns:
        framework, version, nodes, targets, levels (level as text → number of nodes), without_description and kpis (numbers),
        problems and warnings (each a list of sheet, row, column, message). Without an edition the numbers are 0.
    """
    nodes = result.edition.nodes if result.edition else ()
    levels = Counter(node.level for node in nodes)
    return {
        "framework": framework,
        "version": result.edition.version if result.edition else None,
        "nodes": len(nodes),
        "targets": len(targets),
        "levels": {str(level): levels[level] for level in sorted(levels)},
        "without_description": sum(not node.description for node in nodes),
        "kpis": sum(len(node.kpis) for node in nodes),
        "problems": [_problem_json(problem) for problem in result.problems],
        "warnings": [_problem_json(warning) for warning in result.warnings],
    }


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {"sheet": problem.sheet, "row": problem.row, "column": problem.column, "message": problem.message}
