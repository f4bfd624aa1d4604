"""Columns that say together what one says elsewhere, a step further right for each level: codes by level, and names that move to the right.

They become a column of codes with one of levels, or indented names. Columns with names for each level are read as they are, in trees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseforge_assets.frameworks.files.sheets import Cell
from caseforge_assets.frameworks.normalize import normalize_name
from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.tables.cells import Table, is_blank
from caseforge_assets.frameworks.tables.code_texts import plain_code
from caseforge_assets.frameworks.tables.codes import code_trouble
from caseforge_assets.frameworks.tables.columns import Column, map_hint
from caseforge_assets.frameworks.tables.rows import USED_COLUMNS

_NUMBERS = re.compile(r"\d+(?:\.\d+)*")
_NONE = frozenset({"", "0", "00", "000", "-", "–"})
Steps = dict[int, list[Cell]]


def with_one_column(table: Table) -> Table:
    """Gives the table with codes or names that stand in steps in one column each; others as they are.

    Columns of levels that hold numbers, but give no row a code of its own, are noted as a problem.
    """
    table = _without_empty_codes(table)
    if not table.header.columns.keys() & {Column.NAME}:
        return table
    return _with_codes(_with_indents(table))


def _without_empty_codes(table: Table) -> Table:
    """Leaves a column of codes away that has none."""
    place = table.header.columns.get(Column.CODE)
    if place is None or any(True for _ in table.rows_with([place])):
        return table
    columns: dict[Column, int] = {column: position for column, position in table.header.columns.items() if column is not Column.CODE}
    return replace(table, header=replace(table.header, columns=columns))


def _with_indents(table: Table) -> Table:
    """Puts names that move into columns without a header, right of the names, a level each, back into one column, indented."""
    name = table.header.columns[Column.NAME]
    titles = table.sheet.rows[table.header.row]
    following = range(name + 1, max(map(len, table.sheet.rows)))
    end = next((place for place in following if place < len(titles) and not is_blank(titles[place])), following.stop)
    steps = _steps(table, [name, *range(name + 1, end)])
    used = [{place for place, cell in enumerate(cells) if not is_blank(cell)} for cells in steps.values()]
    if len(set().union(*used)) < 2 or not all(len(places) == 1 for places in used) or 0 not in used[0]:
        return table
    rows, indents = list(table.sheet.rows), dict(table.sheet.indents)
    for (row, cells), (step,) in zip(steps.items(), used, strict=True):
        moved = [*table.sheet.rows[row], *[""] * (end - len(table.sheet.rows[row]))]
        rows[row] = [*moved[:name], cells[step], *[""] * (end - name - 1), *moved[end:]]
        indents[row, name] = step
    return replace(table, sheet=replace(table.sheet, rows=rows, indents=indents))


def _with_codes(table: Table) -> Table:
    """Gives the table one column of codes, and one of levels, where its columns hold a code each level; a level's number alone is a part of the code."""
    header = table.header
    if Column.CODE in header.columns or header.level_codes:
        return table
    places = [place for place in header.levels if place != header.columns[Column.NAME]] or _one_a_row(table)
    steps = _steps(table, places)
    texts = {row: [plain_code(normalize_name(_text(cell))) for cell in cells] for row, cells in steps.items()}
    filled = {row: [place for place, text in enumerate(own) if text not in _NONE] for row, own in texts.items()}
    has_numbers = all(text in _NONE or _NUMBERS.fullmatch(text) for own in texts.values() for text in own)
    if not places or not any(filled.values()) or (header.levels and not has_numbers):
        return table
    whole: dict[int, Cell] = {row: steps[row][filled[row][-1]] for row in texts if filled[row]}
    joined: dict[int, Cell] = {row: ".".join(own[: filled[row][-1] + 1]) for row, own in texts.items() if filled[row]}
    codes = next((found for found in (whole, joined) if len(set(found.values())) == len(steps)), None)
    if codes is None:
        shown = ", ".join(quoted(header.unknown.get(place) or _text(table.sheet.cell(header.row, place)), 30) for place in places)
        table.findings.refuse(
            f"The columns {shown} hold numbers, not names, and do not give each row a code of its own. "
            f"If another column has the codes: {map_hint('code', 'HEADER')}.",
            sheet=table.sheet.name,
            row=table.sheet.row_number(header.row) if table.sheet.has_own_header else None,
        )
        return table
    return _with_added(table, places, codes, {row: own[-1] + 1 for row, own in filled.items() if own})


def _one_a_row(table: Table) -> list[int]:
    """Columns of unknown name of which each row has one filled, with a code of its own, one level further down at most, that begins as the one above it."""
    used_otherwise = {place for column, place in table.header.columns.items() if column in USED_COLUMNS}
    titles = table.sheet.rows[table.header.row]
    places = [place for place, title in enumerate(titles) if not is_blank(title) and place not in used_otherwise]
    steps = _steps(table, places)
    used = [[(place, cell) for place, cell in enumerate(cells) if not is_blank(cell)] for cells in steps.values()]
    levels = sorted({place for own in used for place, _ in own})
    codes = [plain_code(normalize_name(_text(cell))) for own in used for _, cell in own]
    are_codes = len(set(codes)) == len(codes) and not any(code_trouble(code) or code.isalpha() for code in codes)
    if len(levels) < 2 or not are_codes or not all(len(own) == 1 for own in used):
        return []
    order = [levels.index(own[0][0]) for own in used]
    stems: list[str] = []
    for level, code in zip(order, codes, strict=True):
        if level > len(stems) or not code.startswith("".join(stems[:level][-1:])):
            return []
        stems[level:] = [code.rstrip("0").rstrip(".-") or code]
    return [places[level] for level in levels]


def _with_added(table: Table, places: Sequence[int], codes: Mapping[int, Cell], levels: Mapping[int, int]) -> Table:
    width = max(map(len, table.sheet.rows))
    rows: list[list[Cell]] = [
        [*cells, *[""] * (width - len(cells)), codes.get(row, ""), str(levels.get(row, ""))] for row, cells in enumerate(table.sheet.rows)
    ]
    header = table.header
    titles = [_text(table.sheet.cell(header.row, place)) for place in places]
    columns = {column: place for column, place in header.columns.items() if column is not Column.LEVEL}
    return replace(
        table,
        sheet=replace(table.sheet, rows=rows),
        header=replace(
            header,
            columns=columns | {Column.CODE: width, Column.LEVEL: width + 1},
            titles=header.titles | {Column.CODE: f"{titles[0]} to {titles[-1]}", Column.LEVEL: f"{titles[0]} to {titles[-1]}"},
            unknown={place: title for place, title in header.unknown.items() if place not in places},
            levels=(),
            width=width + 2,
        ),
    )


def _steps(table: Table, places: Sequence[int]) -> Steps:
    """The cells at these positions of each row that has one; nothing where one of them holds a formula or an error."""
    if any(column in places for _, column in table.sheet.flaws):
        return {}
    return {row: [table.sheet.cell(row, place) for place in places] for row in table.rows_with(places)} if places else {}


def _text(cell: Cell) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
