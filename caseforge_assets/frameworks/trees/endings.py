"""Rows that end a group by naming it again, as NIST's sheet of CSF 2.0 does below each function: they are no processes."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.frameworks.normalize import normalize_name
from caseforge_assets.frameworks.problems import row_list
from caseforge_assets.frameworks.tables.cells import Table, is_blank
from caseforge_assets.wording import counted


def without_endings(table: Table, rows: Sequence[int], levels: Sequence[int]) -> list[int]:
    """Leaves rows away, with a warning, that have nothing but the name of the group that ends with them, or how it begins.

    Args:
        table: where they are said.
        rows: of the table.
        levels: positions of the columns with names, from the top down.
    """
    names = [[normalize_name(str(table.sheet.cell(row, position))) for position in levels] for row in rows]
    depths = [[level for level, name in enumerate(own) if name] for own in names]
    endings: list[int] = []
    way: list[str] = []
    for place, (own, depth) in enumerate(zip(names, depths, strict=True)):
        following = depths[place + 1] if place + 1 < len(rows) else []
        if _is_alone(table, rows[place]) and depth and _ends(way, depth[0], own[depth[0]]) and not (following and following[0] > depth[0]):
            endings.append(rows[place])
        elif depth:
            way = [*way[: depth[0]], *own[depth[0] : depth[-1] + 1]]
    if endings:
        numbers = row_list(map(table.sheet.row_number, endings))
        table.warn(
            f"{counted(len(endings), 'row only names', 'rows only name')} again what ends there ({numbers}); this is skipped.", endings[0]
        )
    return [row for row in rows if row not in set(endings)]


def _is_alone(table: Table, row: int) -> bool:
    cells = table.sheet.rows[row] if row < len(table.sheet.rows) else []
    return sum(not is_blank(cell) for cell in cells) == 1


def _ends(way: Sequence[str], level: int, name: str) -> bool:
    """Tells whether a name is that of the group on its level, or its beginning, and something stands below that group."""
    if level + 1 >= len(way):
        return False
    begun, rest = way[level][: len(name)], way[level][len(name) :]
    return begun.casefold() == name.casefold() and not rest[:1].isalnum()
