"""What stands in the columns of a use case, as people read it: categories, levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caseforge_assets.curation.priority import Weights, priority
from caseforge_assets.stages.stage import Stage

VALUE, EFFORT, RISK = "roi", "complexity", "risk"


def column_values(stage: Stage | None, fields: Mapping[str, Any]) -> dict[str, str | None]:
    """By column of its stage, what an item says there; nothing of a stage that the project has no more.

    Args:
        fields: of the item; a level may stand there as its number, the lowest being 1.
    """
    if stage is None:
        return {}
    return {column: _shown(list(stage.level_shares.get(column, ())), fields.get(name)) for column, name in stage.item_columns.items()}


def _shown(levels: list[str], value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, int) and 1 <= value <= len(levels):
        return levels[value - 1]
    return str(value)


def priority_of(weights: Weights, values: Mapping[str, str | None], score: int | None) -> int | None:
    """The priority of an item by what stands in its columns.

    Args:
        score: of its node's set; None: not measured.
    """
    return priority(weights, value=values.get(VALUE), effort=values.get(EFFORT), risk=values.get(RISK), quality=score)
