"""Entries become nodes: who is whose parent, and what is wrong with codes, ids and parents taken together."""

import hashlib
from collections.abc import Callable, Mapping, Sequence

from caseforge_assets.frameworks.cells import Table
from caseforge_assets.frameworks.codes import parent_codes
from caseforge_assets.frameworks.columns import Column
from caseforge_assets.frameworks.entries import Entry
from caseforge_assets.frameworks.keys import key_of
from caseforge_assets.frameworks.problems import quoted
from caseforge_assets.frameworks.records import Kpi, Limits, Node

_PATH_SEPARATOR = " › "
_MAX_IDENTITY_CHARS = 400


def build_nodes(table: Table, entries: Sequence[Entry], kpis: Mapping[int, Sequence[Kpi]], limits: Limits) -> tuple[Node, ...]:
    """Builds the nodes of an edition, in the order of the entries.

    Args:
        table: Where the entries come from; problems are noted there.
        entries: All readable rows.
        kpis: By row of the entry.
        limits: For the depth of the tree.

    Returns:
        The nodes; empty if the entries do not make a tree, with the problems noted.
    """
    by_code = _unique(table, entries, Column.CODE, lambda entry: entry.code)
    _unique(table, entries, Column.ID, lambda entry: entry.stable_id)
    _refuse_same_place(table, by_code)
    parents = _parents(table, entries, by_code)
    depths = _depths(table, parents, by_code, limits)
    if len(by_code) != len(entries) or len(depths) != len(entries) or max(depths.values(), default=0) > limits.max_levels:
        return ()
    identities = _identities(entries, parents)
    _unique(table, entries, Column.NAME, lambda entry: identities[entry.code])
    _unique(table, entries, Column.CODE, lambda entry: key_of(entry.code, entry.stable_id))
    with_children = set(parents.values())
    return tuple(
        Node(
            code=entry.code,
            name=entry.name,
            description=entry.description,
            stable_id=entry.stable_id,
            identity=identities[entry.code],
            level=depths[entry.code],
            parent_code=parents[entry.code],
            position=position,
            is_leaf=entry.code not in with_children,
            kpis=tuple(kpis.get(entry.row, ())),
        )
        for position, entry in enumerate(entries)
    )


_REPEATED_TEXTS = {
    Column.CODE: "The code {value} stands in row {row} already. Every code may be used once; was 1.10 shortened to 1.1?",
    Column.ID: "The id {value} stands in row {row} already. Every id may be used once.",
    Column.NAME: "The process {value} stands under the same parent in row {row} already. Without ids, names under one parent have to differ.",
}


def _unique(table: Table, entries: Sequence[Entry], column: Column, value_of: Callable[[Entry], str | None]) -> dict[str, Entry]:
    """Gives the first entry for each value and notes the others as problems."""
    first: dict[str, Entry] = {}
    for entry in entries:
        value = value_of(entry)
        if value is None or first.setdefault(value, entry) is entry:
            continue
        shown = entry.name if column is Column.NAME else value
        table.refuse(_REPEATED_TEXTS[column].format(value=quoted(shown), row=first[value].row + 1), entry.row, column)
    return first


def _refuse_same_place(table: Table, by_code: Mapping[str, Entry]) -> None:
    """Notes "1" beside "1.0": both would be the parent of "1.1"."""
    if _has_parent_column(table):
        return
    for code, entry in by_code.items():
        twin = by_code.get(f"{code}.0") if "." not in code else None
        if twin is not None:
            table.refuse(f'"{twin.code}" and "{code}" (row {entry.row + 1}) are the same place. Keep one of them.', twin.row, Column.CODE)


def _has_parent_column(table: Table) -> bool:
    return not table.header.columns.keys().isdisjoint({Column.PARENT, Column.PARENT_ID})


def _parents(table: Table, entries: Sequence[Entry], by_code: Mapping[str, Entry]) -> dict[str, str | None]:
    """Gives the parent's code of each code; entries without their parent are left out and noted."""
    stated = any(entry.parent for entry in entries)
    by_id = {entry.stable_id: entry.code for entry in entries if entry.stable_id is not None}
    parents: dict[str, str | None] = {}
    for entry in by_code.values():
        names = entry.parent if stated else parent_codes(entry.code)
        if not names:
            parents[entry.code] = None
            continue
        found = _resolved(table, entry, names, by_code, by_id)
        if found is not None:
            parents[entry.code] = found
    _warn_of_odd_roots(table, entries, parents, by_code, stated=stated)
    return parents


def _resolved(table: Table, entry: Entry, names: tuple[str, ...], by_code: Mapping[str, Entry], by_id: Mapping[str, str]) -> str | None:
    column = next(
        (column for column in (Column.PARENT_ID, Column.PARENT) if entry.parent and table.cell(entry.row, column) != ""), Column.CODE
    )
    codes = [name for name in names if name in by_code]
    ids = [by_id[name] for name in names if name in by_id] if column is not Column.CODE else []
    found = ids + codes if column is Column.PARENT_ID else codes + ids
    if not found:
        table.refuse(f"The parent {quoted(names[-1] if column is Column.CODE else names[0])} is not in the file.", entry.row, column)
        return None
    if column is Column.PARENT and len(codes) > 1 and names[1] == f"{names[0]}0":
        table.refuse(
            f"The parent is kept as the number {names[0]}, which may mean {codes[0]} or {codes[1]}. Format the column as Text and type it again.",
            entry.row,
            column,
        )
        return None
    return found[0]


def _warn_of_odd_roots(
    table: Table, entries: Sequence[Entry], parents: Mapping[str, str | None], by_code: Mapping[str, Entry], *, stated: bool
) -> None:
    roots = [entry for entry in entries if parents.get(entry.code, "") is None]
    if not stated and len(entries) > 1 and len(roots) == len(entries):
        table.warn("All processes are on the top level: there is no parent column, and the codes have no dots.")
    for entry in roots if stated else ():
        if any(name in by_code for name in parent_codes(entry.code)):
            table.warn(
                f"The process {quoted(entry.code)} has no parent here, so it is on the top level, unlike its code.",
                entry.row,
                Column.PARENT,
            )


def _depths(table: Table, parents: Mapping[str, str | None], by_code: Mapping[str, Entry], limits: Limits) -> dict[str, int]:
    """Gives the level of each code; codes in or below a cycle, or below a missing parent, have none. Cycles are noted."""
    depths: dict[str, int] = {}
    lost: set[str] = set()
    for start in parents:
        chain: dict[str, None] = {}
        code: str | None = start
        while code is not None and code not in depths and code not in lost and code in parents and code not in chain:
            chain[code] = None
            code = parents[code]
        if code is not None and code not in depths:
            if code in chain:
                _refuse_cycle(table, [*chain][[*chain].index(code) :], by_code)
            lost.update(chain)
            continue
        depth = 0 if code is None else depths[code]
        for distance, passed in enumerate(reversed(chain), start=1):
            depths[passed] = depth + distance
    for code, depth in depths.items():
        if depth == limits.max_levels + 1:
            table.refuse(f"The process is on level {depth}; up to {limits.max_levels} levels are read.", by_code[code].row, Column.CODE)
    return depths


def _refuse_cycle(table: Table, codes: list[str], by_code: Mapping[str, Entry]) -> None:
    shown = codes if len(codes) <= 10 else [*codes[:9], "…"]
    column = Column.PARENT_ID if Column.PARENT_ID in table.header.columns else Column.PARENT
    table.refuse(f"The parents go in a circle: {' → '.join([*shown, codes[0]])}. Correct one of them.", by_code[codes[0]].row, column)


def _identities(entries: Sequence[Entry], parents: Mapping[str, str | None]) -> dict[str, str]:
    """Gives what makes each code's node the same in another edition: its id, else the names on the way to it."""
    names = {entry.code: entry.name for entry in entries}
    identities = {}
    for entry in entries:
        path = [entry.name]
        code = parents[entry.code]
        while code is not None:
            path.append(names[code])
            code = parents[code]
        identities[entry.code] = entry.stable_id or _shortened(_PATH_SEPARATOR.join(reversed(path)))
    return identities


def _shortened(path: str) -> str:
    """Keeps an identity short enough for a database index; the hash keeps it different from others."""
    if len(path) <= _MAX_IDENTITY_CHARS:
        return path
    digest = hashlib.sha256(path.encode()).hexdigest()[:32]
    return f"{path[: _MAX_IDENTITY_CHARS - 40]}… {digest}"
