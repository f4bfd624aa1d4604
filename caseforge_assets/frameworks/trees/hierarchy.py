"""Recognizes the kind of hierarchy of a table, and finds each entry's parent by it. What a tree may not have is refused in tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from caseforge_assets.frameworks.problems import quoted, row_list
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.codes import code_ranges, prefix_parent
from caseforge_assets.frameworks.tables.columns import Column, map_hint
from caseforge_assets.frameworks.tables.entries import Entry
from caseforge_assets.frameworks.trees.depths import (
    indents_line_up,
    level_numbers,
    levels_line_up,
    levels_mostly_line_up,
    parents_by_indent,
    parents_by_level,
    parents_of_levels,
)
from caseforge_assets.frameworks.trees.parents import (
    LOST,
    Parents,
    dotted_parents,
    parents_by_code,
    parents_by_column,
    parents_by_prefix,
    refuse_same_place,
    repeated_codes,
)
from caseforge_assets.frameworks.trees.sections import below_sections
from caseforge_assets.wording import counted


class Hierarchy(StrEnum):
    """The kinds of hierarchy, by what tells a node's parent, as in --hierarchy."""

    DOTTED = "dotted"
    PARENT = "parent"
    LEVELS = "levels"
    INDENT = "indent"
    PREFIX = "prefix"
    PATH = "path"


IN_WORDS = {
    Hierarchy.DOTTED: "the dots in the codes say which process belongs to which",
    Hierarchy.PARENT: "a column says which process belongs to which",
    Hierarchy.LEVELS: "the levels say which process belongs to which",
    Hierarchy.INDENT: "the indentation of the names says which process belongs to which",
    Hierarchy.PREFIX: "the beginnings of the codes say which process belongs to which",
    Hierarchy.PATH: "each process has the whole path to it",
}
# Where at least as large a share of the codes has its parent in the file, the others lack theirs; below, codes are not made that way.
_PLAIN_SHARE = 0.9
_PLAIN_PREFIXES = 3


@dataclass(frozen=True, slots=True)
class Arranged:
    """Entries with the position of each one's parent.

    Attributes:
        entries: In the order of the file.
        parents: As many; None on the top level.
        hierarchy: By which they were arranged; None where nothing puts any below another.
    """

    entries: Sequence[Entry]
    parents: Parents
    hierarchy: Hierarchy | None

    @property
    def has_codes(self) -> bool:
        """Tells whether the codes come from the file."""
        return any(entry.code for entry in self.entries)


def arrange(table: Table, entries: Sequence[Entry], asked: Hierarchy | None) -> Arranged:
    """Finds each entry's parent by the hierarchy that a person asks for, else by the one that the table plainly has.

    What keeps entries from having a parent is noted as a problem.
    """
    hierarchy = asked or recognize(entries)
    if hierarchy in (None, Hierarchy.DOTTED):
        refuse_same_place(table, entries)
    if hierarchy is None:
        _warn_of_flatness(table, entries)
        return Arranged(entries, [None] * len(entries), None)
    if missing := _missing(table, entries, hierarchy):
        table.findings.refuse(missing, sheet=table.sheet.name, row=table.sheet.row_number(table.header.row))
        return Arranged((), [], hierarchy)
    by_kind = {
        Hierarchy.DOTTED: parents_by_code,
        Hierarchy.PARENT: parents_by_column,
        Hierarchy.LEVELS: parents_by_level,
        Hierarchy.INDENT: parents_by_indent,
        Hierarchy.PREFIX: parents_by_prefix,
    }
    parents = by_kind[hierarchy](table, entries)
    if hierarchy in (Hierarchy.DOTTED, Hierarchy.PREFIX):
        parents = below_sections(table, entries, parents)
    _warn_of_other_levels(table, entries, parents)
    return Arranged(entries, parents, hierarchy)


def recognize(entries: Sequence[Entry]) -> Hierarchy | None:
    """Says which hierarchy a table has, where that is plain; None where nothing says so. Columns of level names are seen before."""
    if any(entry.parent for entry in entries):
        return Hierarchy.PARENT
    counts_levels = levels_line_up(entries)
    if _is_dotted(entries) and not counts_levels and _counts_by_digits(entries):
        return Hierarchy.PREFIX
    if _is_dotted(entries):
        return Hierarchy.LEVELS if counts_levels and _says_more_than_dots(entries) else Hierarchy.DOTTED
    if counts_levels:
        return Hierarchy.LEVELS
    if indents_line_up(entries):
        return Hierarchy.INDENT
    codes = [entry.code for entry in entries if entry.code]
    if are_prefixed(codes) or are_prefixed([code for code in codes if not code.isalpha()]):
        return Hierarchy.PREFIX
    return Hierarchy.LEVELS if levels_mostly_line_up(entries) else None


def _is_dotted(entries: Sequence[Entry]) -> bool:
    """Tells whether codes that have parts belong below others of the file; or numbers stand beside numbers of parts: 1, 2.1, where 2 is missing."""
    codes = {entry.code for entry in entries if entry.code}
    are_numbers = all(code.replace(".", "").isdecimal() for code in codes)
    are_mixed = any("." in code for code in codes) and any("." not in code for code in codes)
    return (are_numbers and are_mixed) or any(dotted_parents(code, codes) for code in codes)


def _counts_by_digits(entries: Sequence[Entry]) -> bool:
    """Tells whether the digits behind the last dot are levels, as in NACE: 01.1, 01.11, 01.12, 01.2, and not 1.1, 1.2, …, 1.11.

    So it is where longer ones stand behind the shorter one that they begin with, and nobody has counted as far as they say.
    """
    numbers: dict[str, list[str]] = {}
    for entry in entries:
        above, dot, last = entry.code.rpartition(".")
        if dot and last.isdecimal():
            numbers.setdefault(above, []).append(last)
    longer = 0
    for lasts in numbers.values():
        shorter = ""
        for last in lasts:
            if len(last) == 1:
                shorter = last
            elif len(last) > 2 or last[0] != shorter:
                return False
            longer += len(last) > 1
        if len(lasts) > 1 and sorted(map(int, lasts)) == list(range(1, len(lasts) + 1)):
            return False
    return longer >= _PLAIN_PREFIXES


def _says_more_than_dots(entries: Sequence[Entry]) -> bool:
    """Tells whether the levels agree with the dots where there are some, and put others below: "sP1" is below "sP"."""
    codes = {entry.code for entry in entries}
    by_dots = [next(iter(dotted_parents(entry.code, codes)), None) for entry in entries]
    by_levels = [None if parent is None else entries[parent].code for parent in parents_of_levels(level_numbers(entries) or [])]
    pairs = list(zip(by_dots, by_levels, strict=True))
    return all(dots in (None, level) for dots, level in pairs) and any(dots != level for dots, level in pairs)


def are_prefixed(order: Sequence[str]) -> bool:
    """Tells whether longer codes begin with shorter ones, and stand below them: 11, 111, 112. Numbers that only go on counting are not so."""
    codes, ranges = set(order), code_ranges(order)
    parents = {code: prefix_parent(code, codes, ranges) for code in order}
    below = [code for code in order if parents[code] is not None]
    shortest = min((len(code) for code in order if code not in {whole for _, _, whole in ranges}), default=0)
    longer = [code for code in order if len(code) > shortest and code not in {whole for _, _, whole in ranges}]
    if len(below) < max(_PLAIN_PREFIXES, _PLAIN_SHARE * len(longer)) or not all(char.isalnum() for code in below for char in code):
        return False
    path: list[str] = []
    for code in order:
        while path and path[-1] != parents[code]:
            path.pop()
        if parents[code] is not None and not path:
            return False
        path.append(code)
    return all(code[len(parents[code] or "") :].isdigit() for code in below if "-" not in (parents[code] or ""))


def _missing(table: Table, entries: Sequence[Entry], hierarchy: Hierarchy) -> str | None:
    """Names what the hierarchy that was asked for needs and the table has not."""
    columns = table.header.columns
    if hierarchy in (Hierarchy.DOTTED, Hierarchy.PREFIX) and Column.CODE not in columns and not any(entry.code for entry in entries):
        return f"--hierarchy {hierarchy} needs a column of codes. Say which it is: {map_hint('code', 'HEADER')}."
    if hierarchy is Hierarchy.PARENT and columns.keys().isdisjoint({Column.PARENT, Column.PARENT_ID}):
        return f"--hierarchy parent needs a column that names each process's parent. Say which it is: {map_hint('parent', 'HEADER')}."
    if hierarchy is Hierarchy.LEVELS and Column.LEVEL not in columns:
        hint = f"{map_hint('level1', 'HEADER')} {map_hint('level2', 'HEADER')}"
        return f"--hierarchy levels needs a column of names for each level, or one with their numbers. Say which they are: {hint}."
    if hierarchy is Hierarchy.INDENT and len({entry.indent for entry in entries}) < 2:
        return "--hierarchy indent needs names that are indented, and all of them begin at the same place."
    return None


def _warn_of_other_levels(table: Table, entries: Sequence[Entry], parents: Parents) -> None:
    """Warns where a column of levels says otherwise than what the hierarchy is read by."""
    levels = level_numbers(entries)
    if levels is None or len(set(levels)) < 2 or any(parent == LOST for parent in parents):
        return
    others = [
        entry.row
        for entry, level, parent in zip(entries, levels, parents, strict=True)
        if (level == 1) != (parent is None) or (parent is not None and levels[parent] != level - 1)
    ]
    if others:
        table.warn(
            f"The column says other levels than the rest of the table at {counted(len(others), 'process', 'processes')} "
            f"({row_list(map(table.sheet.row_number, others))}); it is not followed. --hierarchy levels would.",
            others[0],
            Column.LEVEL,
        )


def _warn_of_flatness(table: Table, entries: Sequence[Entry]) -> None:
    if len(entries) < 2 or table.findings.has_unreadable(table.sheet.name, table.header.title(Column.CODE)):
        return
    if repeated_codes(entries):
        return  # one of them may be what is missing
    why = "the codes have no dots" if all("." not in entry.code for entry in entries) else "no code is the beginning of another"
    if Column.CODE not in table.header.columns:
        why = "nothing says which process belongs to which"
    if _ends_in_zeros(entries):
        why += "; if zeros at the end of codes leave levels out, a column of levels or parents has to say which"
    unknown = ", ".join(quoted(title, 30) for title in list(table.header.unknown.values())[:8])
    table.warn(
        f"All processes are on the top level: there is no parent column, and {why}. If they have levels, --hierarchy and --map say how"
        + (f" (columns not used: {unknown})." if unknown else ".")
    )


def _ends_in_zeros(entries: Sequence[Entry]) -> bool:
    """Tells whether codes are of one length and some are filled up with zeros: 100, 110, 111."""
    codes = [entry.code for entry in entries]
    return len(set(map(len, codes))) == 1 and len(codes[0]) > 2 and sum(code.endswith("0") for code in codes) >= _PLAIN_PREFIXES
