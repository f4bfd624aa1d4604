"""Surveys target nodes in a stage; holds the scope that people name when they plan, select or ask again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.commands.surveying.add_choices import with_choices
from caseforge_assets.reports.coverage import NodeState, classify
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.store.curating.choices import choices
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import node_states
from caseforge_assets.store.planning.node_states import AssetState
from caseforge_assets.store.requests.styles import fresh_versions

TO_DO = (NodeState.MISSING, NodeState.STALE, NodeState.CANCELLED)


@dataclass(frozen=True)
class Scope:
    """A part of a framework: stages, and nodes.

    Attributes:
        stages: In the order in which they read each other.
        simulated: The kind of provider it is for: simulated content counts as there only for a simulated one.
        node_ids: None: all target nodes.
    """

    key: str
    stages: Sequence[Stage]
    simulated: bool
    node_ids: Sequence[int] | None = None


def survey(
    connection: Connection, project: Project, key: str, stage: Stage, simulated: bool, node_ids: Sequence[int] | None = None
) -> list[tuple[AssetState, NodeState]]:
    """Every target node (or those given) with where it stands in a stage."""
    stage, settings = project.stages.in_framework(stage, key), project.stage_settings[stage.key]
    version, fresh = stage_version(stage, settings), fresh_versions(connection, stage, settings)
    rows = node_states.asset_states(connection, key, stage.key, stage.reads, node_ids)
    if stage.chosen_from:
        rows = with_choices(rows, choices(connection, key, stage.chosen_from, node_ids), reads=stage.reads is not None)
    return [(row, classify(row, version, fresh, reads=bool(stage.sources), accept_simulated=simulated)) for row in rows]
