"""Rows as CSV, Excel and Parquet: typed, to be filtered, and nothing in them that a spreadsheet would compute."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseforge_assets.safe_text import csv_cell, spreadsheet_cell

if TYPE_CHECKING:
    import pandas

QUIET_TAB = "#9AA5B1"  # what is for programs stands behind what is for people
LONG_TEXT_CHARACTERS = 60
WIDEST = 60
Row = Mapping[str, Any]


def write_csv(target: Path, rows: Sequence[Row]) -> None:
    """A table for Excel and others, with a header; an empty file where there are no rows."""
    with appearing_whole(target) as part:  # Excel needs the mark to read UTF-8; a text may hold what separates elsewhere
        frame = _frame(rows, csv_cell)
        frame.to_csv(part, index=False, quoting=csv.QUOTE_NONNUMERIC, encoding="utf-8-sig", lineterminator="\r\n")


def write_parquet(target: Path, rows: Sequence[Row]) -> None:
    """A typed table for programs: numbers, amounts, times (UTC) and truth values as such; one without columns where there are no rows."""
    import pandas

    frame = pandas.DataFrame([{name: _plain(value) for name, value in row.items()} for row in rows], dtype=object)
    with appearing_whole(target) as part:
        frame.convert_dtypes(convert_floating=False).to_parquet(part, engine="pyarrow", index=False, compression="zstd")


def write_workbook(target: Path, sheets: Mapping[str, Sequence[Row]], first: Callable[[Any], None] | None = None) -> None:
    """An Excel workbook: numbers, times (UTC) and truth values as such, the header frozen, a filter on every column.

    Args:
        first: adds sheets of its own before these to the workbook, which is one of xlsxwriter's.
    """
    import pandas

    settings = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with (
        appearing_whole(target) as part,
        part.open("wb") as file,
        pandas.ExcelWriter(
            file, engine="xlsxwriter", datetime_format="yyyy-mm-dd hh:mm:ss", engine_kwargs={"options": settings}
        ) as workbook,
    ):
        if first is not None:
            first(workbook.book)
        for name, rows in sheets.items():
            _add_sheet(workbook, name, _frame(rows, _excel_cell))


def _add_sheet(workbook: pandas.ExcelWriter[Any], name: str, frame: pandas.DataFrame) -> None:
    frame.to_excel(workbook, sheet_name=name, index=False, header=False, startrow=1, freeze_panes=(1, 0))
    sheet, head = workbook.sheets[name], workbook.book.add_format({"bold": True, "bottom": 1})
    sheet.set_tab_color(QUIET_TAB)
    money = workbook.book.add_format({"num_format": "0.000000"})
    for place, column in enumerate(frame.columns):
        sheet.write_string(0, place, column, head)
        longest = max(len(str(value)) for value in frame[column][:200])
        width = min(WIDEST, max(len(column), min(longest, LONG_TEXT_CHARACTERS)) + 2)
        sheet.set_column(place, place, width, money if any(isinstance(value, Decimal) for value in frame[column]) else None)
    if not frame.empty:
        sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)


def _excel_cell(value: object) -> object:
    """Excel knows no time zones."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else spreadsheet_cell(value)


def _frame(rows: Sequence[Row], cell: Callable[[object], object]) -> pandas.DataFrame:
    """Rows as a table whose cells keep their types; what holds other values is written as JSON."""
    import pandas

    return pandas.DataFrame([{name: cell(_plain(value)) for name, value in row.items()} for row in rows], dtype=object)


def _plain(value: object) -> object:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else value


def write_text(target: Path, parts: Iterable[str]) -> None:
    """A text file that appears when it is whole."""
    with appearing_whole(target) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)


@contextmanager
def appearing_whole(target: Path) -> Iterator[Path]:
    """A file to write to, which becomes the target when all of it is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
