"""Reads the standing of a framework: the states of its nodes, its items, what was spent; of all its nodes, or of those of one owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caseforge_assets.commands.surveying.choose_nodes import choose_nodes
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.reports.coverage import count_states
from caseforge_assets.settings.project import Project
from caseforge_assets.store.collecting import items
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import frameworks
from caseforge_assets.store.figures import node_views


@dataclass(frozen=True)
class Standing:
    """The standing of a framework.

    Attributes:
        framework: Its key.
        edition: The label of its edition; None where none is loaded.
        owner: Whose nodes are meant; None: all.
        stages: By stage, how many target nodes are in each state.
        candidates: How many there are, simulated ones among them.
        items: By stage, how many items there are, and of these
        simulated_items: how many are simulated.
        spent: Sums of the attempts that came back, by stage and kind of provider; None is unknown.
    """

    framework: str
    edition: str | None
    owner: str | None
    stages: dict[str, dict[str, int]]
    candidates: int
    items: dict[str, int]
    simulated_items: dict[str, int]
    spent: list[dict[str, Any]]


def read_standing(connection: Connection, project: Project, key: str, *, simulated: bool, owner: str | None = None) -> Standing:
    """Reads how far a framework is.

    Args:
        simulated: whether simulated contents count as done.
        owner: only nodes of this owner.

    Raises:
        LookupError: no node has this owner; the text names those there are.
    """
    edition = frameworks.current_edition(connection, key)
    node_ids = choose_nodes(connection, key, None, owner=owner) if edition and owner is not None else None
    stages = {}
    for stage in project.stages:
        rows = survey(connection, project, key, stage, simulated, node_ids) if edition else []
        stages[stage.key] = count_states(state for _, state in rows)
    counts = items.item_counts(connection, key, node_ids)
    candidates = [counts[stage.key].items for stage in project.stages if stage.items_name == "candidates" and stage.key in counts]
    return Standing(
        key,
        edition.label if edition else None,
        owner,
        stages,
        sum(candidates),
        {stage: count.items for stage, count in counts.items()},
        {stage: count.simulated for stage, count in counts.items()},
        [dict(row._mapping) for row in node_views.spent(connection, key, node_ids)],
    )
