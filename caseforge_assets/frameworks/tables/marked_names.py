"""Takes marks off names: a footnote's, as NAICS has a T; and, as depths, dots and dashes. Reads depths from groups of rows, too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.columns import Column
from caseforge_assets.frameworks.tables.entries import Entry
from caseforge_assets.wording import counted

_FOOTNOTE = re.compile(r"(.*[a-z).])( ?)([A-Z¹²³*†‡])")
_LEAST_FOOTNOTES = 3
_LEAST_SHARE = 0.2
_DEPTH = re.compile(r"(([.\-–—>*•·_+=|~])(?: ?\2)*) *(?=[^\W_])(.*)")
_BLANKS_A_MARK = 2


def without_footnotes(table: Table, entries: Sequence[Entry]) -> list[Entry]:
    """Leaves out a letter or sign that many names end with, alone; that it was is said.

    Args:
        table: Where a warning is noted.
        entries: As they were read.
    """
    found = {position: match for position, entry in enumerate(entries) if (match := _FOOTNOTE.fullmatch(entry.name))}
    marks = {match[3] for match in found.values()}
    if len(marks) != 1 or len(found) < max(_LEAST_FOOTNOTES, _LEAST_SHARE * len(entries)):
        return list(entries)
    table.warn(
        f"{counted(len(found), 'name ends', 'names end')} with {quoted(marks.pop())}, as with the mark of a footnote; it is left out.",
        entries[next(iter(found))].row,
        Column.NAME,
    )
    return [replace(entry, name=found[place][1]) if place in found else entry for place, entry in enumerate(entries)]


def with_depths_of_marks(entries: Sequence[Entry]) -> list[Entry]:
    """Takes dots, dashes and the like before names for indentation, where nothing else indents them and the first has none: "Sell", "- Win", "-- Ask".

    Args:
        entries: As they were read.
    """
    found = [_DEPTH.fullmatch(entry.name) for entry in entries]
    signs = {match[2] for match in found if match}
    if not entries or found[0] or len(signs) != 1 or any(entry.indent or entry.code or entry.level or entry.parent for entry in entries):
        return list(entries)
    step = min(match[1].count(match[2]) for match in found if match)
    return [
        replace(entry, name=match[3], indent=_BLANKS_A_MARK * match[1].count(match[2]) // step) if match else entry
        for entry, match in zip(entries, found, strict=True)
    ]


def with_depths_of_groups(table: Table, entries: Sequence[Entry], *, is_asked: bool) -> list[Entry]:
    """Takes the groups of rows that Excel folds for indentation, where nothing else indents the names and each group stands below the row that it belongs to.

    Args:
        table: Where the groups are, and a warning is noted where it is not plain which row they belong to.
        entries: As they were read.
        is_asked: Whether a person says that names are indented.
    """
    depths = [table.sheet.groups.get(entry.row, 0) for entry in entries]
    if not any(depths) or any(entry.indent or entry.parent or entry.level or "." in entry.code for entry in entries):
        return list(entries)
    if not (is_asked or table.sheet.groups_are_below or (depths[0] == 0 and depths[-1] > 0)):
        table.warn("Rows are grouped. If each group belongs to the row above it, --hierarchy indent reads them so.")
        return list(entries)
    return [replace(entry, indent=_BLANKS_A_MARK * depth) for entry, depth in zip(entries, depths, strict=True)]
