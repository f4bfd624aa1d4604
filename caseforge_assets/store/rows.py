"""Records as rows: column values by name, without the deep copies that `dataclasses.asdict` makes."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any


def columns_of(record: Any) -> dict[str, Any]:
    """The fields of a record by name; values are the same objects."""
    return {name: getattr(record, name) for name in _names(type(record))}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
