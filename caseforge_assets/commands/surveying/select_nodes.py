"""Selects nodes that failed, are missing or stale in a stage, within the nodes and branches that are named."""

from __future__ import annotations

from enum import Enum

from caseforge_assets.commands.surveying.survey import Scope, survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Connection


class Selection(Enum):
    """The states by which nodes are selected. Dagster's forms take the names."""

    unfinished = "unfinished"
    failed = "failed"
    missing = "missing"
    stale = "stale"


# What waits has nothing to show yet, so that people see it as missing; asking for it again asks nothing twice.
_STATES = {
    Selection.failed: {NodeState.FAILED, NodeState.CANCELLED},
    Selection.missing: {NodeState.MISSING, NodeState.WAITING},
    Selection.stale: {NodeState.STALE},
}
_STATES[Selection.unfinished] = set().union(*_STATES.values())


def select_nodes(connection: Connection, project: Project, scope: Scope, selection: Selection, limit: int | None = None) -> list[int]:
    """Ids of target nodes that are so in any of the stages, in the framework's order; only the first so many, if there is a limit."""
    wanted: set[int] = set()
    order: list[int] = []
    for stage in scope.stages:
        rows = survey(connection, project, scope.key, stage, scope.simulated, scope.node_ids)
        order = [row.node_id for row, _ in rows]
        wanted |= {row.node_id for row, state in rows if state in _STATES[selection]}
    selected = [node_id for node_id in order if node_id in wanted]
    return selected if limit is None else selected[:limit]
