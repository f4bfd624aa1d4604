"""Reads the columns of a use case as people see them: categories, levels, fields in their stage's order."""

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


def asked_fields(stage: Stage | None) -> dict[str, list[str]]:
    """The fields of an item in the order in which its stage asks for them, each with what may stand there (nothing: any text); empty where no schema says it.

    What is stored of an answer does not tell the order.
    """
    return _fields_in(stage.response_format) if stage and stage.response_format else {}


def _fields_in(schema: object) -> dict[str, list[str]]:
    if isinstance(schema, list):
        return next((found for part in schema if (found := _fields_in(part))), {})
    if not isinstance(schema, Mapping):
        return {}
    fields = schema.get("properties")
    if isinstance(fields, Mapping) and "title" in fields:
        return {str(name): [str(choice) for choice in field.get("enum", ())] for name, field in fields.items()}
    return next((found for part in schema.values() if (found := _fields_in(part))), {})


def in_order(stage: Stage | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a stored item in that order; what the stage does not ask for at the end."""
    asked = [name for name in asked_fields(stage) if name in fields]
    return {name: fields[name] for name in (*asked, *(name for name in fields if name not in asked))}
