"""Finds the sheet of a file that holds the framework, and judges its columns. The rows are read elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from caseforge_assets.frameworks.files.sheets import Sheet
from caseforge_assets.frameworks.normalize import normalize_name
from caseforge_assets.frameworks.problems import FileRefusedError, Findings, quoted
from caseforge_assets.frameworks.records import TableForm
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.code_texts import plain_code
from caseforge_assets.frameworks.tables.codes import code_trouble
from caseforge_assets.frameworks.tables.columns import Column, Header, find_header, map_hint
from caseforge_assets.frameworks.tables.rows import USED_COLUMNS
from caseforge_assets.frameworks.tables.words import meaning
from caseforge_assets.frameworks.trees.hierarchy import are_prefixed
from caseforge_assets.frameworks.trees.levels import level_columns
from caseforge_assets.frameworks.trees.parents import dotted_parents

_WHOLE = {Column.CODE, Column.NAME, Column.DESCRIPTION}
_SHOWN_COLUMNS = 20
_NAME_CHARS = 60
_NUMBERED = re.compile(r"\d+(?:\.\d+)*")
_SEPARATOR = re.compile(r"\w[ ^:/~]+\w")


def find_table(sheets: Sequence[Sheet], form: TableForm, findings: Findings) -> Table:
    """Gives the sheet that fits best, with its header; what its header lacks is noted as problems, of this sheet alone.

    Raises:
        FileRefusedError: No sheet has a cell with a value.
    """
    headers = [(sheet, _with_path_as_name(_with_lone_id_as_code(sheet, find_header(sheet, form.columns), form))) for sheet in sheets]
    filled = [(sheet, header) for sheet, header in headers if header.found]
    if not filled:
        raise FileRefusedError("The file is empty: no cell has a value.")
    whole = next((candidate for candidate in filled if candidate[1].columns.keys() >= _WHOLE and not candidate[1].absent), None)
    sheet, header = whole or max(filled, key=lambda candidate: _fit(*candidate))
    alike = [quoted(other.name, 30) for other, columns in filled if other is not sheet and other.name and _is_alike(header, columns, other)]
    if alike:
        findings.warn(
            f"{'Another sheet has' if len(alike) == 1 else 'Other sheets have'} the same columns: {', '.join(alike[:8])}. Only this one is read; "
            "if the others belong to the framework, put all rows into one sheet.",
            sheet=sheet.name,
        )
    return judged_table(sheet, header, {Column.NAME: "Name"}, findings)


def _is_alike(header: Header, other: Header, sheet: Sheet) -> bool:
    """Tells whether another sheet has the columns by which the one that is read was chosen, and rows below them."""
    used = {column for column in header.columns if column in USED_COLUMNS}
    return (used <= other.columns.keys() and len(used) > 1 and len(other.levels) >= len(header.levels)) and len(sheet.rows) > other.row + 1


def _fit(sheet: Sheet, header: Header) -> tuple[bool, int, int, int]:
    known = [column for column in USED_COLUMNS if column in header.columns]
    has_names = Column.NAME in header.columns or len(level_columns(header)) > 1
    return has_names, -len(header.absent), len(known) + len(header.levels), len(sheet.rows)


def judged_table(sheet: Sheet, header: Header, needed: dict[Column, str], findings: Findings) -> Table:
    """Gives a table, with all that is wrong with its header noted.

    Args:
        sheet: Where it stands.
        header: Its header.
        needed: What each column that it has to have should be called.
        findings: Where problems are noted.
    """
    row = sheet.row_number(header.row) if header.found and sheet.has_own_header else None
    found = ", ".join(quoted(title, 30) for title in header.found[:_SHOWN_COLUMNS]) or "none"
    for field, title in header.absent:
        what = f"There is no column {quoted(title)}, which is to be the {field} (--map or caseforge.toml). Columns found: {found}."
        findings.refuse(what, sheet=sheet.name, row=row, column=title)
    has_levels = len(level_columns(header)) > 0
    for column, title in needed.items():
        if (
            column not in header.columns
            and not (has_levels and column is Column.NAME)
            and not any(field == column.field for field, _ in header.absent)
        ):
            what = f'The column "{title}" is missing. Columns found: {found}. Say which it is: {column_hint(sheet, header, column)}.'
            if levels := _levels_hint(sheet, header):
                what = f"{what} If each level has a column of its own: {levels}."
            if sheet.is_delimited and len(header.found) == 1:
                hint = map_hint(column.field, header.found[0])
                what = f'Only one column was found, and it begins with {found}. If that is a process, put "Name" above it; if it is the header: {hint}.'
            if _has_no_header(header):
                what = f"No row names the columns: the first begins with {found}. Put a row above the table that does, such as Code, Name, Description."
            if sheet.is_delimited and len(header.found) == 1 and _SEPARATOR.search(header.found[0]):
                what = f'The column "{title}" is missing. Only one column was found: {found}. Separate the cells by commas, semicolons, tabs or upright strokes.'
            findings.refuse(what, sheet=sheet.name, row=row, column=title)
    if either := _names_or_levels(sheet, header):
        findings.refuse(either, sheet=sheet.name, row=row, column=header.title(Column.NAME))
    doubtful = {
        column: titles
        for column, titles in header.doubtful.items()
        if column in USED_COLUMNS and not (has_levels and column is Column.NAME)
    }
    if doubtful:
        findings.refuse(_doubt(doubtful), sheet=sheet.name, row=row, column=header.title(next(iter(doubtful))))
    return Table(sheet, header, findings)


def _names_or_levels(sheet: Sheet, header: Header) -> str | None:
    """Says that names stand left of numbered levels that hold something else, such as what each level of maturity means; None where they agree."""
    place = header.columns.get(Column.NAME)
    if place is None or not header.levels or header.columns.keys() & {Column.CODE} or place > min(header.levels) or header.levels_are_said:
        return None
    rows = range(header.row + 1, len(sheet.rows))
    others = [row for row in rows if (name := sheet.cell(row, place)) and name not in [sheet.cell(row, level) for level in header.levels]]
    if len(others) <= len(rows) / 2:
        return None
    levels = [str(sheet.cell(header.row, level)) for level in header.levels]
    hints = " ".join(map_hint(f"level{number}", title) for number, title in enumerate(levels, 1))
    title = header.title(Column.NAME)
    return (
        f"Both the column {quoted(title, 30)} and {', '.join(quoted(level, 30) for level in levels)} may be the names. "
        f"Say which are: {map_hint('name', title)}, or {hints}."
    )


def _has_no_header(header: Header) -> bool:
    """Tells whether what was taken for the header is a row of the table: it begins with a numbered code, and none of it is the name of a column."""
    return bool(header.found) and not header.columns and bool(_NUMBERED.fullmatch(plain_code(header.found[0])))


def is_readable(table: Table) -> bool:
    """Tells whether the header says enough to read the rows; else what is missing is noted already, and the rows would only repeat it."""
    doubtful = [column for column in table.header.doubtful if column in USED_COLUMNS]
    has_levels = bool(level_columns(table.header))
    if _names_or_levels(table.sheet, table.header):
        return False
    return not table.header.absent and (has_levels or (Column.NAME in table.header.columns and not doubtful))


def warn_of_missing_columns(table: Table) -> None:
    """Warns where there is no column of descriptions."""
    header = table.header
    if Column.DESCRIPTION not in header.columns and not header.level_texts:
        texts = [title for place, title in header.unknown.items() if _mostly(table.sheet, header, place, _is_sentence)]
        hint = f" If one of the columns has them: {map_hint(Column.DESCRIPTION.field, texts[0])}." if texts else ""
        table.findings.warn(
            f"There is no column of descriptions; names alone say what the processes are.{hint}",
            sheet=table.sheet.name,
            row=table.sheet.row_number(header.row) if table.sheet.has_own_header else None,
        )


def refuse_unsaid_codes(table: Table) -> None:
    """Notes a column of unknown name that holds codes, where a table would be read without them: nobody wants another hierarchy than the file's."""
    place = _unsaid_codes(table.sheet, table.header)
    if place is not None and Column.CODE not in table.header.columns:
        title = table.header.unknown[place]
        table.findings.refuse(
            f"The column {quoted(title)} looks like the codes, but is not called so. Say that it is: {map_hint('code', title)}. "
            "If it is not, --map code= leaves it out.",
            sheet=table.sheet.name,
            row=table.sheet.row_number(table.header.row),
            column=title,
        )


def column_hint(sheet: Sheet, header: Header, column: Column) -> str:
    """The options that say which column is meant, as they can be pasted, by what the columns of unknown name hold."""
    codes = _unsaid_codes(sheet, header)
    others = [place for place in header.unknown if place != codes and _mostly(sheet, header, place, _is_wordy)]
    place = next(iter(others), next((place for place in header.unknown if place != codes), None))
    hint = map_hint(column.field, "HEADER" if place is None else header.unknown[place])
    if column is Column.NAME and Column.DESCRIPTION in header.columns:
        values = _values(sheet, header, header.columns[Column.DESCRIPTION])
        named = [_values(sheet, header, place) for place in others if meaning(header.unknown[place]) is None]
        if _are_short(values) and not any(len(texts) >= len(values) and _are_short(texts) for texts in named):
            hint = map_hint(column.field, header.title(Column.DESCRIPTION))
    is_lost = codes is not None and Column.CODE not in header.columns and column is not Column.CODE
    return f"{map_hint('code', header.unknown[codes])} {hint}" if is_lost and codes is not None else hint


def _levels_hint(sheet: Sheet, header: Header) -> str:
    """The options that name a column for each level, where columns of unknown name repeat themselves from row to row up to one that does not."""
    rows = len(sheet.rows) - header.row - 1
    places = [place for place in header.unknown if _mostly(sheet, header, place, _is_wordy) and _are_short(_values(sheet, header, place))]
    own = next((number for number, place in enumerate(places) if len(set(_values(sheet, header, place))) == rows), 0)
    return " ".join(map_hint(f"level{level}", header.unknown[place]) for level, place in enumerate(places[: own + 1], 1)) if own else ""


def _unsaid_codes(sheet: Sheet, header: Header) -> int | None:
    """The position of a column of unknown name in which each row has a code of its own, and some lie below others."""
    for place in header.unknown:
        values = _values(sheet, header, place)
        codes = {plain_code(value) for value in values}
        if len(codes) < len(values) or len(codes) < 2 or any(map(code_trouble, codes)):
            continue
        if any(dotted_parents(code, codes) for code in codes) or are_prefixed([plain_code(value) for value in values]):
            return place
    return None


def _mostly(sheet: Sheet, header: Header, place: int, holds: Callable[[str], bool]) -> bool:
    values = _values(sheet, header, place)
    return bool(values) and sum(map(holds, values)) > len(values) / 2


def _are_short(texts: Sequence[str]) -> bool:
    """Tells whether texts are as short as names; in NACE, "Description" has the names."""
    return bool(texts) and sum(map(len, texts)) / len(texts) <= _NAME_CHARS


def _is_sentence(text: str) -> bool:
    return _is_wordy(text) and len(text.split()) > 2


def _is_wordy(text: str) -> bool:
    return sum(char.isalpha() for char in text) > len(text) / 2


def _values(sheet: Sheet, header: Header, place: int) -> list[str]:
    cells = (sheet.cell(row, place) for row in range(header.row + 1, len(sheet.rows)))
    return [text for cell in cells if (text := normalize_name(str(cell)))]


def _doubt(doubtful: Mapping[Column, Sequence[str]]) -> str:
    """Says which columns may be meant, all of them at once: frameworks that stand side by side have one cause."""
    if all(len(set(titles)) == 1 for titles in doubtful.values()):
        second = " ".join(map_hint(column.field, f"{titles[0]}#2") for column, titles in doubtful.items())
        subject, verb, one = ("The column", "stands", "one of them") if len(doubtful) == 1 else ("These columns", "stand", "some of them")
        named = "" if len(doubtful) == 1 else f" ({', '.join(quoted(titles[0], 30) for titles in doubtful.values())})"
        return f"{subject}{named} {verb} in the sheet twice. Rename or delete {one}, or say which is meant: {second} is the second."
    meant = "; ".join(
        f"the {column.value.lower()}: {', '.join(quoted(title, 30) for title in titles)}" for column, titles in doubtful.items()
    )
    hints = " ".join(map_hint(column.field, titles[0]) for column, titles in doubtful.items())
    return f"Several columns may be {meant}. Say which is meant: {hints}."


def _with_path_as_name(header: Header) -> Header:
    """Takes a column of paths for the names, where there is no other."""
    if Column.PATH not in header.columns or header.columns.keys() & {Column.NAME} or header.levels:
        return header
    columns: dict[Column, int] = {Column.NAME if column is Column.PATH else column: place for column, place in header.columns.items()}
    return replace(header, columns=columns, titles=header.titles | {Column.NAME: header.titles[Column.PATH]})


def _with_lone_id_as_code(sheet: Sheet, header: Header, form: TableForm) -> Header:
    """Takes a lone "ID" for the code, where its values can be codes and the table does not say its levels by columns."""
    if Column.CODE in header.columns or Column.ID not in header.columns or {"id", "code"} & form.columns.keys() or header.levels:
        return header
    place = header.columns[Column.ID]
    if _mostly(sheet, header, place, lambda text: bool(code_trouble(plain_code(text)))):
        return header
    renamed = {Column.ID: Column.CODE, Column.PARENT_ID: Column.PARENT}
    if Column.PARENT in header.columns:
        del renamed[Column.PARENT_ID]
    return replace(
        header,
        columns={renamed.get(column, column): place for column, place in header.columns.items()},
        titles={renamed.get(column, column): title for column, title in header.titles.items()},
        doubtful={renamed.get(column, column): titles for column, titles in header.doubtful.items()},
    )
