"""plan --similar: which nodes that are to be asked for are nearly the same as another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.commands.surveying.survey import TO_DO, survey
from caseforge_assets.reports.comparing.similarity import similar_nodes
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import pairs
from caseforge_assets.store.editions.pairs import ComparedNode


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """A node that is to be asked for, one that it is like, and how much: 1 is the same text, upper and lower case aside."""

    node: ComparedNode
    like: ComparedNode
    of_names: float
    of_descriptions: float


def find_similar(
    connection: Connection,
    project: Project,
    key: str,
    at_least: float,
    *,
    simulated: bool,
    node_ids: Sequence[int] | None = None,
) -> list[SimilarPair]:
    """Pairs of a node whose first content is missing or stale, and a target node of any framework, the most alike first.

    Left out are nodes that are the same by id, name and description (they are reused by themselves), nodes that have an accepted
    pair, and the second half of pairs of which neither has content: the one that comes first is asked for.

    Args:
        at_least: 0 to 1, for name and description each.
        simulated: the kind of provider it is for.
    """
    stage = project.stages.shared[0]
    asking = {row.node_id for row, state in survey(connection, project, key, stage, simulated, node_ids) if state in TO_DO}
    compared = {node.node_id: node for node in pairs.compared_nodes(connection, stage.key, simulated)}
    accepted = pairs.likenesses(connection)
    nodes = [node for node_id, node in compared.items() if node_id in asking and node_id not in accepted]
    found = [
        SimilarPair(compared[pair.node_id], compared[pair.other_id], pair.of_names, pair.of_descriptions)
        for pair in similar_nodes(nodes, list(compared.values()), at_least)
    ]
    return [pair for pair in found if not _is_same(pair.node, pair.like) and _gives(pair.like, pair.node)]


def _is_same(node: ComparedNode, other: ComparedNode) -> bool:
    return (node.identity, node.name, node.description) == (other.identity, other.name, other.description)


def _gives(like: ComparedNode, node: ComparedNode) -> bool:
    return like.has_content or (like.framework_key, like.position) < (node.framework_key, node.position)
