"""One cell of a table as text, or the reason why it has none. Which columns a row needs is decided elsewhere."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from caseforge_assets.frameworks.files.sheets import Cell, Flaw, Sheet
from caseforge_assets.frameworks.normalize import control_character, normalize_description, normalize_name
from caseforge_assets.frameworks.problems import Findings, quoted
from caseforge_assets.frameworks.tables.columns import Column, Header

# Excel keeps 15 significant digits of a number; longer ids have lost their end.
_EXACT_BELOW = 10**15
_FLAW_TEXTS = {
    Flaw.FORMULA: "The cell holds a formula. Replace it by its value (in Excel: copy, then Paste Special, Values).",
    Flaw.ERROR: "The cell holds an Excel error such as #N/A or #REF!. Correct it.",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet whose header was found, with the place where its problems are noted."""

    sheet: Sheet
    header: Header
    findings: Findings

    def refuse(self, what: str, row: int, column: Column) -> None:
        """Notes a problem of a cell; row counts from 0."""
        self.findings.refuse(what, sheet=self.sheet.name, row=self.sheet.row_number(row), column=self.header.title(column))

    def warn(self, what: str, row: int | None = None, column: Column | None = None) -> None:
        """Notes a warning; row counts from 0. A column that the table does not have is not named."""
        self.findings.warn(
            what,
            sheet=self.sheet.name,
            row=None if row is None else self.sheet.row_number(row),
            column=None if column is None else self.header.titles.get(column),
        )

    def cell(self, row: int, column: Column) -> Cell:
        """Gives a cell of a row; "" where the table does not have the column."""
        position = self.header.columns.get(column)
        return "" if position is None else self.sheet.cell(row, position)

    def filled_rows(self, columns: tuple[Column, ...]) -> Iterator[int]:
        """Gives the rows below the header in which one of the columns has something, even if it is only a formula."""
        positions = [self.header.columns[column] for column in columns if column in self.header.columns]
        yield from self.rows_with(positions)

    def rows_with(self, positions: Sequence[int]) -> Iterator[int]:
        """Gives the rows below the header that have something at one of the positions, even if it is only a formula."""
        last_flawed_row = max((row for row, _ in self.sheet.flaws), default=-1)
        for row in range(self.header.row + 1, max(len(self.sheet.rows), last_flawed_row + 1)):
            if any(not is_blank(self.sheet.cell(row, place)) or (row, place) in self.sheet.flaws for place in positions):
                yield row

    def line(self, row: int, column: Column) -> str | None:
        """Gives a cell as one normalized line; None if it had to be refused, which is noted then."""
        return self.line_at(row, self.header.columns.get(column, -1), self.header.title(column))

    def line_at(self, row: int, position: int, title: str) -> str | None:
        """Gives the cell at a position as one normalized line; None if it had to be refused, which is noted then."""
        text = self._checked_text(row, position, title)
        return None if text is None else normalize_name(text)

    def paragraphs(self, row: int, column: Column) -> str | None:
        """Gives a cell as normalized text with line breaks; None if it had to be refused, which is noted then."""
        return self.paragraphs_at(row, self.header.columns.get(column, -1), self.header.title(column))

    def paragraphs_at(self, row: int, position: int, title: str) -> str | None:
        """Gives the cell at a position as normalized text with line breaks; None if it had to be refused, which is noted then."""
        text = self._checked_text(row, position, title)
        return None if text is None else normalize_description(text)

    def empty_text(self, row: int, column: Column) -> str:
        """Says that a cell is empty, and why it may seem not to be."""
        block_row = self.sheet.merged.get((row, self.header.columns.get(column, -1)))
        if block_row is None:
            return "The cell is empty."
        return f"The cell is empty: it lies in a merged block that begins in row {self.sheet.row_number(block_row)}. Unmerge it and fill in every row."

    def _checked_text(self, row: int, position: int, title: str) -> str | None:
        flaw = self.sheet.flaws.get((row, position))
        cell = self.sheet.cell(row, position) if position >= 0 else ""
        trouble = _FLAW_TEXTS[flaw] if flaw else _trouble(cell)
        if trouble:
            self.findings.refuse(trouble, sheet=self.sheet.name, row=self.sheet.row_number(row), column=title)
            self.findings.note_unreadable(self.sheet.name, title)
            return None
        return _text(cell)


def is_blank(cell: Cell) -> bool:
    """Tells whether a cell holds nothing that can be seen."""
    return isinstance(cell, str) and not normalize_name(cell)


def _trouble(cell: Cell) -> str | None:
    """Says why a cell is no text; None if it is."""
    if isinstance(cell, str):
        control = control_character(cell)
        return f"The text {quoted(cell)} contains a control character ({control}). Delete it or type the text again." if control else None
    if isinstance(cell, datetime.date | datetime.time | datetime.timedelta):
        return f"The cell holds a date or time ({cell}), into which Excel may have turned it. Format the column as Text and type it again."
    if not isinstance(cell, bool) and abs(cell) >= _EXACT_BELOW:
        return f"The number {cell:.0f} is too long: Excel keeps only 15 digits. Format the column as Text and type it again."
    return None


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
