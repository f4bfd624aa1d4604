"""Adds up a framework by its branches: coverage, failures, what is stale, items and their value, quality, cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np

from caseforge_assets.commands.surveying.find_in_state import nodes_of_states
from caseforge_assets.curation.columns import VALUE
from caseforge_assets.curation.priority import level
from caseforge_assets.reports.branch_figures import (
    AMOUNT_PLACES,
    HALVES,
    Branches,
    Numbers,
    OfAll,
    OfStage,
    add_up,
    place_in_row,
    row_length,
)
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.quality import RULES
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading import branch_rows

_COUNTED = {
    NodeState.DONE: OfStage.done,
    NodeState.WAITING: OfStage.waiting,
    NodeState.FAILED: OfStage.failed,
    NodeState.STALE: OfStage.stale,
}
Add = Callable[[Sequence[int], int, Sequence[int] | int], None]


def read_branches(connection: Connection, project: Project, key: str, edition_id: int, *, simulated: bool) -> Branches:
    """Adds up a framework's current edition, branch by branch.

    Args:
        simulated: the kind of provider: what is simulated counts as done only for a simulated one.
    """
    nodes = branch_rows.leveled_nodes(connection, edition_id)
    stages = [stage.key for stage in project.stages]
    targets = {node.node_id: number for number, node in enumerate(nodes) if node.is_target}
    rows = np.zeros((len(nodes), row_length(len(stages))), dtype=np.int64)
    rows[:, OfAll.nodes] = 1
    rows[list(targets.values()), OfAll.targets] = 1

    def add(node_ids: Sequence[int], what: int, numbers: Sequence[int] | int) -> None:
        at = np.array([targets.get(node_id, -1) for node_id in node_ids], dtype=np.int64)
        added: Numbers = np.broadcast_to(np.asarray(numbers, dtype=np.int64), at.shape)
        rows[at[at >= 0], what] += added[at >= 0]  # a node is named once

    for number, stage in enumerate(project.stages):
        for state, node_ids in nodes_of_states(connection, project, key, stage, simulated=simulated).items():
            if state is not NodeState.UNCHOSEN:
                add(node_ids, place_in_row(number, OfStage.asked), 1)
            if state in _COUNTED:
                add(node_ids, place_in_row(number, _COUNTED[state]), 1)
    _add_contents(connection, key, stages, add)
    _add_items(connection, key, stages, add)
    _add_costs(connection, key, stages, add)
    return add_up(nodes, rows, stages)


def _add_contents(connection: Connection, key: str, stages: list[str], add: Add) -> None:
    for found in branch_rows.stage_contents(connection, key, RULES):
        if found.stage in stages:
            number = stages.index(found.stage)
            add(found.node_ids, place_in_row(number, OfStage.contents), 1)
            add(found.node_ids, place_in_row(number, OfStage.simulated), found.simulated)
            add(found.node_ids, place_in_row(number, OfStage.measured), [int(score >= 0) for score in found.scores])
            add(found.node_ids, place_in_row(number, OfStage.points), [max(score, 0) for score in found.scores])


def _add_items(connection: Connection, key: str, stages: list[str], add: Add) -> None:
    values = {group_id: level(values.get(VALUE)) for group_id, values in branch_rows.group_values(connection, key).items()}
    halves = {group_id: round(HALVES * value) for group_id, value in values.items() if value is not None}
    for found in branch_rows.stage_items(connection, key, halves):
        if found.stage in stages:
            number = stages.index(found.stage)
            add(found.node_ids, place_in_row(number, OfStage.items), found.items)
            add(found.node_ids, place_in_row(number, OfStage.valued), found.valued)
            add(found.node_ids, place_in_row(number, OfStage.halves), found.halves)


def _add_costs(connection: Connection, key: str, stages: list[str], add: Add) -> None:
    of_stages: dict[str, list[branch_rows.NodeCost]] = {}
    for cost in branch_rows.node_costs(connection, key):
        of_stages.setdefault(cost.stage, []).append(cost)
    for stage, found in of_stages.items():
        node_ids = [cost.node_id for cost in found]
        units, unknown = [int((cost.cost_usd or Decimal()).scaleb(AMOUNT_PLACES)) for cost in found], [cost.unknown for cost in found]
        add(node_ids, OfAll.cost, units)
        add(node_ids, OfAll.unknown_costs, unknown)
        if stage in stages:
            add(node_ids, place_in_row(stages.index(stage), OfStage.cost_units), units)
            add(node_ids, place_in_row(stages.index(stage), OfStage.unknown_costs), unknown)
