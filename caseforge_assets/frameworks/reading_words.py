"""Says in sentences for people how a table was read: the sheet, the columns, and what says which node is whose parent."""

from __future__ import annotations

from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.columns import Column
from caseforge_assets.frameworks.tables.rows import USED_COLUMNS
from caseforge_assets.frameworks.trees.hierarchy import IN_WORDS, Arranged, Hierarchy
from caseforge_assets.frameworks.trees.levels import level_columns

_MADE_CODES = (
    "There is no column of codes; they are made from the hierarchy (1, 1.1, …), and a process that stays has the same one in every edition."
)


def reading_in_words(table: Table, arranged: Arranged) -> tuple[str, ...]:
    """Says how a table was read."""
    by_levels = arranged.hierarchy is Hierarchy.LEVELS
    levels = level_columns(table.header) if by_levels else ()
    columns = [
        f"{column.value.lower()} {quoted(table.header.title(column), 40)}" for column in USED_COLUMNS if _is_used(table, column, levels)
    ]
    titles = ", ".join(quoted(str(table.sheet.cell(table.header.row, place)), 40) for place in levels)
    where = f"From sheet {quoted(table.sheet.name, 40)}" if table.sheet.name is not None else "Columns"
    texts = ", ".join(quoted(str(table.sheet.cell(table.header.row, place)), 40) for place in table.header.level_texts if levels)
    columns += [f"descriptions {texts}"] if texts else []
    says = f"{where}: {', '.join([*columns, *([f'levels {titles}'] if levels else [])])}."
    codes = "" if arranged.has_codes else _MADE_CODES
    if arranged.has_codes and Column.CODE not in table.header.columns and not table.header.level_codes:
        codes = "The codes are those that stand in the names."
    hierarchy = f"Hierarchy {arranged.hierarchy}: {IN_WORDS[arranged.hierarchy]}." if arranged.hierarchy else ""
    return tuple(text for text in (says, hierarchy, codes) if text)


def _is_used(table: Table, column: Column, levels: tuple[int, ...]) -> bool:
    place = table.header.columns.get(column)
    if place is None or (levels and column in (Column.NAME, Column.PARENT, Column.PARENT_ID, Column.LEVEL)):
        return False
    return place not in levels
