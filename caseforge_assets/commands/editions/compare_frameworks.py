"""Compares the current editions of two frameworks, node by node."""

from __future__ import annotations

from caseforge_assets.reports.comparing.comparison import Comparison
from caseforge_assets.reports.comparing.comparison import compare_frameworks as compare
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes, pairs


def compare_frameworks(connection: Connection, left: str, right: str, at_least: float) -> Comparison:
    """Gives what two frameworks have in common, and what only one of them has: of the nodes that get content.

    Args:
        at_least: likeness of name and description, 0 to 1, from which on two nodes count as similar.
    """
    accepted = {pair.node_id: pair.like_node_id for pair in pairs.accepted_pairs(connection) if pair.holds}
    return compare(nodes.target_nodes(connection, left), nodes.target_nodes(connection, right), accepted, at_least)
