"""The tables of an OpenDocument spreadsheet before they are read: how large they become, and which cells hold formulas or errors.

One element may stand for millions of cells ("repeated"), so tags are counted by patterns over the bytes; values are read by calamine.
"""

from __future__ import annotations

import html
import re

from caseforge_assets.frameworks.files.package import Package
from caseforge_assets.frameworks.files.sheets import Flaw
from caseforge_assets.frameworks.files.sizes import refuse_large
from caseforge_assets.frameworks.records import Limits

CONTENT = "content.xml"
_TAG = re.compile(rb"<(/?)(?:[\w.-]+:)?(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^<>]*)>")
_REPEATED = re.compile(rb"""\bnumber-(?:rows|columns)-repeated=["'](\d{1,12})["']""")
_NAME = re.compile(rb"""\b(?:[\w.-]+:)?name=["']([^"']*)["']""")
_HAS_VALUE = re.compile(rb"\bvalue-type=")
_FORMULA = re.compile(rb"\bformula=")
_ERROR = re.compile(rb"""\bvalue-type=["']error["']""")
# LibreOffice's own bounds; readers stop there, whatever a file says.
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384
_MAX_FLAWS = 100_000


class _Scan:
    """The state of the scan of the tags: table, row and column, and what was found so far."""

    def __init__(self) -> None:
        self.sizes: dict[str, tuple[int, int]] = {}
        self.flaws: dict[str, dict[tuple[int, int], Flaw]] = {}
        self.depth = 0
        self.name = ""
        self.row = self.next_row = self.column = 0

    def table(self, closes: bool, attributes: bytes) -> None:
        """A table begins or ends; tables inside cells are not counted."""
        self.depth += -1 if closes else 0 if attributes.endswith(b"/") else 1
        if not closes and self.depth == 1:
            found = _NAME.search(attributes)
            self.name = html.unescape(found[1].decode("utf-8")) if found else ""
            self.sizes[self.name], self.flaws[self.name] = (0, 0), {}
            self.row = self.next_row = self.column = 0

    def begin_row(self, attributes: bytes) -> None:
        """A row begins, which may stand for many."""
        self.row, self.column = self.next_row, 0
        self.next_row = min(self.row + _times(attributes), _MOST_ROWS)

    def cell(self, attributes: bytes) -> None:
        """A cell, which may stand for many."""
        end = min(self.column + _times(attributes), _MOST_COLUMNS)
        if _HAS_VALUE.search(attributes) or _FORMULA.search(attributes):
            rows, columns = self.sizes[self.name]
            self.sizes[self.name] = max(rows, self.next_row), max(columns, end)
        flaw = Flaw.ERROR if _ERROR.search(attributes) else Flaw.FORMULA if _FORMULA.search(attributes) else None
        flaws = self.flaws[self.name]
        if flaw and len(flaws) < _MAX_FLAWS:
            flaws.update(dict.fromkeys(((self.row, column) for column in range(self.column, min(end, self.column + 100))), flaw))
        self.column = end


def scan_tables(package: Package, limits: Limits) -> dict[str, dict[tuple[int, int], Flaw]]:
    """Gives the flaws of each table by its name and position.

    Raises:
        FileRefusedError: The document is damaged, or a table is above the limits.
    """
    scan = _Scan()
    for closing, kind, attributes in _TAG.findall(package.read(CONTENT)):
        if kind == b"table":
            scan.table(bool(closing), attributes)
        elif closing or scan.depth != 1:
            continue
        elif kind == b"table-row":
            scan.begin_row(attributes)
        else:
            scan.cell(attributes)
    for name, (rows, columns) in scan.sizes.items():
        refuse_large(name, rows, columns, limits)
    return scan.flaws


def _times(attributes: bytes) -> int:
    found = _REPEATED.search(attributes)
    return max(1, int(found[1])) if found else 1
