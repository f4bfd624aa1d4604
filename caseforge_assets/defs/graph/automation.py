"""Has Dagster make editions, contexts and requests anew by itself, where a framework's `automation` says so. Nothing of it sends or spends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from caseforge_assets.settings import FrameworkSettings
from caseforge_assets.stages.stages import NODE_CONTEXTS, Asset

AUTOMATION_SENSOR = "automation_sensor"


def when_read_anew(entry: FrameworkSettings) -> dg.AutomationCondition[Any] | None:
    """The condition of an asset that costs nothing: what it reads came out different, or it is a new partition's turn.

    `eager` of Dagster, but for what was only confirmed: a load confirms every node, and would have everything made once more.
    """
    if not entry.automation:
        return None
    condition = dg.AutomationCondition
    changed = condition.data_version_changed() | condition.will_be_requested()
    due = (condition.newly_missing() | condition.any_deps_match(changed)).since_last_handled()
    ready = ~condition.any_deps_missing() & ~condition.any_deps_in_progress() & ~condition.in_progress()
    return (due & ready).with_label("what it reads came out different")


def automation_of(entry: FrameworkSettings, asset: Asset) -> dg.AutomationCondition[Any] | None:
    """The condition of a step: contexts and requests have one. What is answered by a model has none, and what was made by a load needs none."""
    costs_nothing = asset.name == NODE_CONTEXTS or (asset.stage is not None and asset.name == asset.stage.inputs)
    return when_read_anew(entry) if costs_nothing else None


def automation_sensors(entries: Mapping[str, FrameworkSettings]) -> list[dg.AutomationConditionSensorDefinition]:
    """The sensor that looks at these conditions, where there are any. The setting is the switch: it is on from the start."""
    keys = [key for key, entry in entries.items() if entry.automation]
    if not keys:
        return []
    return [
        dg.AutomationConditionSensorDefinition(
            AUTOMATION_SENSOR,
            target=dg.AssetSelection.groups(*keys),
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=30,
            description="Makes editions, contexts and requests anew when what they are made from is, for frameworks with `automation = true`. "
            "It sends nothing: what is to be sent needs an approved plan, as always.",
        )
    ]
