"""Tables with the whole way to a process in one cell: "Sell > Win > Ask", "/Sell/Win". Each way is known from the top down."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from caseforge_assets.frameworks.normalize import identifying
from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.columns import Column, map_hint
from caseforge_assets.frameworks.tables.entries import Entry
from caseforge_assets.frameworks.tables.words import meaning
from caseforge_assets.frameworks.trees.hierarchy import Arranged, Hierarchy, recognize
from caseforge_assets.frameworks.trees.parents import Parents

Way = tuple[str, ...]
# What stands between the parts, the plainest first. The others stand in names, too.
_PLAIN = (" > ", ">", "»", "›", "→", "->", "=>", "::", "\\")
_SIGNS = (*_PLAIN, "/", "|", " - ", " – ", " — ", ": ", ".")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z+.-]*:[/\\]|\\\\")
# So many parents that are processes of the file, too, are no chance.
_LEAST_PARENTS = 2
# Two parts may be an end-to-end process, such as "Lead → Order".
_DEEP = 3


def by_paths(table: Table, entries: Sequence[Entry], asked: Hierarchy | None) -> Arranged | None:
    """Arranges entries by the ways that their names, parents or paths are; None where they plainly are none. One that was asked for and is not there is noted.

    A process that a way names, but no row has, is added where it comes first.

    Args:
        table: Where problems are noted.
        entries: As they were read.
        asked: The hierarchy that a person asks for.
    """
    if asked not in (None, Hierarchy.PATH) or not entries:
        return None
    ways = _ways(table, entries, is_asked=asked is not None)
    if ways is None and asked:
        what = f'--hierarchy path needs a column of paths such as "Sell > Win". Say which it is: {map_hint("path", "HEADER")}.'
        table.findings.refuse(what, sheet=table.sheet.name, row=table.sheet.row_number(table.header.row))
        return Arranged((), [], asked)
    if ways is None:
        return None
    arranged = _arranged(table, entries, ways)
    codes = {entry.code for entry in arranged.entries if entry.code}
    if codes and len(codes) < len(arranged.entries):
        table.warn("Some processes stand in paths only, without a code; all codes are made from the paths instead.")
        return replace(arranged, entries=[replace(entry, code="") for entry in arranged.entries])
    return arranged


def _ways(table: Table, entries: Sequence[Entry], *, is_asked: bool) -> list[Way] | None:
    names = [entry.name for entry in entries]
    is_called_path, has_other = _is_called_path(table), not is_asked and recognize(entries) is not None
    sign = _sign(names) or (_most_used(names) if is_called_path or (is_asked and Column.PATH not in table.header.columns) else None)
    if sign and (is_called_path or not has_other):
        return [_way(name, sign) for name in names]
    parents = [entry.parent[0] if entry.parent else "" for entry in entries]
    if any(parents):
        sign = _sign_of_parents(parents, names)
        return [(*_way(parent, sign), name) for parent, name in zip(parents, names, strict=True)] if sign else None
    if Column.PATH not in table.header.columns or has_other:
        return None
    return _ways_of_column(table, entries)


def _is_called_path(table: Table) -> bool:
    found = meaning(table.header.titles.get(Column.NAME, ""))
    return found is not None and found[0] is Column.PATH


def _ways_of_column(table: Table, entries: Sequence[Entry]) -> list[Way] | None:
    """The ways of a column of paths, which have the process's own name at their end in all rows, or in none."""
    texts = [table.line(entry.row, Column.PATH) or "" for entry in entries]
    sign = _most_used(texts)
    if any(_ADDRESS.match(text) for text in texts):
        return None
    ways = [_way(text, sign or _PLAIN[0]) for text in texts]
    ends = [bool(way) and _same(way[-1], entry.name) for way, entry in zip(ways, entries, strict=True)]
    if sign and all(ends):
        return [(*way[:-1], entry.name) for way, entry in zip(ways, entries, strict=True)]
    if not any(ends):
        return [(*way, entry.name) for way, entry in zip(ways, entries, strict=True)]
    row = table.sheet.row_number(entries[ends.index(True)].row)
    table.refuse(
        f"The path ends with the process's own name in some rows (such as row {row}), and in others not. Let all of them have it, or none.",
        entries[ends.index(False)].row if not all(ends) else entries[0].row,
        Column.PATH,
    )
    return [()] * len(entries)


def _arranged(table: Table, entries: Sequence[Entry], ways: Sequence[Way]) -> Arranged:
    found: list[Entry] = []
    parents: Parents = []
    places: dict[Way, int] = {}
    own: dict[Way, Entry] = {}
    for entry, way in zip(entries, ways, strict=True):
        above: int | None = None
        parts = tuple(map(identifying, way))
        for level, name in enumerate(way):
            part = parts[: level + 1]
            if part not in places:
                places[part] = len(found)
                found.append(Entry(entry.row, "", None, name, ""))
                parents.append(above)
            above = places[part]
        if parts in own:
            row = table.sheet.row_number(own[parts].row)
            table.refuse(f"The process {quoted(' > '.join(way))} stands in row {row} already.", entry.row, Column.NAME)
        elif above is not None:
            own[parts] = entry
            found[above] = replace(entry, name=way[-1], parent=())
    return Arranged(found, parents, Hierarchy.PATH)


def _sign(names: Sequence[str]) -> str | None:
    """The sign between the parts of names: wherever it stands, it leads to another name; or there are deep ways that share what is above."""
    for sign in _SIGNS:
        ways = [way for name in names if len(way := _way(name, sign)) > 1]
        known = {tuple(map(identifying, _way(name, sign))) for name in names} if ways else set()
        above = [tuple(map(identifying, way[:-1])) for way in ways]
        has_siblings, is_deep = len(set(above)) < len(ways), max(map(len, ways), default=0) >= _DEEP
        if len(ways) >= _LEAST_PARENTS and all(way in known for way in above) and (sign in _PLAIN or has_siblings or is_deep):
            return sign
        if sign in _PLAIN and has_siblings and is_deep and len(ways) > len(names) / 2:
            return sign
    return None


def _most_used(texts: Sequence[str]) -> str | None:
    """The sign that stands in most texts of a column that is called the path; None where none does, or they are addresses and names of files."""
    if any(_ADDRESS.match(text) for text in texts):
        return None
    counts = {sign: sum(sign in text for text in texts) for sign in _SIGNS[:-1]}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] else None


def _sign_of_parents(parents: Sequence[str], names: Collection[str]) -> str | None:
    """The sign between the parts of parents that are ways: not all are names of the file, but all of their parts are."""
    known = {identifying(name).casefold() for name in names} | {""}
    if all(identifying(parent).casefold() in known for parent in parents):
        return None

    def leads(sign: str) -> bool:
        ways = [_way(parent, sign) for parent in parents]
        return any(len(way) > 1 for way in ways) and all(identifying(part).casefold() in known for way in ways for part in way)

    return _first(_SIGNS, leads)


def _first(signs: Sequence[str], fits: Callable[[str], bool]) -> str | None:
    return next((sign for sign in signs if fits(sign)), None)


def _way(text: str, sign: str) -> Way:
    return tuple(part for piece in text.split(sign) if (part := piece.strip()))


def _same(one: str, other: str) -> bool:
    return re.sub(r"\W+", "", one).casefold() == re.sub(r"\W+", "", other).casefold()
