"""Each entry's parent as codes or a column of the table say: by dots, by beginnings, by a code, id or name. Levels and indents are in depths."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from caseforge_assets.frameworks.problems import quoted, row_list
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.codes import code_ranges, parent_codes, part_codes, prefix_parent
from caseforge_assets.frameworks.tables.columns import Column
from caseforge_assets.frameworks.tables.entries import Entry
from caseforge_assets.wording import counted

# For each entry the position of its parent; None on the top level; LOST where it is not in the file, which is noted.
LOST = -1
Parents = list[int | None]
# What programs write where there is no parent.
# What stands between a code and a name where both name a parent: "1.1 - Win", "Win (1.1)".
_JOINTS = re.compile(r"[\s()\[\]:–—_-]+")
_NO_PARENT = frozenset({"0", "-1", "null", "none", "nil", "n/a", "-", "–", "root"})


def parents_by_code(table: Table, entries: Sequence[Entry]) -> Parents:
    """By dots: 1.2 is the parent of 1.2.4. Where a part before a hyphen is a code, too, that is: GV.OC of GV.OC-01."""
    by_code = _positions({entry.code: position for position, entry in reversed(list(enumerate(entries)))})
    parents: Parents = []
    missing: dict[str, list[Entry]] = {}
    ends_in_zero = all("." in code for code in by_code)
    for entry in entries:
        names = dotted_parents(entry.code, by_code)
        above = parent_codes(entry.code)
        if not names and above:
            missing.setdefault(above[-1] if ends_in_zero and above[0].isdecimal() else above[0], []).append(entry)
        parents.append(by_code[names[0]] if names else LOST if above else None)
    # A code that stands twice may be the one that is missing beside it.
    repeated = {parent_codes(code)[:1] for code in repeated_codes(entries)}
    _refuse_missing(table, {name: those for name, those in missing.items() if parent_codes(name)[:1] not in repeated}, Column.CODE)
    return parents


def repeated_codes(entries: Sequence[Entry]) -> list[str]:
    """Gives the codes that stand at more than one entry."""
    return [code for code, count in Counter(entry.code for entry in entries if entry.code).items() if count > 1]


def dotted_parents(code: str, codes: Collection[str]) -> list[str]:
    """Gives the codes of a file that are this one's parent by its parts; empty where there is none."""
    return [name for name in (*part_codes(code), *parent_codes(code)) if name in codes]


def parents_by_prefix(table: Table, entries: Sequence[Entry]) -> Parents:
    """By beginnings, as in NAICS: 11 is the parent of 111, and 31-33 that of 311."""
    del table
    by_code = _positions({entry.code: position for position, entry in reversed(list(enumerate(entries)))})
    ranges = code_ranges(by_code)
    found = [prefix_parent(entry.code, by_code, ranges) for entry in entries]
    return [None if code is None else by_code[code] for code in found]


def parents_by_column(table: Table, entries: Sequence[Entry]) -> Parents:
    """By what the parent column says: a code, an id, or a name that only one process has."""
    called = _Called(entries)
    parents: Parents = []
    missing: dict[tuple[Column, str], list[Entry]] = {}
    for entry in entries:
        column = _reference_column(table, entry)
        found = _resolved(table, entry, column, called) if entry.parent else None
        is_root = found is None and (not entry.parent or entry.parent[0].casefold() in _NO_PARENT)
        if found is None and not is_root:
            missing.setdefault((column, entry.parent[0]), []).append(entry)
        parents.append(None if is_root else LOST if found is None else found)
    for (column, name), without in missing.items():
        _refuse_missing(table, {name: without}, column, [entries[place] for place in called.names.get(name.casefold(), [])])
    _warn_of_odd_roots(table, entries, parents, called.codes)
    return parents


class _Called:
    """The positions of entries by all that a parent column may call them."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        last_first = list(reversed(list(enumerate(entries))))
        self.codes = {entry.code: position for position, entry in last_first if entry.code}
        self.ids = {entry.stable_id: position for position, entry in last_first if entry.stable_id is not None}
        self.names: dict[str, list[int]] = {}
        self.labels: dict[str, list[int]] = {}
        for position, entry in enumerate(entries):
            self.names.setdefault(entry.name.casefold(), []).append(position)
            for label in {entry.code, entry.stable_id or "", entry.code + entry.name, entry.name + entry.code}:
                self.labels.setdefault(_label(label), []).append(position)

    def by_words(self, texts: Sequence[str]) -> int | None:
        """The one entry that is called so by its name, by its code in other case, or by both together: "1.1 Win", "Win (1.1)"."""
        named = [own[0] for text in texts if len(own := self.names.get(text.casefold(), [])) == 1]
        labelled = [own[0] for text in texts if _label(text) and len(own := self.labels.get(_label(text), [])) == 1]
        return next(iter(named + labelled), None)


def _label(text: str) -> str:
    return _JOINTS.sub("", text).casefold()


def _positions(by_code: Mapping[str, int]) -> dict[str, int]:
    return {code: position for code, position in by_code.items() if code}


def _reference_column(table: Table, entry: Entry) -> Column:
    return next((column for column in (Column.PARENT_ID, Column.PARENT) if table.cell(entry.row, column) != ""), Column.PARENT)


def _resolved(table: Table, entry: Entry, column: Column, called: _Called) -> int | None:
    """The parent's position; None where the file has none that is called so."""
    codes = [name for name in entry.parent if name in called.codes]
    ids = [called.ids[name] for name in entry.parent if name in called.ids]
    if column is Column.PARENT and len(codes) > 1 and entry.parent[1] == f"{entry.parent[0]}0":
        table.refuse(
            f"The parent is kept as the number {entry.parent[0]}, which may mean {codes[0]} or {codes[1]}. Format the column as Text and type it again.",
            entry.row,
            column,
        )
        return LOST
    by_codes = [called.codes[name] for name in codes]
    found = ids + by_codes if column is Column.PARENT_ID else by_codes + ids
    return found[0] if found else called.by_words(entry.parent)


def _refuse_missing(table: Table, missing: Mapping[str, Sequence[Entry]], column: Column, called: Sequence[Entry] = ()) -> None:
    """Notes each parent that is not in the file once, or of which there are several, however many it is the parent of.

    An unreadable code may be the one that is missing.
    """
    if table.findings.has_unreadable(table.sheet.name, table.header.title(Column.CODE)):
        return
    for name, entries in missing.items():
        rows = [table.sheet.row_number(entry.row) for entry in entries[1:]]
        more = f" {counted(len(entries), 'process', 'processes')} name it, also in {row_list(rows)}." if rows else ""
        several = row_list([table.sheet.row_number(entry.row) for entry in called]) if called else ""
        what = f"may be any of several: {several} are called so. Name it by its code or id." if called else "is not in the file."
        table.refuse(f"The parent {quoted(name)} {what}{more}", entries[0].row, column)


def refuse_same_place(table: Table, entries: Sequence[Entry]) -> None:
    """Notes "1" beside "1.0": both would be the parent of "1.1"."""
    by_code = {entry.code: entry for entry in reversed(entries)}
    for code, entry in reversed(by_code.items()):
        duplicate = by_code.get(f"{code}.0") if code and "." not in code else None
        if duplicate is not None:
            row = table.sheet.row_number(entry.row)
            table.refuse(f'"{code}.0" and "{code}" (row {row}) are the same place. Keep one of them.', duplicate.row, Column.CODE)


def _warn_of_odd_roots(table: Table, entries: Sequence[Entry], parents: Parents, by_code: Mapping[str, int]) -> None:
    for entry, parent in zip(entries, parents, strict=True):
        if parent is None and any(name in by_code for name in parent_codes(entry.code)):
            table.warn(
                f"The process {quoted(entry.code)} has no parent here, so it is on the top level, unlike its code.",
                entry.row,
                Column.PARENT,
            )
