"""The sheets of a binary workbook (.xlsb) before they are read: how large they become, and which cells hold formulas or errors.

A sheet is a row of records ([MS-XLSB] 2.1.4): type and length, each with 7 bits a byte, then the data. Values are read by calamine.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from caseforge_assets.frameworks.files.package import Package
from caseforge_assets.frameworks.files.sheets import Flaw
from caseforge_assets.frameworks.files.sizes import refuse_large
from caseforge_assets.frameworks.records import Limits

# BrtRowHdr (0) begins with the row; BrtCellRk to BrtFmlaError (2 to 11, and 62 for formatted texts) with the column ([MS-XLSB] 2.3).
_ROW = 0
_KINDS = frozenset({_ROW, *range(2, 12), 62})
_ERROR_CELL, _FORMULAS = 3, range(8, 12)
_SHEET, _SHEET_TEXTS_AT = 156, 8
WORKBOOK = "xl/workbook.bin"


def scan_sheets(package: Package, limits: Limits) -> dict[str, dict[tuple[int, int], Flaw]]:
    """Gives the flaws of each sheet by its name and position.

    Raises:
        FileRefusedError: The workbook is damaged, or a sheet is above the limits.
    """
    parts = {link: part for link, (_, part) in package.links(WORKBOOK).items()}
    flaws: dict[str, dict[tuple[int, int], Flaw]] = {}
    for link, name in _sheet_names(package.read(WORKBOOK, is_text=False)):
        part = parts.get(link, "")
        if part.startswith("xl/worksheets/"):
            rows, columns, flaws[name] = _scan(package.read(part, is_text=False))
            refuse_large(name, rows, columns, limits)
    return flaws


def _sheet_names(data: bytes) -> Iterator[tuple[str, str]]:
    """Gives the id of its link, and its name, for each sheet (BrtBundleSh: two numbers, then these as texts)."""
    for kind, start, length in records(data):
        if kind == _SHEET and length >= _SHEET_TEXTS_AT:
            link, place = _text(data, start + _SHEET_TEXTS_AT, start + length)
            yield link, _text(data, place, start + length)[0]


def _text(data: bytes, start: int, end: int) -> tuple[str, int]:
    """A text, which begins with the number of its UTF-16 units, and the place behind it."""
    (units,) = struct.unpack_from("<I", data, start) if start + 4 <= end else (0,)
    stop = min(start + 4 + 2 * units, end)
    return data[start + 4 : stop].decode("utf-16-le", "replace"), stop


def _scan(data: bytes) -> tuple[int, int, dict[tuple[int, int], Flaw]]:
    row = rows = columns = 0
    flaws: dict[tuple[int, int], Flaw] = {}
    for kind, start, length in records(data):
        if length < 4 or kind not in _KINDS:
            continue
        (number,) = struct.unpack_from("<I", data, start)
        if kind == _ROW:
            row = number
            continue
        rows, columns = max(rows, row + 1), max(columns, number + 1)
        if kind == _ERROR_CELL or kind in _FORMULAS:
            flaws[row, number] = Flaw.ERROR if kind == _ERROR_CELL else Flaw.FORMULA
    return rows, columns, flaws


def records(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Gives type, start and length of each record's data, up to where the bytes end."""
    place = 0
    while place < len(data):
        kind, place = _number(data, place, 2)
        length, place = _number(data, place, 4)
        if place + length > len(data):
            return
        yield kind, place, length
        place += length


def _number(data: bytes, place: int, most_bytes: int) -> tuple[int, int]:
    """A number with 7 bits a byte, and the place behind it; the last byte has its highest bit clear."""
    value = 0
    for count in range(most_bytes):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            break
    return value, place
