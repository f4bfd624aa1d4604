"""Rows of a framework table become entries: each cell read and judged by itself. How entries belong together is decided in tree."""

from dataclasses import dataclass

from caseforge_assets.frameworks.cells import Table
from caseforge_assets.frameworks.codes import NumberedCodes, code_trouble, codes_of_reference
from caseforge_assets.frameworks.columns import Column
from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.sheets import Cell

MAX_NAME_CHARS = 500
MAX_ID_CHARS = 128
USED_COLUMNS = (Column.CODE, Column.ID, Column.NAME, Column.DESCRIPTION, Column.PARENT, Column.PARENT_ID)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a framework table.

    Attributes:
        row: Position in the sheet, from 0.
        code: A code, well formed.
        stable_id: None where the row has none.
        name: Empty only where that has been noted as a problem.
        description: May be empty.
        parent: What the parent column may mean, by likelihood; empty without an entry there.
    """

    row: int
    code: str
    stable_id: str | None
    name: str
    description: str
    parent: tuple[str, ...]


def read_entries(table: Table, *, categories_end_in_zero: bool) -> list[Entry]:
    """Reads all rows below the header, notes what is wrong with them, and leaves out rows without a readable code."""
    numbers = NumberedCodes(categories_end_in_zero=categories_end_in_zero)
    read_by_order: list[int] = []
    entries: list[Entry] = []
    for row in table.filled_rows(USED_COLUMNS):
        code = _code(table, row, numbers, read_by_order)
        stable_id, name, description, parent = _stable_id(table, row), _name(table, row), _description(table, row), _parent(table, row)
        if code is not None:
            numbers.pass_over(code)
            entries.append(Entry(row, code, stable_id, name, description, parent))
    _warn_of_numbers(table, read_by_order)
    _warn_of_hidden_rows(table, entries)
    return entries


def _is_fraction(cell: Cell) -> bool:
    return isinstance(cell, float) and not cell.is_integer()


def _code(table: Table, row: int, numbers: NumberedCodes, read_by_order: list[int]) -> str | None:
    text = table.line(row, Column.CODE)
    if text is None:
        return None
    cell = table.cell(row, Column.CODE)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        code = numbers.code_of(cell)
        if code is None:
            table.refuse(_number_text(text), row, Column.CODE)
        elif _is_fraction(cell):
            read_by_order.append(row)
        return code
    trouble = code_trouble(text) if text else f"{table.empty_text(row, Column.CODE)} Every process needs a code."
    if trouble:
        table.refuse(trouble, row, Column.CODE)
        return None
    return text


def _number_text(number: str) -> str:
    return (
        f"The code is kept as the number {number}, for which 1.1 and 1.10 are the same, and it does not continue the codes above it. "
        "Format the column as Text and type the code again."
    )


def _stable_id(table: Table, row: int) -> str | None:
    text = table.line(row, Column.ID)
    if text and len(text) > MAX_ID_CHARS:
        table.refuse(f"The id {quoted(text)} is longer than {MAX_ID_CHARS} characters.", row, Column.ID)
    return text or None


def _name(table: Table, row: int) -> str:
    text = table.line(row, Column.NAME)
    if text == "":
        table.refuse(f"{table.empty_text(row, Column.NAME)} Every process needs a name.", row, Column.NAME)
    if text and len(text) > MAX_NAME_CHARS:
        table.refuse(
            f"The name {quoted(text)} is longer than {MAX_NAME_CHARS} characters. Is it a description in the wrong column?",
            row,
            Column.NAME,
        )
    return text or ""


def _description(table: Table, row: int) -> str:
    return table.paragraphs(row, Column.DESCRIPTION) or ""


def _parent(table: Table, row: int) -> tuple[str, ...]:
    by_id = table.line(row, Column.PARENT_ID)
    if by_id:
        return (by_id,)
    text = table.line(row, Column.PARENT)
    return codes_of_reference(text, is_number=_is_fraction(table.cell(row, Column.PARENT))) if text else ()


def _warn_of_numbers(table: Table, rows: list[int]) -> None:
    if rows:
        table.warn(
            f"{len(rows):,} codes are kept as numbers, for which 1.1 and 1.10 are the same; they were told apart by their order. "
            "Better format the column as Text.",
            rows[0],
            Column.CODE,
        )


def _warn_of_hidden_rows(table: Table, entries: list[Entry]) -> None:
    hidden = sorted({entry.row for entry in entries}.intersection(table.sheet.hidden_rows))
    if hidden:
        table.warn(f"{len(hidden):,} rows are hidden in Excel; they were read like all others.", hidden[0])
