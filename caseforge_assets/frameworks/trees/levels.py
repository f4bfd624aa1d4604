"""Tables with a column of names for each level: every row is a way down the tree, whole or continued from the row above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from caseforge_assets.frameworks.normalize import identifying
from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.code_texts import plain_code
from caseforge_assets.frameworks.tables.codes import code_trouble
from caseforge_assets.frameworks.tables.columns import Column, Header
from caseforge_assets.frameworks.tables.entries import Entry, read_entry, refuse_long_name
from caseforge_assets.frameworks.trees.endings import without_endings
from caseforge_assets.frameworks.trees.hierarchy import Arranged, Hierarchy
from caseforge_assets.wording import counted

Way = tuple[str, ...]
# What people write in a cell that stays empty.
_NO_NAME = frozenset(
    {"-", "--", "–", "—", "/", "n/a", "n.a.", "na", "none", "null", "nil", "tbd", "k. a.", "k.a.", "entfällt", "keine", "keiner"}
)


def level_columns(header: Header) -> tuple[int, ...]:
    """Positions of the columns with names by level, from the top down, if the table says by them what it holds; else empty.

    A table that has codes and names besides says it by those, and its columns of levels repeat it. A column of names to their right is the lowest level.
    """
    levels = header.levels
    name = header.columns.get(Column.NAME)
    if not levels or name is None or name in levels:
        return levels
    if Column.CODE in header.columns and not header.level_codes:
        return ()
    return (*levels, name) if name > max(levels) else levels


def read_levels(table: Table, rows: Sequence[int], levels: tuple[int, ...]) -> Arranged:
    """Makes an entry of each name on each level, in the order in which they come first.

    What a row says besides belongs to the lowest level that it has. Levels above it that are empty are those of the row above.

    Returns:
        The entries with their parents; their codes are those of the columns of codes, if there are such, else empty.
    """
    entries: list[Entry] = []
    parents: list[int | None] = []
    places: dict[Way, int] = {}
    described: set[Way] = set()
    way: Way = ()
    for row in without_endings(table, rows, levels):
        names = _names(table, row, levels)
        filled = [level for level, name in enumerate(names) if name]
        if not filled:
            _refuse_nameless(table, row, levels)
            continue
        found = _continued(table, row, way, names, filled)
        if found is None:
            continue
        way = found
        _add_missing(table, row, way, entries, parents, places)
        own = places[_identifying(way)]
        if _identifying(way) in described:
            _refuse_repeated(table, row, entries[own].row, way[-1], levels[len(way) - 1])
            continue
        described.add(_identifying(way))
        of_row = read_entry(table, row, entries[own].code or _code_of_row(table, row), way[-1])
        entries[own] = replace(of_row, parent=(), description=of_row.description or entries[own].description)
    return Arranged(_with_codes(table, entries), parents, Hierarchy.LEVELS)


def _code_of_row(table: Table, row: int) -> str:
    text = plain_code(table.line(row, Column.CODE) or "")
    return "" if code_trouble(text) else text


def _with_codes(table: Table, entries: list[Entry]) -> list[Entry]:
    """Leaves the codes of a table's rows away, with a warning, where they do not give every name a code of its own."""
    if Column.CODE not in table.header.columns or table.header.level_codes:
        return entries
    codes = {entry.code for entry in entries if entry.code}
    if len(codes) == len(entries):
        return entries
    table.warn(
        f"The column does not give each of the {counted(len(entries), 'process', 'processes')} a code of its own; codes are made from the levels instead.",
        table.header.row,
        Column.CODE,
    )
    return [replace(entry, code="") for entry in entries]


def _identifying(way: Way) -> Way:
    return tuple(map(identifying, way))


def _title(table: Table, position: int) -> str:
    return str(table.sheet.cell(table.header.row, position))


def _names(table: Table, row: int, levels: tuple[int, ...]) -> list[str]:
    names = [table.line_at(row, position, _title(table, position)) or "" for position in levels]
    names = ["" if name.casefold() in _NO_NAME else name for name in names]
    for name, position in zip(names, levels, strict=True):
        refuse_long_name(table, row, name, _title(table, position))
    return names


def _continued(table: Table, row: int, way: Way, names: Sequence[str], filled: Sequence[int]) -> Way | None:
    """The whole way that a row means; None where it cannot be told, which is noted."""
    first, last = filled[0], filled[-1]
    gaps = [level for level in range(first, last) if not names[level]]
    where = table.sheet.row_number(row)
    if first > len(way):
        table.findings.refuse(
            f"The row begins on level {first + 1}, but no row above has a name on level {len(way) + 1}.", sheet=table.sheet.name, row=where
        )
        return None
    if gaps:
        table.findings.refuse(
            f"Level {gaps[0] + 1} is empty between {quoted(names[first])} and {quoted(names[last])}. Fill it in, or move what is below one column up.",
            sheet=table.sheet.name,
            row=where,
        )
        return None
    return (*way[:first], *names[first : last + 1])


def _add_missing(table: Table, row: int, way: Way, entries: list[Entry], parents: list[int | None], places: dict[Way, int]) -> None:
    """Adds what of a way is not there yet; it is known by its row until one of its own comes."""
    above: int | None = None
    for level in range(len(way)):
        part = _identifying(way[: level + 1])
        if part not in places:
            places[part] = len(entries)
            entries.append(Entry(row, _code(table, row, level), None, way[level], _text(table, row, level)))
            parents.append(above)
        above = places[part]


def _code(table: Table, row: int, level: int) -> str:
    if level >= len(table.header.level_codes):
        return ""
    position = table.header.level_codes[level]
    code = plain_code(table.line_at(row, position, _title(table, position)) or "")
    if trouble := code_trouble(code):
        shown = trouble if code else "The cell is empty. Every process needs a code where there are columns of codes."
        table.findings.refuse(shown, sheet=table.sheet.name, row=table.sheet.row_number(row), column=_title(table, position))
    return code


def _text(table: Table, row: int, level: int) -> str:
    """The description of a level, where each level has a column of them."""
    if level >= len(table.header.level_texts):
        return ""
    position = table.header.level_texts[level]
    return table.paragraphs_at(row, position, _title(table, position)) or ""


def _refuse_nameless(table: Table, row: int, levels: tuple[int, ...]) -> None:
    table.findings.refuse(
        "The row has no name on any level. Every process needs one.",
        sheet=table.sheet.name,
        row=table.sheet.row_number(row),
        column=_title(table, levels[0]),
    )


def _refuse_repeated(table: Table, row: int, first_row: int, name: str, position: int) -> None:
    table.findings.refuse(
        f"The process {quoted(name)} stands under the same parent in row {table.sheet.row_number(first_row)} already. Without ids, names under one parent have to differ.",
        sheet=table.sheet.name,
        row=table.sheet.row_number(row),
        column=_title(table, position),
    )
