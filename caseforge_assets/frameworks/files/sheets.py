"""A sheet as it comes out of any kind of file: a grid of cells, with what the grid itself does not show. No judgement."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Cell = str | int | float | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta


class Flaw(StrEnum):
    """The reasons why a cell has no value of its own."""

    FORMULA = "formula"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The cells of one sheet. All positions count rows and columns from 0.

    Attributes:
        name: None where the file has no sheets: CSV and JSON.
        rows: Rows from the very first one; they may differ in length. An empty cell is "".
        flaws: Cells with a formula or an Excel error (#N/A and the like).
        hidden_rows: Positions of the rows that Excel hides, by filter or by hand.
        merged: Cells that a merged block covers (all but its first one), with the first row of the block.
        indents: How far Excel indents a cell by its format, of those that it does.
        groups: How deep Excel groups a row (its outline level), of those that it groups.
        groups_are_below: True where the sheet says that the row of a group stands above it; else Excel means the one below.
        has_own_header: False where the first row was added to what the file holds, and is not counted.
        is_delimited: True where cells were told apart by a delimiter, and may be one too many.
    """

    name: str | None
    rows: list[list[Cell]]
    flaws: Mapping[tuple[int, int], Flaw] = field(default_factory=dict)
    hidden_rows: tuple[int, ...] = ()
    merged: Mapping[tuple[int, int], int] = field(default_factory=dict)
    indents: Mapping[tuple[int, int], int] = field(default_factory=dict)
    groups: Mapping[int, int] = field(default_factory=dict)
    groups_are_below: bool = False
    has_own_header: bool = True
    is_delimited: bool = False

    def cell(self, row: int, column: int) -> Cell:
        """Gives a cell; "" beside the grid."""
        cells = self.rows[row] if row < len(self.rows) else []
        return cells[column] if column < len(cells) else ""

    def row_number(self, row: int) -> int:
        """Gives a row's number as people count it in the file: as Excel shows it, or the number of the record."""
        return row + 1 if self.has_own_header else row
