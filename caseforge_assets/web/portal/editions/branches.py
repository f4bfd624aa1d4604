"""A framework's tree as pages show it: the nodes that are open, with what their branches come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from caseforge_assets.commands.mirroring.refresh_lists import IN_PASSING_NODES, refresh_lists
from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.reporting.read_branches import read_branches
from caseforge_assets.reports.branch_figures import Branches, Figures
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.frameworks import Edition, current_edition, known_keys
from caseforge_assets.store.reading.read_state import read_state
from caseforge_assets.store.reading.tree import TreeNode, nodes_below, paths_to
from caseforge_assets.web.keeping.kept import Counted
from caseforge_assets.web.service import Service

MOST_SHOWN = 250  # nodes on a page
MOST_BELOW = 150  # of one node, before a link leads to the others


@dataclass
class Branch:
    """A node of the tree.

    Attributes:
        below: Those below it, where it is open; None where it is closed.
        more_after: Position behind which more of those below it stand than are shown; None: that is all.
    """

    node: TreeNode
    figures: Figures
    below: list[Branch] | None = None
    more_after: int | None = None


@dataclass
class Grown:
    """A tree, or a piece of it, as it is shown."""

    branches: list[Branch] = field(default_factory=list)
    more_after: int | None = None
    is_cut: bool = False
    shown: int = 0


def branch_figures(service: Service, connection: Connection, edition: Edition) -> tuple[Counted[Branches], bool]:
    """Gives what every branch of an edition comes to, with when that was counted, and whether it is so still."""
    now = read_state(connection)
    if now.behind.lists:  # the words of texts are for the search
        refresh_lists(service.store, service.project, nodes=IN_PASSING_NODES, texts=0)
        now = read_state(connection)
    simulated = accepts_simulated(connection, service.settings)
    state = f"{service.counted_from(now.changes)} {now.revision} {edition.id} {simulated}"
    key = edition.framework_key

    def count() -> Branches:
        with service.reading.connect() as own:
            return read_branches(own, service.project, key, edition.id, simulated=simulated)

    counted = service.latest.get(state, f"branches of {key}, edition {edition.id}", count)
    return counted, counted.state == state


def count_ahead(service: Service) -> None:
    """Counts the figures of all frameworks, so that nobody waits for the first count."""
    with service.reading.connect() as connection:
        for key in known_keys(connection):
            if (edition := current_edition(connection, key)) is not None:
                branch_figures(service, connection, edition)


def grow(
    connection: Connection,
    edition: Edition,
    figures: Branches,
    *,
    under: str | None,
    opened: Sequence[str] = (),
    depth: int = 0,
    after: int = -1,
) -> Grown:
    """The nodes below one, those that are open with what is below them, and so on.

    Args:
        under: code of the node below which the tree begins; None: at the top.
        opened: codes of nodes that are open, and so are those above them.
        depth: nodes above this level are open.
        after: position behind which the first nodes stand.
    """
    wanted = {node.code for path in paths_to(connection, edition.id, opened).values() for node in path} if opened else set[str]()
    first = nodes_below(connection, edition.id, None if under is None else [under], limit=MOST_BELOW + 1, after=after)
    grown = Grown([Branch(node, figures.of(node.node_id)) for node in first[:MOST_BELOW]], _more(first))
    grown.shown = len(grown.branches)
    edge = grown.branches
    while edge := [branch for branch in edge if branch.node.has_children and (branch.node.code in wanted or branch.node.level < depth)]:
        edge = _open(connection, edition, figures, grown, edge)
    return grown


def _open(connection: Connection, edition: Edition, figures: Branches, grown: Grown, edge: list[Branch]) -> list[Branch]:
    """Opens nodes, as many as there is room for; returns those that came."""
    came: list[Branch] = []
    found = nodes_below(connection, edition.id, [branch.node.code for branch in edge], limit=MOST_BELOW + 1)
    below: dict[str | None, list[TreeNode]] = {}
    for node in found:
        below.setdefault(node.parent_code, []).append(node)
    for branch in edge:
        nodes = below.get(branch.node.code, [])
        shown = nodes[:MOST_BELOW]
        if grown.shown + len(shown) > MOST_SHOWN and grown.shown > len(grown.branches):
            grown.is_cut = True
            continue
        branch.below = [Branch(node, figures.of(node.node_id)) for node in shown]
        branch.more_after = _more(nodes)
        grown.shown += len(shown)
        came += branch.below
    return came


def _more(nodes: Sequence[TreeNode]) -> int | None:
    return nodes[MOST_BELOW - 1].position if len(nodes) > MOST_BELOW else None
