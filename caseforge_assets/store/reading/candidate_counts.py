"""How many candidates are meant, by what lists are filtered by: from counts that are kept, or where these do not tell, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
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


_CHOSEN = "group_id = any(array(select g.id from caseforge.candidate_group g where {group}))"
_COUNTED = "(select c.group_id, c.root_id, c.owner, c.tens, c.count from caseforge.candidate_count c where c.count > 0 and c.{chosen} and {condition})"
_ROWS = """(select r.group_id, r.root_id, r.owner, case when r.score < 0 then -10 else least(r.score / 10 * 10, 90) end as tens, 1 as count
    from caseforge.candidate_row r where r.{chosen} and {condition})"""


def groups(connection: Connection, asked: Conditions) -> list[Group]:
    """The groups that have candidates that are meant, with how many."""
    query = text(f"""
    select g.id, g.framework_key, g.stage, g.simulated, g.values, c.n
    from (select c.group_id, sum(c.count) as n from {_source(asked)} c group by 1) c join caseforge.candidate_group g on g.id = c.group_id
    """)
    return [Group(row[0], row[1], row[2], row[3], row[4], int(row[5])) for row in connection.execute(query, asked.values)]


def _source(asked: Conditions) -> str:
    chosen = _CHOSEN.format(group=asked.group)
    if asked.count is not None:
        return _COUNTED.format(chosen=chosen, condition=asked.count)
    return _ROWS.format(chosen=chosen, condition=asked.row)


def facets(connection: Connection, meant: CandidateFilter, matches: str = "") -> Facets:
    """Counts what is meant by every column, framework, stage, origin, owner, branch and ten of the score.

    Args:
        matches: as for `conditions`.
    """
    without_values = conditions(connection, replace(meant, values={}), matches)
    found = groups(connection, without_values)
    chosen = [group for group in found if _fits(group, meant.values)]
    columns = dict.fromkeys(column for group in found for column in group.values)
    values = {
        column: _sum(
            (group.values.get(column), group.count)
            for group in found
            if _fits(group, {k: v for k, v in meant.values.items() if k != column})
        )
        for column in columns
    }
    asked = conditions(connection, meant, matches) if meant.values else without_values
    owners, branches, tens = _others(connection, asked)
    return Facets(
        total=sum(group.count for group in chosen),
        values=values,
        frameworks=_sum((group.framework_key, group.count) for group in chosen),
        stages=_sum((group.stage, group.count) for group in chosen),
        simulated=_sum((group.simulated, group.count) for group in chosen),
        owners=owners,
        branches=branches,
        tens=tens,
    )


def _fits(group: Group, values: Mapping[str, Any]) -> bool:
    return all(group.values.get(column) in wanted for column, wanted in values.items())


def _sum(pairs: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    counts: Counter[Any] = Counter()
    for value, count in pairs:
        counts[value] += count
    return dict(counts.most_common())


def _others(connection: Connection, asked: Conditions) -> tuple[dict[str, int], dict[tuple[str, str, str], int], dict[int | None, int]]:
    query = text(f"""
    with found as (
        select c.owner, c.root_id, c.tens, sum(c.count) as n, grouping(c.owner, c.root_id, c.tens) as set
        from {_source(asked)} c group by grouping sets ((c.owner), (c.root_id), (c.tens)))
    select found.owner, nv.code, nv.name, nv.framework_key, found.tens, found.n, found.set
    from found left join caseforge.current_node nv on nv.node_id = found.root_id order by nv.framework_key, nv.position, found.tens, found.n desc
    """)
    owners, branches, tens = dict[str, int](), dict[tuple[str, str, str], int](), dict[int | None, int]()
    for row in connection.execute(query, asked.values):
        if row.set == 0b011:
            owners[row.owner] = int(row.n)
        elif row.set == 0b101:
            branches[row.framework_key, row.code, row.name] = int(row.n)
        else:
            tens[None if row.tens < 0 else row.tens] = int(row.n)
    return owners, branches, tens
