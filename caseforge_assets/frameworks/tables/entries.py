"""Rows of a framework table become entries: each cell read and judged by itself. How entries belong together is decided in hierarchy."""

import re
from dataclasses import dataclass

from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.code_cells import Codes, is_fraction, read_codes
from caseforge_assets.frameworks.tables.code_texts import plain_code
from caseforge_assets.frameworks.tables.codes import codes_of_reference
from caseforge_assets.frameworks.tables.columns import Column
from caseforge_assets.wording import counted

MAX_NAME_CHARS = 500
MAX_ID_CHARS = 128
MAX_OWNER_CHARS = 200
_TAB_WIDTH = 4
# What programs append to the name of another row that they lead to: "Sell (https://…)".
_LINK = re.compile(r" *\(https?://[^()\s]*\)$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a framework table.

    Attributes:
        row: Position in the sheet, from 0.
        code: A code, well formed; empty where the table has none.
        stable_id: None where the row has none.
        name: Empty only where that has been noted as a problem.
        description: May be empty.
        parent: What the parent column may mean, by likelihood; empty without an entry there.
        owner: Who is named as its owner; may be empty.
        level: What the level column says; empty without one.
        indent: How far the name is indented, in blanks.
    """

    row: int
    code: str
    stable_id: str | None
    name: str
    description: str
    parent: tuple[str, ...] = ()
    owner: str = ""
    level: str = ""
    indent: int = 0


def read_entries(table: Table, rows: list[int], *, categories_end_in_zero: bool) -> list[Entry]:
    """Reads rows, notes what is wrong with them, and leaves out those without a readable code where the table has codes."""
    has_codes = Column.CODE in table.header.columns
    read = read_codes(table, rows, categories_end_in_zero=categories_end_in_zero) if has_codes else Codes({})
    entries: list[Entry] = []
    for row in rows:
        entry = read_entry(table, row, read.codes.get(row, ""), _name(table, row), read.sign)
        if not has_codes or row in read.codes:
            entries.append(entry)
    _warn_of_hidden_rows(table, entries)
    return entries


def read_entry(table: Table, row: int, code: str, name: str, sign: str | None = None) -> Entry:
    """Reads what a row says besides its code and name.

    Args:
        table: Where it stands.
        row: From 0.
        code: Its code; empty without one.
        name: Its name.
        sign: What stands in codes where others have dots, if anything does.
    """
    owner = table.line(row, Column.OWNER) or ""
    if len(owner) > MAX_OWNER_CHARS:
        table.refuse(f"The owner {quoted(owner)} is longer than {MAX_OWNER_CHARS} characters.", row, Column.OWNER)
    return Entry(
        row,
        code,
        _stable_id(table, row),
        name,
        table.paragraphs(row, Column.DESCRIPTION) or "",
        _parent(table, row, sign),
        owner,
        table.line(row, Column.LEVEL) or "",
        _indent(table, row),
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
    refuse_long_name(table, row, text or "", table.header.title(Column.NAME))
    return text or ""


def refuse_long_name(table: Table, row: int, name: str, title: str) -> None:
    """Notes a name that is too long, under the header of its column."""
    if len(name) > MAX_NAME_CHARS:
        what = f"The name {quoted(name)} is longer than {MAX_NAME_CHARS} characters. Is it a description in the wrong column?"
        table.findings.refuse(what, sheet=table.sheet.name, row=table.sheet.row_number(row), column=title)


def _parent(table: Table, row: int, sign: str | None) -> tuple[str, ...]:
    by_id = table.line(row, Column.PARENT_ID)
    if by_id:
        return tuple(dict.fromkeys((by_id, plain_code(by_id))))
    text = table.line(row, Column.PARENT)
    if not text:
        return ()
    name = _LINK.sub("", text)
    code = plain_code(name).replace(sign, ".") if sign else plain_code(name)
    meant = codes_of_reference(code, is_number=is_fraction(table.cell(row, Column.PARENT)))
    return tuple(dict.fromkeys((*meant, name, text)))


def _indent(table: Table, row: int) -> int:
    """Measures how far a name is indented: by blanks in front of it, or by Excel's format."""
    cell = table.cell(row, Column.NAME)
    text = cell.lstrip("\u200b\ufeff\u200e\u200f") if isinstance(cell, str) else ""
    blanks = text[: len(text) - len(text.lstrip())].replace("\r", "").replace("\n", "").expandtabs(_TAB_WIDTH)
    by_format = table.sheet.indents.get((row, table.header.columns.get(Column.NAME, -1)), 0)
    return len(blanks) + by_format * _TAB_WIDTH


def _warn_of_hidden_rows(table: Table, entries: list[Entry]) -> None:
    hidden = sorted({entry.row for entry in entries}.intersection(table.sheet.hidden_rows))
    if hidden:
        table.warn(f"{counted(len(hidden), 'row is', 'rows are')} hidden in Excel; they were read like all others.", hidden[0])
