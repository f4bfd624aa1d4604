"""The column of codes, read as a whole: numbers, dates and other things that spreadsheets and people make of codes. Whose parent is whose is found in trees."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from caseforge_assets.frameworks.files.sheets import Cell
from caseforge_assets.frameworks.normalize import control_character, normalize_name
from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.code_texts import plain_code, sign_for_dots
from caseforge_assets.frameworks.tables.codes import CODE_FORM, NumberedCodes, code_trouble, looks_like_date, looks_like_serial
from caseforge_assets.frameworks.tables.columns import Column, map_hint
from caseforge_assets.wording import counted

# From as many rows on, what most of them have has one cause.
_MOSTLY_FROM = 10


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a table.

    Attributes:
        codes: By row, from 0, of those that can be read.
        sign: What stands in them where others have dots; None where dots do.
    """

    codes: Mapping[int, str]
    sign: str | None = None


def read_codes(table: Table, rows: list[int], *, categories_end_in_zero: bool) -> Codes:
    """Reads the column of codes; what is wrong with it is noted, each cause once."""
    unusable = _refuse_dates(table, rows)
    sign = _sign(table, [row for row in rows if row not in unusable])
    if sign is None:
        unusable |= _refuse_strange_codes(table, [row for row in rows if row not in unusable])
    numbers = NumberedCodes(categories_end_in_zero=categories_end_in_zero)
    codes: dict[int, str] = {}
    read_by_order: list[int] = []
    untold: dict[int, str] = {}
    for row in rows:
        cell = table.cell(row, Column.CODE)
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            text = table.line(row, Column.CODE)
            code = None if text is None else numbers.code_of(cell)
            if code is None and text is not None:
                untold[row] = text
            elif is_fraction(cell):
                read_by_order.append(row)
        else:
            code = None if row in unusable else _code(table, row, sign)
        if code is not None:
            numbers.pass_over(code)
            codes[row] = code
    _refuse_untold(table, untold)
    _warn_of_numbers(table, read_by_order)
    return Codes(codes, sign)


def _code(table: Table, row: int, sign: str | None) -> str | None:
    text = table.line(row, Column.CODE)
    if text is None:
        return None
    code = plain_code(text).replace(sign, ".") if sign else plain_code(text)
    trouble = code_trouble(code) if text else f"{table.empty_text(row, Column.CODE)} Every process needs a code."
    if trouble:
        table.refuse(trouble, row, Column.CODE)
        return None
    return code


def _sign(table: Table, rows: list[int]) -> str | None:
    """The sign that stands in the codes for dots, which is said; None where none does."""
    cells = [table.cell(row, Column.CODE) for row in rows]
    texts = [plain_code(normalize_name(cell)) for cell in cells if isinstance(cell, str)]
    sign = sign_for_dots(texts) if len(texts) == len(cells) else None
    if sign:
        shown = next(text for text in texts if sign in text)
        table.warn(
            f"The codes have {quoted(sign)} where others have dots; {shown} is read as {shown.replace(sign, '.')}.", rows[0], Column.CODE
        )
    return sign


def _refuse_untold(table: Table, numbers: Mapping[int, str]) -> None:
    """Notes all codes that are numbers and continue nothing, as one problem."""
    if not numbers:
        return
    if len(numbers) == 1:
        subject, it, code = f"The code is kept as the number {next(iter(numbers.values()))}", "it does", "code"
    else:
        shown = ", ".join(list(numbers.values())[:5]) + (", …" if len(numbers) > 5 else "")
        subject, it, code = f"{len(numbers):,} codes are kept as the numbers {shown}", "they do", "codes"
    table.refuse(
        f"{subject}, for which 1.1 and 1.10 are the same, and {it} not continue the codes above. Format the column as Text and type the {code} again.",
        next(iter(numbers)),
        Column.CODE,
    )
    table.findings.note_unreadable(table.sheet.name, table.header.title(Column.CODE))


def _warn_of_numbers(table: Table, rows: list[int]) -> None:
    if rows:
        table.warn(
            f"{counted(len(rows), 'code is', 'codes are')} kept as numbers, for which 1.1 and 1.10 are the same; they were told apart by their order. "
            "Better format the column as Text.",
            rows[0],
            Column.CODE,
        )


def is_fraction(cell: Cell) -> bool:
    """Tells whether a cell is a number that is not whole, such as 1.1."""
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
    strange = [row for row, text in texts.items() if text and not control_character(text) and code_trouble(plain_code(text))]
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
