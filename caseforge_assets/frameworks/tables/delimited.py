"""CSV files become sheets: encoding, delimiter, records. What the columns mean is decided elsewhere."""

import codecs
import csv
import io
import re
from collections import Counter

from caseforge_assets.frameworks.files.sheets import Cell, Flaw, Sheet
from caseforge_assets.frameworks.problems import FileRefusedError
from caseforge_assets.frameworks.records import Limits
from caseforge_assets.frameworks.tables.columns import find_header
from caseforge_assets.wording import counted

_DELIMITERS = (",", ";", "\t", "|")
_PROBED_CHARS = 65_536
_TEXT_FORMULA = re.compile(r'="([^"]*)"')


def read_delimited(data: bytes, limits: Limits) -> Sheet:
    """Reads UTF-8 text, or UTF-16 as Excel's "Unicode Text" has it, separated by commas, semicolons, tabs or upright strokes.

    Rows are counted as Excel does: a record with line breaks inside quotes is one row.

    Raises:
        FileRefusedError: Not UTF-8 text, quotes that do not close, or more rows than limits.max_rows.
    """
    text = _decoded(data)
    if not text.strip():
        raise FileRefusedError("The file is empty: it holds nothing but blanks.")
    rows = _records(text, _delimiter(text), limits)
    flaws = {
        (row, column): Flaw.FORMULA
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
        if isinstance(cell, str) and cell.startswith("=")
    }
    return Sheet(name=None, rows=rows, flaws=flaws, is_delimited=True)


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise FileRefusedError('The file is damaged UTF-16 text. Save it in Excel as "CSV UTF-8 (Comma delimited)".') from None
    if b"\x00" in data:
        raise FileRefusedError("The file is not a text file: it holds zero bytes.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise FileRefusedError(
            f"The file is not UTF-8 text (byte 0x{data[error.start]:02X} in line {row}), probably Windows-1252. "
            'Save it in Excel as "CSV UTF-8 (Comma delimited)".',
            row=row,
        ) from None


def _delimiter(text: str) -> str:
    """The delimiter with which the header has most of the columns that are known; where none is, most rows as many cells, then most columns."""

    def columns_found(delimiter: str) -> tuple[int, int, int]:
        rows: list[list[Cell]] = []
        try:
            for cells in csv.reader(io.StringIO(text[:_PROBED_CHARS], newline=""), delimiter=delimiter):
                rows.append(list(cells))
        except csv.Error:
            pass  # the part may end inside a quoted cell; what came before is enough to see the header
        header = find_header(Sheet(None, rows))
        lengths = Counter(len(cells) for cells in rows if len(cells) > 1)
        return len(header.columns) + len(header.levels), max(lengths.values(), default=0), len(header.found)

    return max(_DELIMITERS, key=columns_found)


def _records(text: str, delimiter: str, limits: Limits) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if len(rows) == limits.max_rows:
                raise FileRefusedError(f"The file has more than {counted(limits.max_rows, 'row')}, too many for a framework.")
            rows.append([] if _is_ruler(cells) else [_meant(cell) for cell in cells])
    except csv.Error as error:
        raise FileRefusedError(
            f"The row cannot be read ({error}). Look for a quotation mark that is not closed.", row=len(rows) + 1
        ) from None
    return rows


def _meant(cell: str) -> str:
    """Gives a text that is written as a formula, to keep spreadsheets from making a number or date of it: ="1.10"."""
    found = _TEXT_FORMULA.fullmatch(cell)
    return found[1] if found else cell


def _is_ruler(cells: list[str]) -> bool:
    """Tells whether a row only rules a line below the header, as in a table of Markdown: | --- | --- |."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return len(filled) > 1 and all(len(cell) > 1 and not cell.strip("-:") for cell in filled)
