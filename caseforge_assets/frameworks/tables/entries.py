"""Rows of a framework table become entries: each cell read and judged by itself. How entries belong together is decided in hierarchy."""

import datetime
from dataclasses import dataclass

from caseforge_assets.frameworks.files.sheets import Cell
from caseforge_assets.frameworks.normalize import control_character, normalize_name
from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.codes import (
    CODE_FORM,
    NumberedCodes,
    code_trouble,
    codes_of_reference,
    looks_like_date,
    looks_like_serial,
    without_trailing_dots,
)
from caseforge_assets.frameworks.tables.columns import Column, map_hint
from caseforge_assets.wording import counted

MAX_NAME_CHARS = 500
MAX_ID_CHARS = 128
MAX_OWNER_CHARS = 200
_TAB_WIDTH = 4
# From as many rows on, what most of them have has one cause.
_MOSTLY_FROM = 10


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
    numbers = NumberedCodes(categories_end_in_zero=categories_end_in_zero)
    has_codes = Column.CODE in table.header.columns
    unusable = _refuse_dates(table, rows)
    unusable |= _refuse_strange_codes(table, [row for row in rows if row not in unusable])
    read_by_order: list[int] = []
    entries: list[Entry] = []
    for row in rows:
        code = "" if not has_codes else None if row in unusable else _code(table, row, numbers, read_by_order)
        entry = read_entry(table, row, code or "", _name(table, row))
        if code is not None:
            numbers.pass_over(code)
            entries.append(entry)
    _warn_of_numbers(table, read_by_order)
    _warn_of_hidden_rows(table, entries)
    return entries


def read_entry(table: Table, row: int, code: str, name: str) -> Entry:
    """Reads what a row says besides its code and name."""
    owner = table.line(row, Column.OWNER) or ""
    if len(owner) > MAX_OWNER_CHARS:
        table.refuse(f"The owner {quoted(owner)} is longer than {MAX_OWNER_CHARS} characters.", row, Column.OWNER)
    return Entry(
        row,
        code,
        _stable_id(table, row),
        name,
        table.paragraphs(row, Column.DESCRIPTION) or "",
        _parent(table, row),
        owner,
        table.line(row, Column.LEVEL) or "",
        _indent(table, row),
    )


def _is_fraction(cell: Cell) -> bool:
    return isinstance(cell, float) and not cell.is_integer()


def _refuse_dates(table: Table, rows: list[int]) -> set[int]:
    """Notes all codes that a spreadsheet turned into dates, as one problem, and gives their rows."""
    cells = {row: table.cell(row, Column.CODE) for row in rows}
    texts = {row: " ".join(str(cell).split()) for row, cell in cells.items() if not isinstance(cell, float) and cell != ""}
    known = set(texts.values())
    serials = _serials(known)
    of_excel = [row for row, cell in cells.items() if isinstance(cell, datetime.date | datetime.time | datetime.timedelta)]
    dates = [row for row, text in texts.items() if row in of_excel or text in serials or looks_like_date(text, known)]
    if dates:
        shown = ", ".join(quoted(texts[row]) for row in dates[:3]) + (", …" if len(dates) > 3 else "")
        more = f"{len(dates):,} codes look like dates ({shown})" if len(dates) > 1 else f"The code {shown} looks like a date"
        table.refuse(
            f"{more}, into which Excel may have turned {'them' if len(dates) > 1 else 'it'}: 1.1 becomes 01.Jan, or the number of that day. "
            "Format the column as Text and type the codes again, or export the table again.",
            dates[0],
            Column.CODE,
        )
        table.findings.note_unreadable(table.sheet.name, table.header.title(Column.CODE))
    return set(dates)


def _serials(codes: set[str]) -> set[str]:
    """Gives the numbers of days among codes that have parts otherwise, as 1.1 has."""
    in_parts = [code for code in codes if "." in code]
    if len(in_parts) <= len(codes) / 2:
        return set()
    parents = {code.partition(".")[0] for code in in_parts}
    return {code for code in codes if looks_like_serial(code) and code not in parents}


def _refuse_strange_codes(table: Table, rows: list[int]) -> set[int]:
    """Notes a column that holds something else than codes as one problem, and gives the rows that are none."""
    texts = {row: normalize_name(cell) for row in rows if isinstance(cell := table.cell(row, Column.CODE), str)}
    strange = [row for row, text in texts.items() if text and not control_character(text) and code_trouble(without_trailing_dots(text))]
    if len(strange) < _MOSTLY_FROM or len(strange) <= len(rows) / 2:
        return set()
    shown = ", ".join(quoted(texts[row], 30) for row in strange[:3])
    table.refuse(
        f"{len(strange):,} of {len(rows):,} values here are not codes ({shown}, …). {CODE_FORM} "
        f"If another column has them: {map_hint('code', 'HEADER')}; if none has: {map_hint('code', '')}.",
        strange[0],
        Column.CODE,
    )
    table.findings.note_unreadable(table.sheet.name, table.header.title(Column.CODE))
    return set(strange)


def _code(table: Table, row: int, numbers: NumberedCodes, read_by_order: list[int]) -> str | None:
    text = table.line(row, Column.CODE)
    if text is None:
        return None
    cell = table.cell(row, Column.CODE)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        code = numbers.code_of(cell)
        if code is None:
            table.refuse(_number_text(text), row, Column.CODE)
            table.findings.note_unreadable(table.sheet.name, table.header.title(Column.CODE))
        elif _is_fraction(cell):
            read_by_order.append(row)
        return code
    text = without_trailing_dots(text)
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
    refuse_long_name(table, row, text or "", table.header.title(Column.NAME))
    return text or ""


def refuse_long_name(table: Table, row: int, name: str, title: str) -> None:
    """Notes a name that is too long, under the header of its column."""
    if len(name) > MAX_NAME_CHARS:
        what = f"The name {quoted(name)} is longer than {MAX_NAME_CHARS} characters. Is it a description in the wrong column?"
        table.findings.refuse(what, sheet=table.sheet.name, row=table.sheet.row_number(row), column=title)


def _parent(table: Table, row: int) -> tuple[str, ...]:
    by_id = table.line(row, Column.PARENT_ID)
    if by_id:
        return tuple(dict.fromkeys((by_id, without_trailing_dots(by_id))))
    text = table.line(row, Column.PARENT)
    if not text:
        return ()
    meant = codes_of_reference(without_trailing_dots(text), is_number=_is_fraction(table.cell(row, Column.PARENT)))
    return tuple(dict.fromkeys((*meant, text)))


def _indent(table: Table, row: int) -> int:
    """Measures how far a name is indented: by blanks in front of it, or by Excel's format."""
    cell = table.cell(row, Column.NAME)
    text = cell.lstrip("\u200b\ufeff\u200e\u200f") if isinstance(cell, str) else ""
    blanks = text[: len(text) - len(text.lstrip())].replace("\r", "").replace("\n", "").expandtabs(_TAB_WIDTH)
    by_format = table.sheet.indents.get((row, table.header.columns.get(Column.NAME, -1)), 0)
    return len(blanks) + by_format * _TAB_WIDTH


def _warn_of_numbers(table: Table, rows: list[int]) -> None:
    if rows:
        table.warn(
            f"{counted(len(rows), 'code is', 'codes are')} kept as numbers, for which 1.1 and 1.10 are the same; they were told apart by their order. "
            "Better format the column as Text.",
            rows[0],
            Column.CODE,
        )


def _warn_of_hidden_rows(table: Table, entries: list[Entry]) -> None:
    hidden = sorted({entry.row for entry in entries}.intersection(table.sheet.hidden_rows))
    if hidden:
        table.warn(f"{counted(len(hidden), 'row is', 'rows are')} hidden in Excel; they were read like all others.", hidden[0])
