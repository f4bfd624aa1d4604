"""Notes and takes the nodes whose rows in lists are to be made anew: triggers note them in the transaction of each change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.store.reading.branches import remake_branches
from caseforge_assets.store.schema.constants import PLANNED_ONCE

PIECE_NODES = 300
MOST_NOTES = 3_000


@dataclass(frozen=True, slots=True)
class Behind:
    """Tells of `lists` that do not show all changes yet, and of `texts` that the search does not find yet."""

    lists: bool
    texts: bool


@dataclass(frozen=True, slots=True)
class DueNodes:
    """Nodes of a framework whose rows are to be made anew."""

    framework_key: str
    node_ids: Sequence[int]


_BEHIND = text("""
select exists (select 1 from caseforge.reading_due), exists (select 1 from caseforge.found_text where words is null)
""").execution_options(**PLANNED_ONCE)


def behind(connection: Connection) -> Behind:
    """Tells whether anything is to be done."""
    return Behind(*connection.execute(_BEHIND).one())


def note_all(connection: Connection) -> None:
    """Has the rows of all frameworks made anew, as after a restore, in which triggers note nothing."""
    connection.execute(text("insert into caseforge.reading_due (framework_key) select key from caseforge.framework"))


def note_framework(connection: Connection, key: str) -> None:
    """Has all rows of a framework made anew."""
    connection.execute(text("insert into caseforge.reading_due (framework_key) values (:key)"), {"key": key})


def condense(connection: Connection) -> None:
    """Notes for each framework that all of it is to be made anew, and nothing else, where very much is noted because nobody reads lists."""
    query = text("""
    with gone as (delete from caseforge.reading_due where (select count(*) from caseforge.reading_due) > :most returning framework_key)
    insert into caseforge.reading_due (framework_key) select distinct framework_key from gone
    """)
    connection.execute(query, {"most": MOST_NOTES})


def take(connection: Connection) -> DueNodes | None:
    """Takes the next nodes that are due, some hundreds at most; None where there are none. The caller's transaction makes their rows.

    What concerns many nodes is divided first, so that no transaction takes long.
    """
    while True:
        row = connection.execute(_NEXT).one_or_none()
        if row is None:
            return None
        if row.node_ids is None:
            remake_branches(connection, row.framework_key)
            connection.execute(_DIVIDE_FRAMEWORK, {"key": row.framework_key, "piece": PIECE_NODES})
        elif len(row.node_ids) > PIECE_NODES:
            connection.execute(_DIVIDE, {"key": row.framework_key, "ids": row.node_ids, "piece": PIECE_NODES})
        else:
            return DueNodes(row.framework_key, _with_more(connection, row.framework_key, row.node_ids))


def _with_more(connection: Connection, key: str, node_ids: Sequence[int]) -> list[int]:
    """Also what the next notes of the framework name, while that is few: one answer is noted by each table that it is written to."""
    found = set(node_ids)
    for row in connection.execute(_FOLLOWING, {"key": key, "piece": PIECE_NODES}).all():
        if len(found | set(row.node_ids)) > PIECE_NODES:
            break
        found |= set(row.node_ids)
        connection.execute(text("delete from caseforge.reading_due where id = :id"), {"id": row.id})
    return sorted(found)


_NEXT = text("""
delete from caseforge.reading_due where id = (select min(id) from caseforge.reading_due) returning framework_key, node_ids
""")
_FOLLOWING = text("""
select id, node_ids from caseforge.reading_due where framework_key = :key and cardinality(node_ids) <= :piece order by id limit 200
""")
# Nodes of the current edition in its order, and those that have rows though it does not have them.
_DIVIDE_FRAMEWORK = text("""
with nodes as (
    select node_id, min(place) as place from (
        select nv.node_id, nv.position as place from caseforge.current_node nv where nv.framework_key = :key
        union all select node_id, 2000000000 from caseforge.found_text where framework_key = :key
        union all select node_id, 2000000000 from caseforge.candidate_row where framework_key = :key) every group by node_id),
numbered as (select node_id, (row_number() over (order by place, node_id) - 1) / :piece as number from nodes)
insert into caseforge.reading_due (framework_key, node_ids) select :key, array_agg(node_id) from numbered group by number order by number
""")
_DIVIDE = text("""
insert into caseforge.reading_due (framework_key, node_ids)
select :key, array_agg(one.node_id) from unnest(cast(:ids as bigint[])) with ordinality as one(node_id, place) group by (one.place - 1) / :piece
""")
