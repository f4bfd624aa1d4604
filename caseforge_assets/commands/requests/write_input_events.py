"""Writes the inputs assets' events of requests: a row per node, with what the request was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseforge_assets.stages.canonical import input_version
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import NODE_CONTEXTS, Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.editions.nodes import NodeRow
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import OutboxRow
from caseforge_assets.store.requests.requests import NewRequest


@dataclass(frozen=True)
class ShownRequest:
    """The fields of a request that its event has; `stage_version` is the one that it was made with."""

    id: int
    stage_version: str
    fingerprint: str
    generation: int


def write_input_events(
    connection: Connection, stages: Stages, key: str, stage: Stage, targets: Sequence[NodeRow], shown: Mapping[int, ShownRequest]
) -> None:
    """Writes the events of the inputs asset, with what was read: the context and, where the stage reads one, the content.

    Args:
        shown: the requests by node id.
    """
    ids = [row.node_id for row in targets]
    read = {NODE_CONTEXTS: outbox.latest(connection, key, NODE_CONTEXTS, ids)}
    if stage.reads:
        source_asset = stages[stage.reads].content
        read[source_asset] = outbox.latest(connection, key, source_asset, ids)
    outbox.add(
        connection,
        [
            OutboxRow(
                key,
                stage.inputs,
                row.node_id,
                row.partition_key,
                data_version=input_version(shown[row.node_id].fingerprint, shown[row.node_id].generation),
                code_version=shown[row.node_id].stage_version,
                upstream={asset: latest[row.node_id].id for asset, latest in read.items() if row.node_id in latest},
                request_id=shown[row.node_id].id,
            )
            for row in targets
        ],
    )


def write_events_of(
    connection: Connection, stages: Stages, key: str, stage: Stage, new: Sequence[NewRequest], made: dict[int, int]
) -> None:
    """Writes the events of requests that took the place of others; each keeps the stage version that it was made with.

    Args:
        made: their ids by node id.
    """
    targets = nodes.target_nodes(connection, key, list(made))
    rows = {row.node_id: row for row in new}
    shown = {
        node_id: ShownRequest(request_id, rows[node_id].stage_version, rows[node_id].fingerprint, rows[node_id].generation)
        for node_id, request_id in made.items()
    }
    write_input_events(connection, stages, key, stage, targets, shown)
