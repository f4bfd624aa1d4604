"""Carries over what a new edition leaves as it is: moved nodes keep what they have, what only stands elsewhere is confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.commands.requests.build_requests import Terms, build_requests
from caseforge_assets.commands.requests.reuse_answers import reuse_answers
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.canonical import identity_key
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages, all_assets
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes, pairs
from caseforge_assets.store.mirroring import moved_nodes, outbox
from caseforge_assets.store.mirroring.outbox import Kind, OutboxRow
from caseforge_assets.store.planning import node_states
from caseforge_assets.store.requests import pending, requests, reuse
from caseforge_assets.store.requests.styles import fresh_versions

_Version = tuple[str, int | None, str]
"""An asset, a node, and the data version of what it has there."""


@dataclass(frozen=True)
class CarriedOver:
    """The number of nodes that kept their contents under a new partition key, and per stage of those confirmed at no cost or stale now."""

    moved: int = 0
    confirmed: dict[str, int] = field(default_factory=dict)
    stale: dict[str, int] = field(default_factory=dict)


def carry_over(connection: Connection, project: Project, key: str) -> CarriedOver:
    """Brings a framework's assets up to its current edition, as far as that costs nothing.

    Contexts that differ are built anew. Where only ancestors or KPIs differ, contents are confirmed by reuse; what has to be asked
    again stays stale, what is new stays missing.
    """
    requests.lock_making(connection)
    moved = _move(connection, project.stages, key)
    rows = node_states.asset_states(connection, key, project.stages.shared[0].key, None)
    old = [row.node_id for row in rows if row.context_version is not None and row.context_node_version != row.node_version]
    if old:
        build_contexts(connection, key, old)
    confirmed: dict[str, int] = {}
    stale: dict[str, int] = {}
    for stage in project.stages:
        simulated = contents.is_simulated(connection, key, stage.key)
        confirmed[stage.key] = len(_confirm(connection, project, key, stage, simulated))
        stale[stage.key] = sum(state is NodeState.STALE for _, state in survey(connection, project, key, stage, simulated))
    return CarriedOver(moved, confirmed, stale)


def _confirm(connection: Connection, project: Project, key: str, stage: Stage, simulated: bool) -> list[int]:
    """Answers the new questions of nodes that have content with what the same nodes have, where that is allowed; returns the nodes."""
    if not project.configuration.reuses_by_identity:
        return []
    surveyed = survey(connection, project, key, stage, simulated)
    open_states = (NodeState.STALE, NodeState.WAITING)
    stale = {row.node_id: row for row, state in surveyed if state in open_states and row.content_id is not None}
    versions = fresh_versions(connection, project.stages.in_framework(stage, key), project.stage_settings[stage.key])
    likenesses = pairs.likenesses(connection)
    keys = {}
    for node in nodes.target_nodes(connection, key, list(stale)):
        meant, source = likenesses.get(node.node_id, node), stale[node.node_id].source_version
        keys[node.node_id] = {identity_key(version, meant.identity, meant.name, meant.description, source) for version in versions}
    answered = reuse.answered_keys(connection, [identity for of_node in keys.values() for identity in of_node], simulated)
    able = [node_id for node_id, of_node in keys.items() if not answered.isdisjoint(of_node)]
    build_requests(connection, project, key, stage, able, Terms(confirm=False))
    return [answer.node_id for answer in reuse_answers(connection, project, simulated, pending.of_nodes(connection, stage.key, able))]


def _move(connection: Connection, stages: Stages, key: str) -> int:
    """Says of nodes with another partition key what was said under the old one; returns how many nodes that are."""
    rows = moved_nodes.under_old_keys(connection, key, [stage.inputs for stage in stages])
    written: dict[_Version, int] = {}
    for asset in all_assets(stages):
        of_asset = [row for row in rows if row.asset == asset.name]
        ids = outbox.add(connection, _pointed_anew(connection, key, asset.reads, of_asset, written))
        written |= {
            (row.asset, row.node_id, row.data_version): row_id for row, row_id in zip(of_asset, ids, strict=True) if row.kind == Kind.made
        }
    return len({row.node_id for row in rows})


def _pointed_anew(
    connection: Connection, key: str, reads: Sequence[str], rows: Sequence[OutboxRow], written: Mapping[_Version, int]
) -> list[OutboxRow]:
    """The rows with what they read under the new keys: the newest row where it is of that version, or else the one that was written again."""
    ids = [row.node_id for row in rows if row.node_id is not None]
    newest = {asset: outbox.latest(connection, key, asset, ids) for asset in reads}
    versions = outbox.upstream_versions(connection, sorted({read for row in rows for read in row.upstream.values()}))

    def pointer(row: OutboxRow, asset: str, read: int) -> int:
        if asset not in newest or read not in versions:
            return read
        now, version = newest[asset].get(row.node_id or 0), versions[read][0]
        return now.id if now is not None and now.data_version == version else written.get((asset, row.node_id, version), read)

    return [replace(row, upstream={asset: pointer(row, asset, read) for asset, read in row.upstream.items()}) for row in rows]
