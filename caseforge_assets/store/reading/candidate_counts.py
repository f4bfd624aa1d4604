"""How many candidates are meant, by what lists are filtered by: from counts that are kept, or where these do not tell, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.reading.candidate_filters import CandidateFilter, Conditions, conditions


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates that have framework, stage, origin and all columns in common; `count` is how many of them are meant."""

    id: int
    framework_key: str
    stage: str
    simulated: bool
    values: Mapping[str, str | None]
    count: int


@dataclass(frozen=True)
class Facets:
    """Candidates by what lists are filtered by. Of a column, the counts are those without its own filter, so that another value can be chosen.

    Attributes:
        total: How many are meant.
        values: By column, candidates by value; None: without one.
        branches: By code and name of the first level, and framework.
        tens: By the score's ten; None: not measured.
    """

    total: int
    values: Mapping[str, Mapping[str | None, int]]
    frameworks: Mapping[str, int]
    stages: Mapping[str, int]
    simulated: Mapping[bool, int]
    owners: Mapping[str, int]
    branches: Mapping[tuple[str, str, str], int]
    tens: Mapping[int | None, int]


_GROUP, _OWNER, _ROOT, _TENS = 0b0111, 0b1011, 0b1101, 0b1110  # sets of columns to group by: a bit for each that is not in it
_CHOSEN = "join caseforge.candidate_group g on g.id = {row}.group_id and {group}"
_COUNTED = (
    "(select c.group_id, c.root_id, c.owner, c.tens, c.count from caseforge.candidate_count c {chosen} where c.count > 0 and {condition})"
)
_ROWS = """(select r.group_id, r.root_id, r.owner, case when r.score < 0 then -10 else least(r.score / 10 * 10, 90) end as tens, 1 as count
    from caseforge.candidate_row r {chosen} where {condition})"""


def groups(connection: Connection, asked: Conditions) -> list[Group]:
    """The groups that have candidates that are meant, with how many."""
    query = text(f"""
    select g.id as group_id, g.framework_key as group_framework, g.stage, g.simulated, g.values, c.n, {_GROUP} as set
    from (select c.group_id, sum(c.count) as n from {_source(asked)} c group by 1) c join caseforge.candidate_group g on g.id = c.group_id
    """)
    return _groups(connection.execute(query, asked.values).all())


_COUNT = """
with found as (
    select c.group_id, c.owner, c.root_id, c.tens, sum(c.count) as n, grouping(c.group_id, c.owner, c.root_id, c.tens) as set
    from {source} c group by grouping sets ((c.group_id), (c.owner), (c.root_id), (c.tens)))
select found.*, g.framework_key as group_framework, g.stage, g.simulated, g.values, nv.code, nv.name, nv.framework_key
from found left join caseforge.candidate_group g on g.id = found.group_id left join caseforge.current_node nv on nv.node_id = found.root_id
order by nv.framework_key, nv.position, found.tens, found.n desc
"""


def _groups(rows: Sequence[Any]) -> list[Group]:
    return [
        Group(row.group_id, row.group_framework, row.stage, row.simulated, row._mapping["values"], int(row.n))
        for row in rows
        if row.set == _GROUP
    ]


def _source(asked: Conditions) -> str:
    row, form, condition = ("r", _ROWS, asked.row) if asked.count is None else ("c", _COUNTED, asked.count)
    chosen = "" if asked.group == "true" else _CHOSEN.format(row=row, group=asked.group)
    return form.format(chosen=chosen, condition=condition)


def facets(connection: Connection, meant: CandidateFilter, matches: str = "") -> Facets:
    """Counts what is meant by every column, framework, stage, origin, owner, branch and ten of the score.

    Args:
        matches: as for `conditions`.
    """
    asked = conditions(connection, meant, matches)
    query = text(_COUNT.format(source=_source(asked)))
    rows = connection.execute(query, asked.values).all()
    chosen = _groups(rows)
    found = groups(connection, conditions(connection, replace(meant, values={}), matches)) if meant.values else chosen
    columns = dict.fromkeys(column for group in found for column in group.values)
    values = {
        column: _sum(
            (group.values.get(column), group.count)
            for group in found
            if _fits(group, {k: v for k, v in meant.values.items() if k != column})
        )
        for column in columns
    }
    return Facets(
        total=sum(group.count for group in chosen),
        values=values,
        frameworks=_sum((group.framework_key, group.count) for group in chosen),
        stages=_sum((group.stage, group.count) for group in chosen),
        simulated=_sum((group.simulated, group.count) for group in chosen),
        owners={row.owner: int(row.n) for row in rows if row.set == _OWNER},
        branches={(row.framework_key, row.code, row.name): int(row.n) for row in rows if row.set == _ROOT},
        tens={None if row.tens < 0 else row.tens: int(row.n) for row in rows if row.set == _TENS},
    )


def _fits(group: Group, values: Mapping[str, Any]) -> bool:
    return all(group.values.get(column) in wanted for column, wanted in values.items())


def _sum(pairs: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    counts: Counter[Any] = Counter()
    for value, count in pairs:
        counts[value] += count
    return dict(counts.most_common())
