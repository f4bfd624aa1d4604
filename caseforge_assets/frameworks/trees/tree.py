"""Entries with their parents become nodes: what is wrong with codes, ids and parents taken together, and what a node has from those above it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from caseforge_assets.frameworks.keys import key_of
from caseforge_assets.frameworks.normalize import identifying
from caseforge_assets.frameworks.problems import quoted, row_list
from caseforge_assets.frameworks.records import Kpi, Limits, Node
from caseforge_assets.frameworks.tables.cells import Table
from caseforge_assets.frameworks.tables.codes import made_codes
from caseforge_assets.frameworks.tables.columns import Column, map_hint
from caseforge_assets.frameworks.tables.entries import Entry
from caseforge_assets.frameworks.trees.hierarchy import Arranged
from caseforge_assets.frameworks.trees.parents import LOST
from caseforge_assets.wording import counted

_PATH_SEPARATOR = " › "
_MAX_IDENTITY_CHARS = 400
# Where as large a share of a column's values is repeated, it holds something else than codes or ids.
_MOSTLY = 0.5
# Where as large a share of a column's values stand there once, each row has its own.
_OWN = 0.9


def build_nodes(table: Table, arranged: Arranged, kpis: Mapping[int, Sequence[Kpi]], limits: Limits) -> tuple[Node, ...]:
    """Builds the nodes of an edition, in the order of the entries.

    Args:
        table: Where the entries come from; problems are noted there.
        arranged: All readable entries, with their parents. Where they have no codes, these are made.
        kpis: By row of the entry.
        limits: For the depth of the tree.

    Returns:
        The nodes; empty if the entries do not make a tree, with the problems noted.
    """
    entries, parents = arranged.entries, arranged.parents
    has_own_codes = _refuse_repeated(table, entries, Column.CODE, [entry.code or None for entry in entries])
    _refuse_repeated(table, entries, Column.ID, [entry.stable_id for entry in entries])
    depths = _depths(table, entries, parents, limits)
    if not has_own_codes or len(depths) != len(entries) or max(depths.values(), default=0) > limits.max_levels:
        return ()
    if not arranged.has_codes:
        entries = [replace(entry, code=code) for entry, code in zip(entries, made_codes(parents), strict=True)]
    identities = _identities(entries, parents)
    _refuse_repeated(
        table,
        entries,
        Column.NAME,
        [name if entry.name and not entry.stable_id else None for entry, name in zip(entries, identities, strict=True)],
    )
    _refuse_repeated(table, entries, Column.CODE, [key_of(entry.code, entry.stable_id) for entry in entries])
    _warn_of_namesakes(table, entries, parents)
    return _nodes(entries, parents, depths, identities, kpis)


def _nodes(
    entries: Sequence[Entry],
    parents: Sequence[int | None],
    depths: Mapping[int, int],
    identities: Sequence[str],
    kpis: Mapping[int, Sequence[Kpi]],
) -> tuple[Node, ...]:
    with_children, owners = set(parents), _owners(entries, parents, depths)
    return tuple(
        Node(
            code=entry.code,
            name=entry.name,
            description=entry.description,
            stable_id=entry.stable_id,
            identity=identities[position],
            level=depths[position],
            parent_code=None if (parent := parents[position]) is None else entries[parent].code,
            position=position,
            is_leaf=position not in with_children,
            kpis=tuple(kpis.get(entry.row, ())),
            owner=owners[position],
        )
        for position, entry in enumerate(entries)
    )


_REPEATED_TEXTS = {
    Column.CODE: "The code {value} stands in row {row} already. Every code may be used once; was 1.10 shortened to 1.1?",
    Column.ID: "The id {value} stands in row {row} already. Every id may be used once.",
    Column.NAME: "The process {value} stands under the same parent in row {row} already. Without ids, names under one parent have to differ.",
}


def _refuse_repeated(table: Table, entries: Sequence[Entry], column: Column, values: Sequence[str | None]) -> bool:
    """Notes entries whose value an entry above has already, and says whether there is none; where most have, once."""
    first: dict[str, Entry] = {}
    again = [
        (entry, value)
        for entry, value in zip(entries, values, strict=True)
        if value is not None and first.setdefault(value, entry) is not entry
    ]
    if len(again) > max(10, _MOSTLY * len(entries)) and column is not Column.NAME:
        table.refuse(
            f"{len(again):,} of {counted(len(entries), 'row has', 'rows have')} a value here that stands above already, so the column holds something else than "
            f"{'codes' if column is Column.CODE else 'ids'}. If it is a level of the hierarchy, name all of these with "
            f"{_levels_hint(table)}; if another column is meant, with {map_hint(column.field, _other_code(table, column))}.",
            again[0][0].row,
            column,
        )
        return False
    for entry, value in again:
        shown = entry.name if column is Column.NAME else value
        row = table.sheet.row_number(first[value].row)
        table.refuse(_REPEATED_TEXTS[column].format(value=quoted(shown), row=row), entry.row, column)
    return not again


def _levels_hint(table: Table) -> str:
    """Gives the option that takes what repeats itself, and what does not, for two levels, where the table has both: names of occupations, or codes, and tasks."""
    rows = range(table.header.row + 1, len(table.sheet.rows))
    titles = table.header.titles

    def has_own(place: int) -> bool:
        texts = [text for row in rows if " " in (text := str(table.sheet.cell(row, place)).strip())]
        return bool(texts) and len(set(texts)) > _OWN * len(rows)

    if Column.NAME in titles and Column.CODE in titles and has_own(table.header.columns[Column.NAME]):
        return f"{map_hint('level1', titles[Column.CODE])} {map_hint('level2', titles[Column.NAME])}"
    own = next((title for place, title in table.header.unknown.items() if has_own(place)), None)
    if own is not None:
        return f"{map_hint('level1', titles.get(Column.NAME, 'HEADER'))} {map_hint('level2', own)}"
    return f"{map_hint('level1', 'HEADER')} {map_hint('level2', 'HEADER')}"


def _other_code(table: Table, column: Column) -> str:
    return table.header.titles.get(Column.ID, "HEADER") if column is Column.CODE else "HEADER"


def _depths(table: Table, entries: Sequence[Entry], parents: Sequence[int | None], limits: Limits) -> dict[int, int]:
    """Gives the level of each position; what is in or below a cycle, or below a missing parent, has none. Cycles are noted."""
    depths: dict[int, int] = {}
    lost: set[int] = {LOST}
    for start in range(len(entries)):
        chain: dict[int, None] = {}
        position: int | None = start
        while position is not None and position not in depths and position not in lost and position not in chain:
            chain[position] = None
            position = parents[position]
        if position is not None and position not in depths:
            if position in chain:
                _refuse_cycle(table, [entries[place] for place in [*chain][[*chain].index(position) :]])
            lost.update(chain)
            continue
        depth = 0 if position is None else depths[position]
        for distance, passed in enumerate(reversed(chain), start=1):
            depths[passed] = depth + distance
    for position, depth in depths.items():
        if depth == limits.max_levels + 1:
            what = f"The process is on level {depth}; up to {limits.max_levels} levels are read."
            table.refuse(what, entries[position].row, Column.CODE if entries[position].code else Column.NAME)
    return depths


def _refuse_cycle(table: Table, circle: Sequence[Entry]) -> None:
    names = [entry.code or entry.name for entry in circle]
    shown = names if len(names) <= 10 else [*names[:9], "…"]
    column = Column.PARENT_ID if Column.PARENT_ID in table.header.columns else Column.PARENT
    table.refuse(f"The parents go in a circle: {' → '.join([*shown, names[0]])}. Correct one of them.", circle[0].row, column)


def _identities(entries: Sequence[Entry], parents: Sequence[int | None]) -> list[str]:
    """Gives what makes each node the same in another edition: its id, else the names on the way to it."""
    names = [identifying(entry.name) for entry in entries]
    identities = []
    for start, entry in enumerate(entries):
        path = [names[start]]
        position = parents[start]
        while position is not None:
            path.append(names[position])
            position = parents[position]
        identities.append(entry.stable_id or _shortened(_PATH_SEPARATOR.join(reversed(path))))
    return identities


def _owners(entries: Sequence[Entry], parents: Sequence[int | None], depths: Mapping[int, int]) -> list[str]:
    """Gives each node's owner: the one of its row, else that of the nearest node above it that has one."""
    owners = [entry.owner for entry in entries]
    for position in sorted(depths, key=lambda place: depths[place]):
        parent = parents[position]
        if not owners[position] and parent is not None:
            owners[position] = owners[parent]
    return owners


def _warn_of_namesakes(table: Table, entries: Sequence[Entry], parents: Sequence[int | None]) -> None:
    """Warns of an only child that is called like its parent: the same process twice, for content as for its price."""
    children: dict[int, list[int]] = {}
    for position, parent in enumerate(parents):
        if parent is not None:
            children.setdefault(parent, []).append(position)
    namesakes = [
        own[0]
        for parent, own in children.items()
        if len(own) == 1 and identifying(entries[own[0]].name).casefold() == identifying(entries[parent].name).casefold()
    ]
    if namesakes:
        rows = row_list(table.sheet.row_number(entries[position].row) for position in namesakes)
        table.warn(
            f"{len(namesakes):,} {'process is the only one' if len(namesakes) == 1 else 'processes are the only ones'} below another of the same name ({rows}); "
            "both are read.",
            entries[namesakes[0]].row,
            Column.NAME,
        )


def _shortened(path: str) -> str:
    """Keeps an identity short enough for a database index; the hash keeps it different from others."""
    if len(path) <= _MAX_IDENTITY_CHARS:
        return path
    digest = hashlib.sha256(path.encode()).hexdigest()[:32]
    return f"{path[: _MAX_IDENTITY_CHARS - 40]}… {digest}"
