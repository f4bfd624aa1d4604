"""Rows as a pandas DataFrame whose columns, types and order are stated beforehand, also where there are no rows or a column has no values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

# All of them can hold "unknown" (pandas.NA, NaT), so that a missing number makes no 0 and no column of floats.
DTYPES: Mapping[str, str] = {
    "string": "string",
    "int": "Int64",
    "float": "Float64",
    "boolean": "boolean",
    "timestamp": "datetime64[us, UTC]",
}


@dataclass(frozen=True)
class Column:
    """A column as it is stated: its name, a type among DTYPES, what it says, and what it is called in the rows where that is another name."""

    name: str
    type: str
    meaning: str = ""
    of: str = ""


def make_frame(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """Makes a table with exactly these columns. What rows lack is unknown; amounts become floats, lists and tables JSON texts."""
    import pandas

    values = {column.name: [_plain(column.type, row.get(column.of or column.name)) for row in rows] for column in columns}
    frame = pandas.DataFrame(values, columns=[column.name for column in columns], dtype=object)
    return frame.astype({column.name: DTYPES[column.type] for column in columns})


def _plain(kind: str, value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return str(value) if kind == "string" and value is not None else value
