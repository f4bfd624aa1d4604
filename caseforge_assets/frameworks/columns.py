"""Which column holds what: headers are recognized by their usual names, whatever their case and punctuation."""

import re
from dataclasses import dataclass
from enum import StrEnum

from caseforge_assets.frameworks.normalize import normalize_name
from caseforge_assets.frameworks.sheets import Sheet

# A title and some notes may stand above the table.
_HEADER_WITHIN_ROWS = 20
_PUNCTUATION = re.compile(r"[\W_]+")


class Column(StrEnum):
    """What a column can hold. The value is what it is called where it is missing."""

    CODE = "Code"
    ID = "ID"
    NAME = "Name"
    DESCRIPTION = "Description"
    PARENT = "Parent"
    PARENT_ID = "Parent ID"
    METRIC_ID = "Metric ID"
    METRIC_NAME = "Metric name"
    METRIC_CATEGORY = "Metric category"
    FORMULA = "Formula"
    UNITS = "Units"


# Headers as official PCF workbooks have them, and as people write them; compared as letters and digits only, in lower case.
_HEADERS: dict[Column, tuple[str, ...]] = {
    Column.CODE: (
        "code",
        "hierarchy id",
        "hierarchy code",
        "process code",
        "element code",
        "node code",
        "process number",
        "number",
        "no",
        "nr",
    ),
    Column.ID: ("id", "pcf id", "process element id", "stable id", "process id", "element id", "node id", "unique id", "identifier", "uid"),
    Column.NAME: ("name", "process element", "process name", "element name", "node name", "process", "process title", "title"),
    Column.DESCRIPTION: ("description", "element description", "process description", "node description", "definition"),
    Column.PARENT: ("parent", "parent code", "parent hierarchy id", "parent process", "parent process code", "parent node"),
    Column.PARENT_ID: ("parent id", "parent pcf id", "parent process id", "parent element id", "parent node id"),
    Column.METRIC_ID: ("metric id",),
    Column.METRIC_NAME: ("metric name", "metric"),
    Column.METRIC_CATEGORY: ("metric category", "category"),
    Column.FORMULA: ("formula",),
    Column.UNITS: ("units", "unit"),
}


@dataclass(frozen=True, slots=True)
class Header:
    """Where a sheet's table begins and where its columns are.

    Attributes:
        row: Position of the header row, from 0; -1 where the sheet is empty.
        columns: Position of each column that was recognized, from 0.
        titles: Its header as written in the file.
        repeated: Columns that stand in the sheet twice, under the same header.
        found: All headers of the row, as written.
    """

    row: int
    columns: dict[Column, int]
    titles: dict[Column, str]
    repeated: frozenset[Column]
    found: tuple[str, ...]

    def title(self, column: Column) -> str:
        """Gives a column's header as written in the file, or what it should be called."""
        return self.titles.get(column, column.value)


def find_header(sheet: Sheet) -> Header:
    """Finds the row that names most of the known columns, among the first rows; the first of equals that is not empty."""
    candidates = [_header(sheet, row) for row in range(min(_HEADER_WITHIN_ROWS, len(sheet.rows)))]
    filled = [header for header in candidates if header.found]
    return max(filled, key=lambda header: len(header.columns)) if filled else Header(-1, {}, {}, frozenset(), ())


def _header(sheet: Sheet, row: int) -> Header:
    titles = [normalize_name(cell) if isinstance(cell, str) else "" for cell in sheet.rows[row]]
    places: dict[str, list[int]] = {}
    for position, title in enumerate(titles):
        places.setdefault(_PUNCTUATION.sub(" ", title.lower()).strip(), []).append(position)
    # A sheet may have "Name" and "Title": the header that is named first above counts. Twice the same is for a person to decide.
    chosen = {
        column: places[header]
        for column, headers in _HEADERS.items()
        if (header := next((name for name in headers if name in places), None))
    }
    return Header(
        row=row,
        columns={column: positions[0] for column, positions in chosen.items()},
        titles={column: titles[positions[0]] for column, positions in chosen.items()},
        repeated=frozenset(column for column, positions in chosen.items() if len(positions) > 1),
        found=tuple(title for title in titles if title),
    )
