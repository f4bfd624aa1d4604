"""Verdicts and reports as Dagster shows them."""

from __future__ import annotations

from typing import Any

import dagster as dg
from dagster import AssetCheckKey, AssetKey

from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    DOCUMENTS,
    OUTPUTS,
    Project,
)
from caseforge_assets_tests.workbench import KEY

NAMES = {(asset, "nothing_stale") for asset in ASSETS} | {
    (DOCUMENTS, "sections_complete"),
    (DOCUMENTS, "failures_under_10_percent"),
    (CANDIDATES, "candidates_valid"),
    (CANDIDATES, "failures_under_10_percent"),
    (DOCUMENTS, "scores_sufficient"),
    (DOCUMENTS, "no_near_duplicates"),
    (CANDIDATES, "scores_sufficient"),
    (CANDIDATES, "titles_distinct"),
    (CANDIDATES, "levels_balanced"),
    (OUTPUTS, "cost_within_plan"),
    ("usecase_batch_outputs", "cost_within_plan"),
}


def newest(opened: Project) -> dict[tuple[str, str], Any]:
    """The newest execution of every check, as Dagster's UI asks for them."""
    keys = [AssetCheckKey(AssetKey([KEY, asset]), name) for asset, name in NAMES]
    found = opened.instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return {(key.asset_key.path[-1], key.name): record for key, record in found.items()}


def evaluation(record: Any) -> dg.AssetCheckEvaluation:
    found: dg.AssetCheckEvaluation = record.event.dagster_event.asset_check_evaluation_data
    return found


def report(opened: Project, name: str) -> dict[str, Any]:
    (record,) = opened.instance.fetch_materializations(AssetKey([KEY, name]), limit=1).records
    metadata = record.asset_materialization.metadata  # type: ignore[union-attr]
    return {key: value.records if isinstance(value, dg.TableMetadataValue) else value.value for key, value in metadata.items()}
