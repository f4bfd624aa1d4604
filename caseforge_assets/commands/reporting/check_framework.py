"""Checking a framework: every verdict on its assets, from the store."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from caseforge_assets.commands.mirroring.read_statuses import AssetStatus
from caseforge_assets.commands.providing.check_models import stage_ending
from caseforge_assets.commands.quality.read_quality import check_quality
from caseforge_assets.reports.checks import NOTHING_STALE, Check, check_cost, check_failures, check_model, check_nodes
from caseforge_assets.reports.freshness import Condition
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.stage_settings import setting_key
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.stages import all_assets
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import node_views
from caseforge_assets.store.submitting import providers

_BAD = ("has an answer that is not complete and valid", "have an answer that is not complete and valid")


def check_framework(connection: Connection, project: Project, key: str, statuses: Sequence[AssetStatus]) -> list[Check]:
    """All verdicts, asset by asset.

    Failures that only say that an answer is awaited count neither as failed nor as answered.

    Args:
        statuses: where every node stands, as `asset_statuses` gives it.
    """
    by_asset: dict[str, list[AssetStatus]] = {asset.name: [] for asset in all_assets(project.stages)}
    for status in statuses:
        by_asset[status.asset].append(status)
    costs = {row.stage: row for row in node_views.answered_costs(connection, key)}  # simulated ones where nothing was billed
    checks = [_nothing_stale(name, of_asset) for name, of_asset in by_asset.items()]
    ends = providers.model_ends(connection)
    for stage in project.stages:
        model, key_of_model = project.stage_settings[stage.key].model, setting_key(project.configuration, stage, "model")
        checks.append(check_model(stage.inputs, model, stage_ending(project.configuration, stage, ends), key_of_model))
        answered = by_asset[stage.content]
        bad = [_named(status) for status in answered if status.condition is Condition.FAILED and _is_outcome(status)]
        unanswered = [_named(status) for status in by_asset[stage.outputs] if status.condition is Condition.FAILED and _is_outcome(status)]
        checks.append(check_nodes(stage.content, stage.validity, _BAD, len(answered), bad))
        failed = dict(bad) | dict(unanswered)  # a node that was not answered now may have had a bad answer, or a good one, before
        done = [_named(status)[0] for status in answered if status.condition in (Condition.FRESH, Condition.STALE)]
        checks.append(check_failures(stage.content, len(set(done) - set(failed)), list(failed.items())))
        checks.append(_cost_within_plan(stage.outputs, costs.get(stage.key)))
    return [*checks, *check_quality(connection, project, key)]


def _nothing_stale(asset: str, statuses: list[AssetStatus]) -> Check:
    stale = [
        (str(status.node.partition_key), "; ".join(reason.text for reason in status.not_current))
        for status in statuses
        if status.not_current
    ]
    return check_nodes(asset, NOTHING_STALE, ("is stale", "are stale"), len(statuses), stale)


def _cost_within_plan(asset: str, row: Any) -> Check:
    """Sums are NULL where nothing came back, or nothing of known cost."""
    if row is None:
        return check_cost(asset, Decimal(0), Decimal(0), 0)
    return check_cost(asset, row.cost_usd or Decimal(0), row.expected_usd or Decimal(0), row.unknown, simulated=row.simulated)


def _is_outcome(status: AssetStatus) -> bool:
    """Tells whether it failed in an attempt; what waits or lacks something has no outcome."""
    return status.reason.partition(":")[0] in set(Outcome)


def _named(status: AssetStatus) -> tuple[str, str]:
    return str(status.node.partition_key), status.reason
