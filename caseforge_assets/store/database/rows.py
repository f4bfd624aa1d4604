"""Records as rows: column values by name, without the deep copies that `dataclasses.asdict` makes."""

from __future__ import annotations

from typing import Any


def columns_of(record: Any) -> dict[str, Any]:
    """The fields of a record (a dataclass) by name; values are the same objects."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
