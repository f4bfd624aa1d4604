"""Which target nodes are in a state, in one stage or in any."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.batches.states import WAITING, RequestState
from caseforge_assets.commands.planning.make_plan import survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.node_lists import targets_asked

# These are states of requests: where there are few of them, only their nodes are looked at.
_ASKED = {NodeState.WAITING: WAITING, NodeState.FAILED: (RequestState.failed,), NodeState.CANCELLED: (RequestState.parked,)}


def nodes_in_state(
    connection: Connection, project: Project, key: str, stages: Sequence[Stage], state: NodeState, *, simulated: bool
) -> list[int]:
    """Ids of the target nodes of a framework that are in a state in one of the stages.

    Args:
        simulated: the kind of provider: what is simulated counts as there only for a simulated one.
    """
    found: set[int] = set()
    for stage in stages:
        ids = targets_asked(connection, key, stage.key, _ASKED[state]) if state in _ASKED else None
        found |= {row.node_id for row, at in survey(connection, project, key, stage, simulated, ids) if at is state}
    return sorted(found)
