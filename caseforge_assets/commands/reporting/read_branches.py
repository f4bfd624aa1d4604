"""What every branch of a framework comes to: coverage, failures, what is stale, items and their value, quality, cost."""

from __future__ import annotations

from decimal import Decimal

from caseforge_assets.commands.planning.make_plan import survey
from caseforge_assets.curation.columns import VALUE
from caseforge_assets.curation.priority import level
from caseforge_assets.reports.branch_figures import AMOUNT_PLACES, HALVES, Branches, OfAll, OfStage, add_up, empty_row, place_in_row
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


def read_branches(connection: Connection, project: Project, key: str, edition_id: int, *, simulated: bool) -> Branches:
    """Adds up a framework's current edition, branch by branch.

    Args:
        simulated: the kind of provider: what is simulated counts as done only for a simulated one.
    """
    nodes = branch_rows.leveled_nodes(connection, edition_id)
    stages = [stage.key for stage in project.stages]
    rows = {}
    for node in nodes:
        if node.is_target:
            rows[node.node_id] = row = empty_row(len(stages))
            row[OfAll.nodes] = row[OfAll.targets] = 1
    _count_states(connection, project, key, rows, simulated=simulated)
    _count_contents(connection, key, stages, rows)
    _count_items(connection, key, stages, rows)
    for cost in branch_rows.node_costs(connection, key):
        if (of_node := rows.get(cost.node_id)) is not None:
            of_node[OfAll.cost] = int((cost.cost_usd or Decimal()).scaleb(AMOUNT_PLACES))
            of_node[OfAll.unknown_costs] = cost.unknown
    return add_up(nodes, rows, stages)


def _count_states(connection: Connection, project: Project, key: str, rows: dict[int, list[int]], *, simulated: bool) -> None:
    for number, stage in enumerate(project.stages):
        for asset, state in survey(connection, project, key, stage, simulated):
            if state in _COUNTED and asset.node_id in rows:
                rows[asset.node_id][place_in_row(number, _COUNTED[state])] = 1


def _count_contents(connection: Connection, key: str, stages: list[str], rows: dict[int, list[int]]) -> None:
    numbers = {stage: number for number, stage in enumerate(stages)}
    for content in branch_rows.node_contents(connection, key, RULES):
        row, number = rows.get(content.node_id), numbers.get(content.stage)
        if row is None or number is None:
            continue
        row[place_in_row(number, OfStage.contents)] = 1
        row[place_in_row(number, OfStage.simulated)] = int(content.simulated)
        if content.score is not None:
            row[place_in_row(number, OfStage.measured)] = 1
            row[place_in_row(number, OfStage.points)] = content.score


def _count_items(connection: Connection, key: str, stages: list[str], rows: dict[int, list[int]]) -> None:
    numbers = {stage: number for number, stage in enumerate(stages)}
    groups = {
        group_id: (numbers[stage], level(values.get(VALUE)))
        for group_id, (stage, values) in branch_rows.group_values(connection, key).items()
        if stage in numbers
    }
    for items in branch_rows.node_items(connection, key):
        row = rows.get(items.node_id)
        if row is None or items.group_id not in groups:
            continue
        number, value = groups[items.group_id]
        row[place_in_row(number, OfStage.items)] += items.items
        if value is not None:
            row[OfAll.valued] += items.items
            row[OfAll.value] += round(HALVES * value) * items.items
