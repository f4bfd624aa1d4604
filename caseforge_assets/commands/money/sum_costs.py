"""costs: what answers cost, by stage, model, day, branch of the framework and the like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from caseforge_assets.costs.sums import added_up
from caseforge_assets.reports.branches import index_by_code, top_branch
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.figures import spending
from caseforge_assets.store.figures.spending import Spent

BRANCH = "branch"
GROUPINGS = (*spending.GROUPINGS, BRANCH)
GONE = "gone from this edition"


def sum_costs(connection: Connection, grouping: str, key: str | None = None, since: datetime | None = None) -> list[Spent]:
    """Attempts that came back, added up by one of `GROUPINGS`; a target node is called by its code in the current edition.

    Args:
        key: one framework, or all; nodes and branches are those of one framework.
        since: only what was answered since then.

    Raises:
        ValueError: nodes or branches without a framework.
    """
    if grouping not in (BRANCH, "node"):
        return spending.spent_by(connection, grouping, key, since)
    if key is None:
        raise ValueError(f"by {grouping}: say of which framework")
    by_code = index_by_code(nodes.all_nodes(connection, key))
    codes = {str(row.node_id): row.code for row in nodes.target_nodes(connection, key)}
    names = {node_id: code if grouping == "node" else top_branch(code, by_code) for node_id, code in codes.items()}
    of_nodes = spending.spent_by(connection, "node", key, since)
    return _merged([replace(row, name=names.get(row.name, GONE)) for row in of_nodes], list(names.values()))


def _merged(rows: Sequence[Spent], order: Sequence[str]) -> list[Spent]:
    place = {name: number for number, name in reversed(list(enumerate(order)))}
    return sorted(added_up(rows, by=("kind", "name")), key=lambda row: (row.kind, place.get(row.name, len(order))))
