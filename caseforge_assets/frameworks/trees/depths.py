"""Each entry's parent as its depth says: the last one above that is less deep. Depths are numbers in a column, or indentations of names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.columns import Column, map_hint
from caseforge_assets.frameworks.tables.entries import Entry
from caseforge_assets.frameworks.trees.parents import LOST, Parents

_NUMBER = re.compile(r"\D{0,20}?(\d{1,2})(?:\.0)?")
# A single blank in front of a name is a slip of the finger.
_MIN_INDENT = 2


def level_numbers(entries: Sequence[Entry]) -> list[int] | None:
    """The level of each entry, the top one as 1, where the level column gives all of them: "2", "L2", "Level 2"; None where it does not."""
    matches = [_NUMBER.fullmatch(entry.level) for entry in entries]
    numbers = [int(match[1]) for match in matches if match]
    if not numbers or len(numbers) != len(entries):
        return None
    return [number - min(numbers) + 1 for number in numbers]


def levels_line_up(entries: Sequence[Entry]) -> bool:
    """Tells whether the level column counts as a tree does: from 1, more than one level, and none skipped on the way down."""
    levels = level_numbers(entries) or []
    return len(set(levels)) > 1 and all(_steps_down(levels))


def levels_mostly_line_up(entries: Sequence[Entry]) -> bool:
    """Tells whether the level column counts as a tree does but for few rows, or from the bottom up: nobody wants such a table without its levels."""
    levels = level_numbers(entries) or [0]
    if len(set(levels)) < 2:
        return False
    steps, upwards = _steps_down(levels), _steps_down(levels[::-1])
    return (levels[0] == 1 and sum(steps) > len(steps) / 2) or all(upwards)


def _steps_down(levels: Sequence[int]) -> list[bool]:
    """Tells of each level whether it is at most one below the one before."""
    return [level <= above + 1 for above, level in zip([0, *levels], levels, strict=False)]


def parents_by_level(table: Table, entries: Sequence[Entry]) -> Parents:
    """By the level column: the parent is the last entry above on the level before. A level that is skipped is noted as a problem."""
    for entry in entries:
        if not _NUMBER.fullmatch(entry.level):
            what = f"{quoted(entry.level)} is no level." if entry.level else "The cell is empty."
            table.refuse(f"{what} Every process needs its level as a number, 1 at the top.", entry.row, Column.LEVEL)
    levels = level_numbers(entries)
    if levels is None:
        return [LOST] * len(entries)
    parents = parents_of_levels(levels)
    for entry, parent in zip(entries, parents, strict=True):
        if parent == LOST:
            table.refuse(
                f"The level is {entry.level}, but no process above is on the level before. "
                f"If the column has something else than levels of the hierarchy, {map_hint('level', '')} leaves it out.",
                entry.row,
                Column.LEVEL,
            )
    return parents


def parents_of_levels(levels: Sequence[int]) -> Parents:
    """Gives the position of each level's parent: the last above on the level before; LOST where a level is skipped."""
    path: list[int] = []
    parents: Parents = []
    for position, level in enumerate(levels):
        if level > len(path) + 1:
            parents.append(LOST)
            continue
        del path[level - 1 :]
        parents.append(path[-1] if path else None)
        path.append(position)
    return parents


def indents_line_up(entries: Sequence[Entry]) -> bool:
    """Tells whether names are indented as a tree is: the first not at all, others by two blanks or more, and back to where one began."""
    indents = sorted({entry.indent for entry in entries})
    if len(indents) < 2 or entries[0].indent != indents[0] or indents[1] - indents[0] < _MIN_INDENT:
        return False
    return not _crooked(entries)


def parents_by_indent(table: Table, entries: Sequence[Entry]) -> Parents:
    """By indentation: the parent is the last entry above that is indented less. One that lines up with none above is noted as a problem."""
    for entry in _crooked(entries):
        table.refuse("The name is indented less than the one above it, but lines up with none further up.", entry.row, Column.NAME)
    path: list[tuple[int, int]] = []
    parents: Parents = []
    for position, entry in enumerate(entries):
        path = [(indent, above) for indent, above in path if indent < entry.indent]
        parents.append(path[-1][1] if path else None)
        path.append((entry.indent, position))
    return parents


def _crooked(entries: Sequence[Entry]) -> list[Entry]:
    """The entries that go back to where none above them begins."""
    path: list[int] = []
    crooked: list[Entry] = []
    for entry in entries:
        if path and entry.indent < path[-1] and entry.indent not in path:
            crooked.append(entry)
        path = [*(indent for indent in path if indent < entry.indent), entry.indent]
    return crooked
