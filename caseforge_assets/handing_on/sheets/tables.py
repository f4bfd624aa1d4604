"""Rows as CSV, Parquet and Excel: typed, to be filtered, and nothing in them that a spreadsheet would compute."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO

from caseforge_assets.handing_on.sheets.decision_sheet import Managed, add_manager_sheets
from caseforge_assets.safe_text import csv_cell, spreadsheet_cell

if TYPE_CHECKING:
    import pandas

QUIET_TAB = "#9AA5B1"  # what is for programs stands behind what is for people
LONG_TEXT_CHARACTERS = 60
WIDEST = 60
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Workbook:
    """The contents of a workbook.

    Attributes:
        managed: What managers read first.
        sheets: Rows by the sheet's name, for programs.
    """

    managed: Managed
    sheets: Mapping[str, Sequence[Row]]


def write_csv(file: BinaryIO, rows: Sequence[Row]) -> None:
    """A table for Excel and others, with a header; an empty file where there are no rows."""
    # Excel needs the mark to read UTF-8; a text may hold what separates elsewhere
    frame = _frame(rows, _csv_cell)
    file.write(frame.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").encode("utf-8-sig"))


def write_parquet(file: BinaryIO, rows: Sequence[Row]) -> None:
    """A typed table for programs: numbers, amounts, times (UTC) and truth values as such; one without columns where there are no rows."""
    frame = _frame(rows, lambda value: value).convert_dtypes(convert_floating=False)
    frame.to_parquet(file, engine="pyarrow", index=False, compression="zstd")


def write_workbook(file: BinaryIO, workbook: Workbook) -> None:
    """An Excel workbook: numbers, times (UTC) and truth values as such, the header frozen, a filter on every column."""
    import pandas

    settings = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with pandas.ExcelWriter(
        file, engine="xlsxwriter", datetime_format="yyyy-mm-dd hh:mm:ss", engine_kwargs={"options": settings}
    ) as writer:
        add_manager_sheets(writer.book, workbook.managed)
        for name, rows in workbook.sheets.items():
            _add_sheet(writer, name, _frame(rows, _excel_cell))


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


def _csv_cell(value: object) -> object:
    """An amount is written out: pandas would write a small one as 0E-8."""
    return csv_cell(_Amount(value) if isinstance(value, Decimal) else value)


class _Amount(Decimal):
    def __str__(self) -> str:
        return format(self, "f")


def _excel_cell(value: object) -> object:
    """Excel knows no time zones."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else spreadsheet_cell(value)


def _frame(rows: Sequence[Row], cell: Callable[[object], object]) -> pandas.DataFrame:
    """Rows as a table whose cells keep their types; what holds other values is written as JSON."""
    import pandas

    return pandas.DataFrame([{name: cell(_plain(value)) for name, value in row.items()} for row in rows], dtype=object)


def _plain(value: object) -> object:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else value


def cell_address(columns: Sequence[str], name: str, row: int) -> str:
    """A cell's address, such as `F12`."""
    number, letters = columns.index(name) + 1, ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
