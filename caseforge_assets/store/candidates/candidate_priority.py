"""Pages of candidates by a priority that the reader weighs, highest first, then in the framework's order.

A priority is made of columns, which the candidates of a group have in common, and of the score. So groups with the same columns that count have the same
priority at each score: these are sorted, and rows are read, from an index that has them by group and score, only where priorities are highest. The last
page costs what the first one does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.curation.columns import EFFORT, RISK, VALUE
from caseforge_assets.curation.priority import Weighed, Weights, weighed
from caseforge_assets.store.candidates.candidate_counts import TEN, Group, count_pairs, groups
from caseforge_assets.store.candidates.candidate_filters import NOT_MEASURED, Conditions

FEW_ROWS = 6_000  # are sorted as they are
_LEAST = -(1 << 62)
_UNKNOWN = -1.0  # the priority where nothing of what counts is known


@dataclass(frozen=True)
class ScoredGroup:
    """A group with its candidates that are meant, counted by the score's ten."""

    group: Group
    tens: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Prioritized:
    """A candidate by id with where it stands; `priority` is -1 where nothing of what counts is known."""

    candidate_id: int
    priority: float
    place: int


def scored_groups(connection: Connection, asked: Conditions) -> list[ScoredGroup]:
    """The groups that have candidates that are meant, with how many by ten."""
    tens: dict[int, dict[int, int]] = {}
    for (group_id, ten), count in count_pairs(connection, asked, TEN).items():
        tens.setdefault(group_id, {})[ten] = count
    return [ScoredGroup(group, tens.get(group.id, {})) for group in groups(connection, asked)]


@dataclass(frozen=True, slots=True)
class Block:
    """Candidates of one priority: of some groups, of one score (all scores where quality has no weight). `guess`: how many there may be; they stand behind a place."""

    priority: float
    group_ids: Sequence[int]
    score: int
    guess: float
    after: int = _LEAST


@dataclass(frozen=True)
class Ranked:
    """Groups with their priorities: `blocks` are those of all scores that they may have, highest priority first."""

    groups: Sequence[ScoredGroup]
    weights: Weights
    blocks: Sequence[Block]


def rank(found: Sequence[ScoredGroup], weights: Weights) -> Ranked:
    """Weighs groups. Few rows need no blocks."""
    few = sum(member.group.count for member in found) <= FEW_ROWS
    return Ranked(found, weights, () if few else _blocks(found, weights))


def priority_page(connection: Connection, asked: Conditions, ranked: Ranked, after: Prioritized | None, limit: int) -> list[Prioritized]:
    """The next candidates that are meant, by priority; `limit` of them at most.

    Args:
        ranked: the groups that have candidates that are meant.
    """
    if not ranked.blocks:
        return _sorted_rows(connection, asked, ranked.weights, ranked.groups, after, limit)
    rows: list[Prioritized] = []
    for part in _parts(_behind(ranked.blocks, after), limit):
        rows += _rows_of_blocks(connection, asked, part, limit - len(rows), by_score=ranked.weights.quality > 0)
        if len(rows) >= limit:
            break
    return rows


def weighed_group(weights: Weights, group: Group) -> Weighed:
    """Gives what the columns of a group make of its candidates' priority."""
    values = group.values
    return weighed(weights, value=values.get(VALUE), effort=values.get(EFFORT), risk=values.get(RISK))


def _blocks(found: Sequence[ScoredGroup], weights: Weights) -> list[Block]:
    classes: dict[Weighed, list[ScoredGroup]] = {}
    for member in found:
        classes.setdefault(weighed_group(weights, member.group), []).append(member)
    blocks = []
    for parts, members in classes.items():
        for score, group_ids, guess in _scores(members, by_score=weights.quality > 0):
            exact = parts.exactly(weights, None if score < 0 else score)
            blocks.append(Block(_UNKNOWN if exact is None else exact, group_ids, score, guess))
    return sorted(blocks, key=lambda block: -block.priority)


def _behind(blocks: Sequence[Block], after: Prioritized | None) -> Sequence[Block]:
    """The blocks that were not given yet; of those at the cursor's priority, what stands behind its place."""
    if after is None:
        return blocks
    first = bisect_left(blocks, -after.priority, key=lambda block: -block.priority)
    end = bisect_right(blocks, -after.priority, key=lambda block: -block.priority)
    return [*(replace(block, after=after.place) for block in blocks[first:end]), *blocks[end:]]


def _scores(members: Sequence[ScoredGroup], *, by_score: bool) -> Iterator[tuple[int, list[int], float]]:
    """Scores that members may have, with the members that may have them and how many candidates that may be."""
    if not by_score:
        yield -1, [member.group.id for member in members], sum(member.group.count for member in members)
        return
    tens: dict[int, dict[int, int]] = {}
    for member in members:
        for ten, count in member.tens.items():
            tens.setdefault(ten, {})[member.group.id] = count
    for ten, having in tens.items():
        scores = [-1] if ten == NOT_MEASURED else range(ten, 101 if ten == 90 else ten + 10)
        group_ids, guess = list(having), sum(having.values()) / len(scores)
        for score in scores:
            yield score, group_ids, guess


def _parts(blocks: Sequence[Block], limit: int) -> Iterator[list[Block]]:
    """Blocks of one priority stay together; as many as should fill the page, then twice as many, and so on."""
    part, held, wanted = list[Block](), 0.0, limit
    for number, block in enumerate(blocks):
        if held >= wanted and block.priority != blocks[number - 1].priority:
            yield part
            part, held, wanted = [], 0.0, 2 * wanted
        part.append(block)
        held += block.guess
    if part:
        yield part


def _rows_of_blocks(connection: Connection, asked: Conditions, blocks: Sequence[Block], limit: int, *, by_score: bool) -> list[Prioritized]:
    """The first rows of some blocks: of each group and score, the first ones from the index."""
    query = text(f"""
    select r.candidate_id, o.priority, r.place
    from unnest(cast(:group_ids as bigint[]), cast(:priorities as double precision[]), cast(:scores as smallint[]), cast(:places as bigint[]))
        as o(group_id, priority, score, place)
    cross join lateral (
        select r.candidate_id, r.place from caseforge.candidate_row r
        where r.group_id = o.group_id {"and r.score = o.score" if by_score else ""} and {asked.row} and r.place > o.place
        order by r.place limit :limit) r
    order by o.priority desc, r.place limit :limit
    """)
    each = [(group_id, block) for block in blocks for group_id in block.group_ids]
    values = asked.values | {
        "group_ids": [group_id for group_id, _ in each],
        "priorities": [block.priority for _, block in each],
        "scores": [block.score for _, block in each],
        "places": [block.after for _, block in each],
        "limit": limit,
    }
    return [Prioritized(*row) for row in connection.execute(query, values)]


def _sorted_rows(
    connection: Connection, asked: Conditions, weights: Weights, found: Sequence[ScoredGroup], after: Prioritized | None, limit: int
) -> list[Prioritized]:
    """The first of few rows, which are sorted whole; the database makes the same quotient as `Weighed`."""
    query = text(f"""
    select s.candidate_id, s.priority, s.place from (
        select r.candidate_id, r.place, coalesce(
            cast(o.points + case when r.score < 0 then 0 else :quality * r.score end as double precision)
            / nullif(o.total + case when r.score < 0 then 0 else :quality end, 0), {_UNKNOWN}) as priority
        from unnest(cast(:group_ids as bigint[]), cast(:points as int[]), cast(:totals as int[])) as o(group_id, points, total)
        join caseforge.candidate_row r on r.group_id = o.group_id where {asked.row}) s
    where cast(:priority as double precision) is null or s.priority < :priority or (s.priority = :priority and s.place > :place)
    order by s.priority desc, s.place limit :limit
    """)
    parts = [weighed_group(weights, member.group) for member in found]
    values: dict[str, Any] = asked.values | {
        "group_ids": [member.group.id for member in found],
        "points": [member.points for member in parts],
        "totals": [member.total for member in parts],
        "quality": weights.quality,
        "priority": None if after is None else after.priority,
        "place": 0 if after is None else after.place,
        "limit": limit,
    }
    return [Prioritized(*row) for row in connection.execute(query, values)]
