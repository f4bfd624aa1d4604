"""Chooses the rows of a table that hold processes: not headers that are repeated, nor notes below the table. Cells are read elsewhere."""

from collections.abc import Sequence

from caseforge_assets.frameworks.normalize import normalize_name
from caseforge_assets.frameworks.problems import quoted, row_list
from caseforge_assets.frameworks.tables.cells import Table, is_blank
from caseforge_assets.frameworks.tables.code_texts import plain_code
from caseforge_assets.frameworks.tables.codes import code_trouble
from caseforge_assets.frameworks.tables.columns import Column
from caseforge_assets.frameworks.tables.words import begins_as_footer, compact, is_footer_word

USED_COLUMNS = (
    Column.CODE,
    Column.ID,
    Column.NAME,
    Column.DESCRIPTION,
    Column.PARENT,
    Column.PARENT_ID,
    Column.OWNER,
    Column.LEVEL,
    Column.PATH,
)
# A header row that is repeated on every page has at least these many of its headers again.
_SAME_HEADERS = 2


def process_rows(table: Table) -> list[int]:
    """Gives the rows below the header that are read; what is skipped is warned of, and rows with too many cells are noted as problems."""
    _refuse_long_rows(table)
    rows = list(table.rows_with(_used_positions(table)))
    repeated = [row for row in rows if _repeats_header(table, row)]
    if repeated:
        numbers = row_list(map(table.sheet.row_number, repeated))
        table.warn(
            f"The header is repeated {'once' if len(repeated) == 1 else f'{len(repeated):,} times'} ({numbers}); this is skipped.",
            repeated[0],
        )
    kept = [row for row in rows if row not in set(repeated)]
    footers = _footers(table, kept)
    if footers:
        first = quoted(_first_text(table, footers[0]))
        more = f" and {len(footers) - 1:,} more below it" if len(footers) > 1 else ""
        table.warn(f"The row {first}{more} stands below the table and is no process; it is skipped.", footers[0])
    return kept[: len(kept) - len(footers)]


def _used_positions(table: Table) -> list[int]:
    columns = table.header.columns
    return [*(columns[column] for column in USED_COLUMNS if column in columns), *table.header.levels, *table.header.level_codes]


def _refuse_long_rows(table: Table) -> None:
    """Notes rows with more cells than the header: a delimiter in a text that is not in quotation marks moved them."""
    if not table.sheet.is_delimited:
        return
    width = table.header.width
    lengths = {row: _length(table, row) for row in range(table.header.row + 1, len(table.sheet.rows))}
    long_rows = [row for row, length in lengths.items() if length > width]
    if long_rows:
        numbers = [table.sheet.row_number(row) for row in long_rows[1:]]
        more = f" So it is in {len(numbers):,} more ({row_list(numbers)})." if numbers else ""
        table.findings.refuse(
            f"The row has {lengths[long_rows[0]]} cells, the header {width}.{more} A text that has the delimiter in it has to stand in quotation marks.",
            sheet=table.sheet.name,
            row=table.sheet.row_number(long_rows[0]),
        )


def _length(table: Table, row: int) -> int:
    cells = table.sheet.rows[row]
    return max((place + 1 for place, cell in enumerate(cells) if not is_blank(cell)), default=0)


def _repeats_header(table: Table, row: int) -> bool:
    used, titles = _used_positions(table), table.sheet.rows[table.header.row]
    same = others = 0
    for place in used:
        cell = table.sheet.cell(row, place)
        if is_blank(cell):
            continue
        if not isinstance(cell, str) or compact(cell) != compact(str(titles[place])) or not compact(cell):
            others += 1
        else:
            same += 1
    return same >= min(_SAME_HEADERS, len(set(used))) and same > others


def _footers(table: Table, rows: Sequence[int]) -> list[int]:
    """The rows at the end that are no processes: notes only, from the first that a blank row, or its text, sets apart from the table."""
    start = len(rows)
    for place in range(len(rows) - 1, 0, -1):
        says_so = begins_as_footer(_first_text(table, rows[place]))
        if not (says_so or _is_note(table, rows[place])):
            break
        if says_so or rows[place] - rows[place - 1] > 1 or _has_code_cell(table, rows[place]):
            start = place
    return list(rows[start:])


def _is_note(table: Table, row: int) -> bool:
    """Tells whether a row has neither a code with a name nor a formula: where the table has no codes, a single text beside the names."""
    filled = [place for place, cell in enumerate(table.sheet.rows[row] if row < len(table.sheet.rows) else []) if not is_blank(cell)]
    if not filled or any(flawed == row for flawed, _ in table.sheet.flaws):
        return False
    name_place = table.header.columns.get(Column.NAME)
    if Column.CODE not in table.header.columns:
        is_set_apart = row > 0 and not any(not is_blank(cell) for cell in table.sheet.rows[row - 1]) and _is_fuller_above(table, row)
        return len(filled) == 1 and (is_set_apart or (filled[0] != name_place and filled[0] not in table.header.levels))
    code = plain_code(normalize_name(str(table.cell(row, Column.CODE))))
    has_name = name_place in filled and any(char.isalpha() for char in str(table.cell(row, Column.NAME)))
    if not has_name and is_footer_word(code):
        return True
    return bool(code_trouble(code)) and (name_place not in filled or len(filled) == 1)


def _is_fuller_above(table: Table, row: int) -> bool:
    """Tells whether each row of the table above has more than one cell."""
    above = table.sheet.rows[table.header.row + 1 : row]
    return all(count > 1 for cells in above if (count := sum(not is_blank(cell) for cell in cells)))


def _has_code_cell(table: Table, row: int) -> bool:
    return not is_blank(table.cell(row, Column.CODE))


def _first_text(table: Table, row: int) -> str:
    cells = table.sheet.rows[row] if row < len(table.sheet.rows) else []
    return next((normalize_name(str(cell)) for cell in cells if not is_blank(cell)), "")
