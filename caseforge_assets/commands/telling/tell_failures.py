"""Events of nodes whose request failed and is not asked again by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.serving.events import Told, tell_all


@dataclass(frozen=True, slots=True)
class FailedNode:
    """A node that failed in a stage, why, and in which batch; None: its request was never sent."""

    framework_key: str
    code: str
    stage: str
    outcome: str
    why: str
    batch: str | None = None


def tell_failures(connection: Connection, failed: Sequence[FailedNode]) -> None:
    """Tells of all of them at once: a batch may bring thousands."""
    told = [
        Told(
            EventKind.node_failed,
            f"node {node.code}",
            node.framework_key,
            {"node": node.code, "stage": node.stage, "outcome": node.outcome, "why": node.why, "batch": node.batch},
        )
        for node in failed
    ]
    tell_all(connection, told)
