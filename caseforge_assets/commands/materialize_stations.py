"""Materializing stations by hand: what is good is confirmed and costs nothing, what is missing or failed is asked for.

Between inputs and outputs stands the batch clock. Where it may wait, this command works batches until its nodes are
through; nodes that are not through at the end are marked failed, with what they wait for.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.build_contexts import build_contexts
from caseforge_assets.commands.build_requests import build_requests
from caseforge_assets.commands.load_framework import confirm_nodes
from caseforge_assets.commands.make_plan import survey
from caseforge_assets.commands.provider import Provider
from caseforge_assets.commands.retry_failed import retry_failed
from caseforge_assets.commands.stage_settings import current_stage_version, stage_settings
from caseforge_assets.commands.work import work_round
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.stage import Stage, all_stages
from caseforge_assets.stages.stations import NODE_CONTEXTS, PCF_NODES
from caseforge_assets.store import nodes, outbox, requests
from caseforge_assets.store.engine import Connection, Engine
from caseforge_assets.store.outbox import OutboxRow

POLL_S = 1.0


@dataclass(frozen=True)
class Materialized:
    """How many nodes were asked for, and per station those that are not through, with the reason."""

    nodes: int
    unfinished: dict[str, dict[str, str]]


@dataclass(frozen=True)
class _Hands:
    """What the steps below share."""

    store: Engine
    configuration: Configuration
    key: str
    node_ids: list[int]
    stations: frozenset[str]

    def chosen(self, *names: str) -> list[str]:
        return [name for name in names if name in self.stations]


def materialize_stations(
    store: Engine,
    folder: ArtifactFolder,
    configuration: Configuration,
    key: str,
    stations: Collection[str],
    partition_keys: Sequence[str],
    *,
    provider: Provider | None,
    wait_s: float,
) -> Materialized:
    """Materializes partitions of some stations, in the order in which data passes.

    Args:
        provider: None when none is configured: then nothing is sent, and simulated content counts.
        wait_s: how long to wait for answers, per stage; 0 leaves the requests to others.
    """
    with store.begin() as connection:
        node_ids = nodes.node_ids_of_partitions(connection, key, partition_keys)
        hands = _Hands(store, configuration, key, node_ids, frozenset(stations))
        if hands.chosen(PCF_NODES):
            confirm_nodes(connection, key, node_ids)
        if hands.chosen(NODE_CONTEXTS):
            build_contexts(connection, key, node_ids)
    unfinished: dict[str, dict[str, str]] = {}
    for stage in all_stages():
        unfinished |= _materialize_stage(hands, folder, stage, provider, wait_s)
    return Materialized(len(node_ids), {station: reasons for station, reasons in unfinished.items() if reasons})


def _materialize_stage(
    hands: _Hands, folder: ArtifactFolder, stage: Stage, provider: Provider | None, wait_s: float
) -> dict[str, dict[str, str]]:
    """Returns, per chosen station of the stage, partition keys that are not through, with the reason."""
    with hands.store.begin() as connection:
        start = outbox.highest_id(connection)
        if hands.chosen(stage.inputs):
            settings = stage_settings(hands.configuration, stage)
            build_requests(connection, hands.key, stage, settings, hands.node_ids)
        if hands.chosen(stage.outputs, stage.content):
            _ask_where_needed(connection, hands, stage, provider)
    if hands.chosen(stage.outputs, stage.content) and provider is not None and wait_s > 0:
        _wait(hands, folder, stage, provider, wait_s)
    with hands.store.begin() as connection:
        return _mark_unfinished(connection, hands, stage, provider, start)


def _ask_where_needed(connection: Connection, hands: _Hands, stage: Stage, provider: Provider | None) -> None:
    simulated = provider is None or provider.simulated
    rows = survey(connection, hands.configuration, hands.key, stage, simulated, hands.node_ids)
    by_state: dict[NodeState, list[int]] = {}
    for row, state in rows:
        by_state.setdefault(state, []).append(row.node_id)
    _confirm(connection, hands, stage, by_state.get(NodeState.DONE, []))
    wanted = [node_id for state in (NodeState.MISSING, NodeState.STALE, NodeState.CANCELLED) for node_id in by_state.get(state, [])]
    if wanted:
        build_requests(connection, hands.key, stage, stage_settings(hands.configuration, stage), wanted, reopen=True)
    if failed := by_state.get(NodeState.FAILED):
        retry_failed(connection, hands.configuration, hands.key, stage, node_ids=failed, asked=True)


def _confirm(connection: Connection, hands: _Hands, stage: Stage, node_ids: Sequence[int]) -> None:
    """Writes the newest event of good nodes anew, as it is: the same data version, made from the same things."""
    for station in hands.chosen(stage.outputs, stage.content):
        outbox.repeat_latest(connection, hands.key, station, node_ids)


def _wait(hands: _Hands, folder: ArtifactFolder, stage: Stage, provider: Provider, wait_s: float) -> None:
    end = time.monotonic() + wait_s
    while True:
        work_round(hands.store, provider, folder, hands.configuration)
        with hands.store.connect() as connection:
            rows = survey(connection, hands.configuration, hands.key, stage, provider.simulated, hands.node_ids)
        if not any(state is NodeState.WAITING for _, state in rows) or time.monotonic() >= end:
            return
        time.sleep(POLL_S)


def _mark_unfinished(
    connection: Connection, hands: _Hands, stage: Stage, provider: Provider | None, start: int
) -> dict[str, dict[str, str]]:
    version = current_stage_version(hands.configuration, stage)
    simulated = provider is None or provider.simulated
    states = {row.node_id: state for row, state in survey(connection, hands.configuration, hands.key, stage, simulated, hands.node_ids)}
    targets = nodes.target_nodes(connection, hands.key, hands.node_ids)
    unfinished: dict[str, dict[str, str]] = {}
    for station in hands.chosen(stage.inputs, stage.outputs, stage.content):
        through = outbox.good_since(connection, hands.key, station, start)
        left = [row for row in targets if row.node_id not in through]
        reasons = _reasons(connection, stage, station, [row.node_id for row in left], states)
        outbox.add(
            connection,
            [
                OutboxRow(hands.key, station, row.node_id, row.partition_key, good=False, code_version=version, reason=reasons[row.node_id])
                for row in left
            ],
        )
        unfinished[station] = {str(row.partition_key): reasons[row.node_id] for row in left}
    return unfinished


def _reasons(connection: Connection, stage: Stage, station: str, node_ids: Sequence[int], states: dict[int, NodeState]) -> dict[int, str]:
    waiting = requests.whereabouts(connection, stage.key, node_ids)
    known = outbox.newest_failures(connection, (stage.outputs, stage.content), node_ids)
    source = f"no {stage.reads} to read" if stage.reads else "no source"
    fallback = {
        NodeState.NO_SOURCE: f"no_source: {source}; materialize that first",
        NodeState.DONE: f"no_answer: nothing new at {station}",
        NodeState.CANCELLED: "cancelled: its batch was cancelled; materialize it again to send it again",
    }
    return {
        node_id: (waiting.get(node_id) if states.get(node_id) is NodeState.WAITING else None)
        or (known.get(node_id) if states.get(node_id) is NodeState.FAILED else None)
        or fallback.get(states.get(node_id, NodeState.MISSING), "no_context: it has no context yet; materialize node_contexts first")
        for node_id in node_ids
    }
