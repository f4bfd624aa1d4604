"""Records as rows: column values by name, without the deep copies that `dataclasses.asdict` makes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any


def columns_of(record: Any) -> dict[str, Any]:
    """The fields of a record by name; values are the same objects."""
    return {field.name: getattr(record, field.name) for field in fields(record)}
