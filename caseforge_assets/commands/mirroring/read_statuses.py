"""Reads the status of every target node at every asset: the store's own answer, which Dagster mirrors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from caseforge_assets.commands.requests.compare_choices import changed_choices
from caseforge_assets.commands.requests.remember_definitions import changes_since
from caseforge_assets.reports.freshness import Condition, Made, StaleReason, stale_reasons
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stages import FRAMEWORK, Asset, all_assets
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.editions.nodes import NodeRow
from caseforge_assets.store.mirroring import outbox, statuses
from caseforge_assets.store.mirroring.statuses import Latest
from caseforge_assets.store.requests.styles import fresh_versions


@dataclass(frozen=True)
class AssetStatus:
    """One node at one asset.

    `stale` are the reasons why what was made there does not fit any more, also where the last attempt failed; `reason` says
    why it failed; `waiting` where its answer is, when one is awaited; `outdated` why its content would be another one now although nothing that
    was read for it directly has changed. `is_written`: a person wrote the content of the stage, which stays until a person asks for another one.
    """

    asset: str
    node: NodeRow
    condition: Condition
    stale: tuple[StaleReason, ...] = ()
    reason: str = ""
    since: datetime | None = None
    waiting: str = ""
    outdated: StaleReason | None = None
    is_written: bool = False

    @property
    def not_current(self) -> tuple[StaleReason, ...]:
        """Says why it would be another one now: it is stale, or outdated. Nothing would, where a plan asks for nothing because a person wrote what is there."""
        return () if self.is_written else self.stale or ((self.outdated,) if self.outdated else ())


def asset_statuses(connection: Connection, project: Project, key: str, node_ids: Sequence[int] | None = None) -> list[AssetStatus]:
    """Every target node of a framework (or those given) at every asset, in the order of assets and then of the framework."""
    targets = nodes.target_nodes(connection, key, node_ids)
    rows = {(row.node_id, row.asset): row for row in statuses.latest_of_all(connection, key, node_ids)}
    above = outbox.latest_unpartitioned(connection, key, FRAMEWORK)
    framework = {FRAMEWORK: Made(above.id, above.data_version, above.code_version, {}, None)} if above else {}
    newest = {node.node_id: dict(framework) for node in targets}
    for row in rows.values():
        if made := _made(row):
            newest[row.node_id][row.asset] = made
    read_ids = {read for of_node in newest.values() for made in of_node.values() for read in made.upstream.values()}
    versions = statuses.data_versions(connection, sorted(read_ids))
    stages = [project.stages.in_framework(stage, key) for stage in project.stages]
    fresh = {stage.key: fresh_versions(connection, stage, project.stage_settings[stage.key]) for stage in stages}
    changes = {stage.key: changes_since(connection, key, stage, project.stage_settings[stage.key]) for stage in stages}
    chosen = {stage.content: changed_choices(connection, project.stages, key, stage, node_ids) for stage in stages}
    ids = [node.node_id for node in targets]
    written = {stage.key: contents.written_by_people(connection, stage.key, ids) for stage in stages}
    found = []
    for asset in all_assets(project.stages):
        code_versions = fresh[asset.stage.key] if asset.stage else frozenset[str]()
        changed = changes[asset.stage.key] if asset.stage else _no_change
        for node in targets:
            of_node = newest[node.node_id]
            made = of_node.get(asset.name)
            reasons = tuple(stale_reasons(asset.reads, code_versions, changed, made, of_node, versions)) if made else ()
            other_choice = chosen.get(asset.name, {}).get(node.node_id)
            status = _status(asset, node, rows.get((node.node_id, asset.name)), reasons, other_choice)
            is_written = asset.stage is not None and node.node_id in written[asset.stage.key]
            found.append(replace(status, is_written=True) if is_written else status)
    return found


def _no_change(version: str) -> StaleReason:
    return StaleReason(f"it was made with {version}", None)


def read_statuses(store: Engine, project: Project, key: str) -> list[AssetStatus]:
    """The same of a whole framework, on a connection of its own."""
    with store.connect() as connection:
        return asset_statuses(connection, project, key)


def _made(row: Latest) -> Made | None:
    if row.made_id is None or row.made_at is None:
        return None
    return Made(row.made_id, row.data_version or "", row.code_version or "", row.upstream or {}, row.made_at)


def _status(
    asset: Asset, node: NodeRow, row: Latest | None, stale: tuple[StaleReason, ...], other_choice: StaleReason | None
) -> AssetStatus:
    if row is None:
        return AssetStatus(asset.name, node, Condition.MISSING)
    waiting = row.waiting_reason or "" if (row.waiting_id or 0) > max(row.made_id or 0, row.failed_id or 0) else ""
    is_outdated = (row.outdated_id or 0) > (row.made_id or 0)
    outdated = other_choice or (StaleReason(row.outdated_reason or "", row.outdated_at) if is_outdated else None)
    if (row.failed_id or 0) > (row.made_id or 0):
        return AssetStatus(asset.name, node, Condition.FAILED, stale, row.failed_reason or "", row.failed_at, waiting)
    if row.made_id is None:
        return AssetStatus(asset.name, node, Condition.MISSING, waiting=waiting)
    return AssetStatus(
        asset.name, node, Condition.STALE if stale else Condition.FRESH, stale, since=row.made_at, waiting=waiting, outdated=outdated
    )
