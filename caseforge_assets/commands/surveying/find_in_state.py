"""Counts and finds the target nodes of a framework by their states in a stage."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.reports.coverage import NodeState, count_states
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import state_counts
from caseforge_assets.store.planning.state_counts import Judged
from caseforge_assets.store.requests.styles import fresh_versions


def nodes_in_state(
    connection: Connection, project: Project, key: str, stages: Sequence[Stage], state: NodeState, *, simulated: bool
) -> list[int]:
    """Ids of the target nodes of a framework that are in a state in one of the stages.

    Args:
        simulated: the kind of provider: what is simulated counts as there only for a simulated one.
    """
    found: set[int] = set()
    for stage in stages:
        if stage.chosen_from:  # what people chose is not known to the query
            found |= {row.node_id for row, at in survey(connection, project, key, stage, simulated) if at is state}
        else:
            found.update(state_counts.ids_in_state(connection, key, _judged(connection, project, key, stage, simulated), state))
    return sorted(found)


def nodes_by_state(connection: Connection, project: Project, key: str, stage: Stage, *, simulated: bool) -> dict[str, int]:
    """Counts a framework's target nodes by their state in a stage; states without nodes are left out."""
    if stage.chosen_from:
        return count_states(state for _, state in survey(connection, project, key, stage, simulated))
    return state_counts.count_by_state(connection, key, _judged(connection, project, key, stage, simulated))


def nodes_of_states(connection: Connection, project: Project, key: str, stage: Stage, *, simulated: bool) -> dict[NodeState, list[int]]:
    """By state in a stage, the ids of a framework's target nodes; states without nodes are left out."""
    if not stage.chosen_from:
        return state_counts.ids_by_state(connection, key, _judged(connection, project, key, stage, simulated))
    found: dict[NodeState, list[int]] = {}
    for row, state in survey(connection, project, key, stage, simulated):
        found.setdefault(state, []).append(row.node_id)
    return found


def _judged(connection: Connection, project: Project, key: str, stage: Stage, simulated: bool) -> Judged:
    stage = project.stages.in_framework(stage, key)
    settings = project.stage_settings[stage.key]
    return Judged(stage.key, stage.reads, stage_version(stage, settings), fresh_versions(connection, stage, settings), simulated)
