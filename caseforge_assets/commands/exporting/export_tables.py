"""Rows as CSV and Excel: typed, to be filtered, and nothing in them that a spreadsheet would compute."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from caseforge_assets.safe_text import csv_cell, spreadsheet_cell

LONG_TEXT_CHARACTERS = 60
WIDEST = 60.0
Row = Mapping[str, Any]


def write_csv(target: Path, rows: Sequence[Row]) -> None:
    """A table for Excel and others, with a header; an empty file where there are no rows."""
    names = list(rows[0]) if rows else []

    def lines() -> Iterator[str]:
        buffer = _Line()
        writer = csv.DictWriter(buffer, names, quoting=csv.QUOTE_NONNUMERIC)  # a text may hold what separates elsewhere
        writer.writeheader()
        yield buffer.text
        for row in rows:
            writer.writerow({name: csv_cell(_plain(value)) for name, value in row.items()})
            yield buffer.text

    write_text(target, lines(), encoding="utf-8-sig")  # Excel needs the mark to read UTF-8


class _Line:
    """The newest line that a csv writer wrote."""

    text = ""

    def write(self, text: str) -> int:
        self.text = text
        return len(text)


def write_workbook(target: Path, sheets: Mapping[str, Sequence[Row]]) -> None:
    """An Excel workbook: numbers, times (UTC) and truth values as such, the header frozen, a filter on every column."""
    import xlsxwriter

    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.stem}.{os.getpid()}.part{target.suffix}")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": True}
    try:
        with xlsxwriter.Workbook(str(part), options) as book:
            formats = {
                "head": book.add_format({"bold": True, "bottom": 1}),
                "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
                "money": book.add_format({"num_format": "0.000000"}),
            }
            for name, rows in sheets.items():
                _fill(book.add_worksheet(name), rows, formats)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _fill(sheet: Any, rows: Sequence[Row], formats: Mapping[str, Any]) -> None:
    names = list(rows[0]) if rows else []
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, formats["head"])
        sheet.set_column(column, column, _width(name, rows))
    for number, row in enumerate(rows, 1):
        for column, name in enumerate(names):
            _write_cell(sheet, number, column, row.get(name), formats)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(names) - 1)


def _write_cell(sheet: Any, row: int, column: int, value: object, formats: Mapping[str, Any]) -> None:
    """Excel knows no time zones and no Decimal."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None), formats["time"])
    elif isinstance(value, Decimal):
        sheet.write_number(row, column, float(value), formats["money"])
    elif isinstance(value, (int, float)):
        sheet.write_number(row, column, value)
    else:
        sheet.write_string(row, column, str(spreadsheet_cell(str(_plain(value)))))


def _width(name: str, rows: Sequence[Row]) -> float:
    longest = max((len(str(row.get(name, ""))) for row in rows[:200]), default=0)
    return min(WIDEST, max(len(name), min(longest, LONG_TEXT_CHARACTERS)) + 2.0)


def _plain(value: object) -> object:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else value


def write_text(target: Path, parts: Iterable[str], encoding: str = "utf-8") -> None:
    """A text file that appears when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding=encoding, newline="") as file:
            file.writelines(parts)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
