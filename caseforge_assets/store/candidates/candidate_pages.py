"""Pages of candidates, sorted by any columns both ways.

Candidates with the same columns form a group, and groups are few. So they are sorted by columns, group by group, and only from the groups
that come first are rows read, from an index that has them in order: the last page costs what the first one does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.candidates.candidate_counts import Group
from caseforge_assets.store.candidates.candidate_filters import Conditions

SCORE, PLACE = "score", "place"
FEW_ROWS = 6_000  # are sorted as they are
_LEAST, _MOST = -(1 << 62), 1 << 62


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column, `score` or `place` (the framework's order), upwards or downwards."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A candidate's place in an order: its columns' values before and after the score, the score, and its place in the framework."""

    before: Sequence[str | None]
    score: int
    after: Sequence[str | None]
    place: int


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A candidate by id, with where it stands."""

    candidate_id: int
    at: Place


@dataclass(frozen=True)
class Order:
    """An order of candidates: by columns, then by score where that is asked for, then by further columns, and last in the framework's order.

    Attributes:
        score: Whether the score counts, and whether downwards; None: it does not.
        descending: Whether the framework's order is turned round; where scores count, as these are.
        levels: By column, values in their order, lowest first; others are sorted as texts.
    """

    before: tuple[SortKey, ...] = ()
    score: bool | None = None
    after: tuple[SortKey, ...] = ()
    descending: bool = False
    levels: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, keys: Sequence[SortKey], levels: Mapping[str, Sequence[str]]) -> Order:
        """The order that keys mean; what comes after the framework's order changes nothing."""
        names = [key.name for key in keys]
        if PLACE in names:
            keys = keys[: names.index(PLACE) + 1]
        turned = any(key.name == PLACE and key.descending for key in keys)
        columns = [key for key in keys if key.name != PLACE]
        at = next((number for number, key in enumerate(columns) if key.name == SCORE), None)
        if at is None:
            return cls(tuple(columns), None, (), turned, levels)
        score = columns[at].descending
        return cls(tuple(columns[:at]), score, tuple(columns[at + 1 :]), score, levels)


def candidate_page(
    connection: Connection, asked: Conditions, order: Order, after: Place | None, limit: int, known: Callable[[], list[Group]]
) -> list[PlacedRow]:
    """The next candidates that are meant, in an order; `limit` of them at most.

    Args:
        known: gives the groups that have candidates that are meant, where they are needed.
    """
    if not order.before and not order.after:
        return _by_index(connection, asked, order, after, limit, known)
    found = known()
    ranked = _rank(found, order, after)
    if sum(ranked_group.group.count for ranked_group in ranked) <= FEW_ROWS:
        return _rows(connection, asked, order, ranked, limit, whole=True)
    rows: list[PlacedRow] = []
    for part in _parts(ranked, limit):
        rows += _rows(connection, asked, order, part, limit - len(rows), whole=False)
        if len(rows) >= limit:
            break
    return rows


def _by_index(
    connection: Connection, asked: Conditions, order: Order, after: Place | None, limit: int, known: Callable[[], list[Group]]
) -> list[PlacedRow]:
    """Without columns to sort by, rows are read as an index has them."""
    chosen = [] if asked.group == "true" else [group.id for group in known()]
    narrow = "" if asked.group == "true" else "and r.group_id = any(:groups)"
    sign, turn = ("<", "desc") if order.descending else (">", "")
    beyond = "true" if after is None else f"r.place {sign} :place" if order.score is None else f"(r.score, r.place) {sign} (:score, :place)"
    sorting = f"r.place {turn}" if order.score is None else f"r.score {turn}, r.place {turn}"
    query = text(f"""
    select r.candidate_id, r.score, r.place from caseforge.candidate_row r where {asked.row} {narrow} and {beyond} order by {sorting} limit :limit
    """)
    start = {} if after is None else {"place": after.place, "score": after.score}
    rows = connection.execute(query, asked.values | start | {"limit": limit, "groups": chosen})
    return [PlacedRow(row.candidate_id, Place((), row.score, (), row.place)) for row in rows]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A group with its ranks before and after the score, and the score and place after which its rows stand."""

    group: Group
    before: int
    after: int
    score: int
    place: int


def _rank(found: Sequence[Group], order: Order, start: Place | None) -> list[_Ranked]:
    """The groups in their order, without those that were given already."""
    at, then = (None, None) if start is None else (tuple(start.before), tuple(start.after))
    before = _ranks([tuple(group.values.get(key.name) for key in order.before) for group in found], order.before, order, at)
    later = _ranks([tuple(group.values.get(key.name) for key in order.after) for group in found], order.after, order, then)
    first, last = (_MOST, _LEAST) if order.descending else (_LEAST, _MOST)
    ranked = []
    for group in found:
        rank = before[tuple(group.values.get(key.name) for key in order.before)]
        follows = later[tuple(group.values.get(key.name) for key in order.after)]
        score, place = first, first
        if start is not None and at is not None and then is not None:
            if rank < before[at]:
                continue
            if rank == before[at]:
                score, place = start.score, start.place if follows == later[then] else first if follows > later[then] else last
        ranked.append(_Ranked(group, rank, follows, max(min(score, 1_000), -1_000), place))
    return sorted(ranked, key=lambda ranked_group: (ranked_group.before, ranked_group.after))


def _ranks(
    found: Sequence[tuple[str | None, ...]], keys: Sequence[SortKey], order: Order, start: Sequence[str | None] | None
) -> dict[tuple[str | None, ...], int]:
    """Ranks of combinations of values; that of the cursor is among them, also where no group has it any more."""
    every = {*found, *([tuple(start)] if start is not None else [])}
    orders = []
    for number, key in enumerate(keys):
        values = sorted({row[number] for row in every}, key=lambda value: _value_order(value, order.levels.get(key.name, ())))
        orders.append({value: -place if key.descending else place for place, value in enumerate(values)})
    return {
        row: rank
        for rank, (_, tied) in enumerate(
            groupby(
                sorted(every, key=lambda row: _places(row, orders)),
                key=lambda row: _places(row, orders),
            )
        )
        for row in tied
    }


def _places(values: tuple[str | None, ...], orders: Sequence[Mapping[str | None, int]]) -> tuple[int, ...]:
    return tuple(places[value] for value, places in zip(values, orders, strict=True))


def _value_order(value: str | None, levels: Sequence[str]) -> tuple[int, int, str]:
    """Levels in their order, then other values as texts, then none."""
    if value is None:
        return 2, 0, ""
    return (0, levels.index(value), "") if value in levels else (1, 0, value)


def _parts(ranked: Sequence[_Ranked], limit: int) -> list[list[_Ranked]]:
    """Groups of the same rank stay together; as many ranks as should fill the page, then twice as many, and so on."""
    parts: list[list[_Ranked]] = [[]]
    wanted, held = limit, 0
    for number, (_, tied) in enumerate(groupby(ranked, key=lambda ranked_group: ranked_group.before)):
        of_rank = list(tied)
        if held >= wanted:
            parts.append([])
            wanted, held = 2 * wanted, 0
        parts[-1] += of_rank
        held += sum(ranked_group.group.count for ranked_group in of_rank) if number or of_rank[0].place in (_LEAST, _MOST) else 0
    return parts


def _rows(
    connection: Connection, asked: Conditions, order: Order, ranked: Sequence[_Ranked], limit: int, *, whole: bool
) -> list[PlacedRow]:
    """The first rows of some groups. `whole`: all their rows are sorted; otherwise the first ones of each are taken from the index."""
    sign, turn = ("<", "desc") if order.descending else (">", "")
    by_score = order.score is not None
    beyond = f"(r.score, r.place) {sign} (o.score, o.place)" if by_score else f"r.place {sign} o.place"
    inner = "" if whole else f"order by {f'r.score {turn}, ' if by_score else ''}r.place {turn} limit :limit"
    query = text(f"""
    select r.candidate_id, r.score, r.place, r.group_id
    from unnest(cast(:groups as bigint[]), cast(:before as int[]), cast(:later as int[]), cast(:scores as int[]), cast(:places as bigint[]))
        as o(group_id, before, later, score, place)
    cross join lateral (
        select r.candidate_id, r.score, r.place, r.group_id from caseforge.candidate_row r
        where r.group_id = o.group_id and {asked.row} and {beyond} {inner}) r
    order by o.before, {f"r.score {turn}, " if by_score else ""}o.later, r.place {turn} limit :limit
    """)
    values = asked.values | {
        "groups": [ranked_group.group.id for ranked_group in ranked],
        "before": [ranked_group.before for ranked_group in ranked],
        "later": [ranked_group.after for ranked_group in ranked],
        "scores": [ranked_group.score for ranked_group in ranked],
        "places": [ranked_group.place for ranked_group in ranked],
        "limit": limit,
    }
    of = {ranked_group.group.id: ranked_group.group.values for ranked_group in ranked}
    return [PlacedRow(row.candidate_id, _place(row, of[row.group_id], order)) for row in connection.execute(query, values)]


def _place(row: Any, values: Mapping[str, str | None], order: Order) -> Place:
    before = [values.get(key.name) for key in order.before]
    return Place(before, row.score, [values.get(key.name) for key in order.after], row.place)
