"""Asset checks: one verdict an asset and question, over all of its nodes, with the list of those that are not in order.

They belong to the step of the assets: one of their own would be skipped, because that step yields nothing else. What jobs
and the command line do is followed by them, too.
"""

from collections.abc import Collection, Iterator, Sequence

import dagster as dg

from caseforge_assets.commands.mirroring.read_statuses import AssetStatus, read_statuses
from caseforge_assets.commands.reporting.check_framework import check_framework
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.reports.checks import ABOUT, COST_WITHIN_PLAN, FEW_FAILURES, MODEL_LASTS, NOTHING_STALE, Check
from caseforge_assets.reports.quality_checks import (
    ABOUT_QUALITY,
    LEVELS_BALANCED,
    NO_NEAR_DUPLICATES,
    SCORES_SUFFICIENT,
    TITLES_DISTINCT,
)
from caseforge_assets.safe_text import plain_text
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages, all_assets
from caseforge_assets.store.database.engine import Engine

LISTED_NODES = 200


def check_results(caseforge: Caseforge, key: str, selected: Collection[dg.AssetCheckKey]) -> Iterator[dg.AssetCheckResult]:
    """The verdicts that a run was asked for, as its step yields them."""
    if not selected:
        return
    for evaluation in evaluate(caseforge.store, caseforge.project, key, read_statuses(caseforge.store, caseforge.project, key)):
        if evaluation.asset_check_key in selected:
            yield dg.AssetCheckResult(
                asset_key=evaluation.asset_key,
                check_name=evaluation.check_name,
                passed=evaluation.passed,
                severity=evaluation.severity,
                description=evaluation.description,
                metadata=evaluation.metadata,
            )


def evaluate(store: Engine, project: Project, key: str, statuses: Sequence[AssetStatus]) -> list[dg.AssetCheckEvaluation]:
    """All verdicts on a framework, as Dagster stores them."""
    with store.connect() as connection:
        return [_evaluation(key, check) for check in check_framework(connection, project, key, statuses)]


def check_specs(key: str, stages: Stages) -> list[dg.AssetCheckSpec]:
    """Every check of a framework's assets."""
    specs = []
    for asset in all_assets(stages):
        names = [NOTHING_STALE]
        if asset.stage and asset.name == asset.stage.inputs:
            names.append(MODEL_LASTS)
        if asset.stage and asset.name == asset.stage.outputs:
            names.append(COST_WITHIN_PLAN)
        if asset.stage and asset.name == asset.stage.content:
            names += [asset.stage.validity, FEW_FAILURES, *_quality_checks(asset.stage)]
        specs += [dg.AssetCheckSpec(name, asset=[key, asset.name], description=_about(name)) for name in names]
    return specs


def _quality_checks(stage: Stage) -> list[str]:
    if stage.measure is None:
        return []
    return [SCORES_SUFFICIENT, *([TITLES_DISTINCT, LEVELS_BALANCED] if stage.is_list else [NO_NEAR_DUPLICATES])]


def _about(name: str) -> str:
    return (
        ABOUT.get(name)
        or ABOUT_QUALITY.get(name)
        or "The newest answer of every node was judged complete and valid; those that were not are listed with the reason."
    )


def _evaluation(key: str, check: Check) -> dg.AssetCheckEvaluation:
    metadata: dict[str, dg.MetadataValue | int | float] = {**check.figures}
    if check.nodes:
        rows = [dg.TableRecord({"node": plain_text(node), "why": plain_text(why)}) for node, why in check.nodes[:LISTED_NODES]]
        schema = dg.TableSchema([dg.TableColumn("node"), dg.TableColumn("why")])
        metadata["nodes_not_in_order" if len(rows) == len(check.nodes) else f"first_{LISTED_NODES}_not_in_order"] = dg.MetadataValue.table(
            rows, schema
        )
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey([key, check.asset]),
        check_name=check.name,
        passed=check.passed,
        severity=dg.AssetCheckSeverity.ERROR if check.severe else dg.AssetCheckSeverity.WARN,
        description=check.says,
        metadata=metadata,
    )
