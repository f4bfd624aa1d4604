"""Counts the candidates that are meant, by what lists are filtered by: from counts that are kept or, where these do not tell, from rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.candidates.candidate_filters import TENS, Conditions
from caseforge_assets.store.schema.constants import PLANNED_ONCE


@dataclass(frozen=True, slots=True)
class Group:
    """Candidates that have framework, stage, origin and all columns in common; `count` is how many of them are meant."""

    id: int
    framework_key: str
    stage: str
    simulated: bool
    values: Mapping[str, str | None]
    count: int


OWNER, ROOT, TEN = "owner", "root_id", "tens"  # by what counts are kept
_CHOSEN = "join caseforge.candidate_group g on g.id = {row}.group_id and {group}"
_COUNTED = (
    "select c.group_id, c.root_id, c.owner, c.tens, c.count from caseforge.candidate_count c {chosen} where c.count > 0 and {condition}"
)
_ROWS = f"select r.group_id, r.root_id, r.owner, {TENS} as tens, 1 as count from caseforge.candidate_row r {{chosen}} where {{condition}}"
_LESS = f""" union all select r.group_id, r.root_id, r.owner, {TENS}, -1 from caseforge.use_case u
    join caseforge.candidate_row r on r.candidate_id = u.candidate_id {{chosen}} where {{others}} and {{less}}"""


def groups(connection: Connection, asked: Conditions) -> list[Group]:
    """The groups that have candidates that are meant, with how many."""
    query = text(f"""
    select g.id, g.framework_key, g.stage, g.simulated, g.values, cast(c.n as int)
    from (select c.group_id, sum(c.count) as n from {_source(asked)} c group by 1 having sum(c.count) > 0) c
    join caseforge.candidate_group g on g.id = c.group_id order by c.n desc, g.id
    """)
    return [Group(*row) for row in connection.execute(query, asked.values)]


def count_by(connection: Connection, asked: Conditions, columns: Sequence[str]) -> dict[str, dict[Any, int]]:
    """Gives what is meant, counted by each of these columns: by one value of it, how many."""
    if not columns:
        return {}
    named = ", ".join(columns)
    query = text(f"""
    select {named}, grouping({named}) as without, cast(sum(c.count) as int) as n from {_source(asked)} c
    group by grouping sets ({", ".join(f"({column})" for column in columns)}) having sum(c.count) > 0 order by n desc
    """)
    every = (1 << len(columns)) - 1
    # In `without`, the first column is the highest bit, and 1 says that it was not grouped by.
    bits = {every ^ (1 << (len(columns) - 1 - number)): column for number, column in enumerate(columns)}
    found: dict[str, dict[Any, int]] = {column: {} for column in columns}
    for row in connection.execute(query, asked.values).mappings():
        column = bits[row["without"]]
        found[column][row[column]] = row["n"]
    return found


def count_pairs(connection: Connection, asked: Conditions, column: str) -> dict[tuple[int, Any], int]:
    """Gives what is meant, counted by group and one of the other columns."""
    query = text(f"select c.group_id, c.{column}, cast(sum(c.count) as int) from {_source(asked)} c group by 1, 2 having sum(c.count) > 0")
    return {(group_id, value): count for group_id, value, count in connection.execute(query, asked.values)}


def _source(asked: Conditions) -> str:
    row, form, condition = ("r", _ROWS, asked.row) if asked.count is None else ("c", _COUNTED, asked.count)
    source = form.format(chosen=_chosen(asked, row), condition=condition)
    if asked.count is not None and asked.less:
        source += _LESS.format(chosen=_chosen(asked, "r"), others=asked.others, less=asked.less)
    return f"({source})"


def _chosen(asked: Conditions, row: str) -> str:
    return "" if asked.group == "true" else _CHOSEN.format(row=row, group=asked.group)


_ROOTS = text("""
select nv.node_id, nv.framework_key, nv.code, nv.name from caseforge.current_node nv where nv.node_id = any(:ids) order by nv.framework_key, nv.position
""").execution_options(**PLANNED_ONCE)


def named_branches(connection: Connection, root_ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    """Framework, code and name of nodes of the first level, in the order of their frameworks."""
    return {row.node_id: (row.framework_key, row.code, row.name) for row in connection.execute(_ROOTS, {"ids": list(root_ids)})}
