"""Keeps the nodes whose candidates may be others now, to find similar ones anew: noted where the rows of lists are made anew, taken from here."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

PIECE_NODES = 300
LITTLE_NODES, LITTLE_CANDIDATES = 100, 400


def note(connection: Connection, key: str, node_ids: Sequence[int]) -> None:
    """Notes some nodes of a framework."""
    query = text("insert into caseforge.similar_due (framework_key, node_ids) values (:key, :ids)")
    connection.execute(query, {"key": key, "ids": list(node_ids)})


def take(connection: Connection) -> tuple[str, list[int]] | None:
    """Takes the next nodes, some hundreds of a framework at most; None where there are none. The caller's transaction makes their rows."""
    first = connection.execute(_FIRST).one_or_none()
    if first is None:
        return None
    nodes = set(first.node_ids)
    for row in connection.execute(_FOLLOWING, {"key": first.framework_key}).all():
        if len(nodes | set(row.node_ids)) > PIECE_NODES:
            break
        nodes |= set(row.node_ids)
        connection.execute(text("delete from caseforge.similar_due where id = :id"), {"id": row.id})
    return first.framework_key, sorted(nodes)


_FIRST = text("""
delete from caseforge.similar_due where id = (select min(id) from caseforge.similar_due) returning framework_key, node_ids
""")
_FOLLOWING = text("select id, node_ids from caseforge.similar_due where framework_key = :key order by id limit 100")


def behind(connection: Connection) -> bool:
    """Tells whether anything is to be done: nodes to look at, or candidates to group."""
    query = text("""
    select exists (select 1 from caseforge.similar_due) or exists (select 1 from caseforge.similar_candidate where group_id is null)
    """)
    return bool(connection.scalar(query))


def is_little(connection: Connection) -> bool:
    """Tells whether all that is to be done is done in passing: some nodes are to be looked at, some candidates to be grouped, and most of them are."""
    query = text("""
    select (select coalesce(sum(cardinality(node_ids)), 0) from caseforge.similar_due) <= :nodes
       and (select count(*) from (select 1 from caseforge.similar_candidate where group_id is null limit :candidates + 1) first) <= :candidates
       and (exists (select 1 from caseforge.similar_weighing) or (select count(*) from (select 1 from caseforge.candidate_row limit :few + 1) first) <= :few)
    """)
    return bool(connection.scalar(query, {"nodes": LITTLE_NODES, "candidates": LITTLE_CANDIDATES, "few": LITTLE_CANDIDATES}))


def note_all(connection: Connection) -> None:
    """Has everything made anew: words, their weights, groups."""
    for table in ("similar_due", "similar_candidate", "similar_group", "similar_weighing"):
        connection.execute(text(f"delete from caseforge.{table}"))
    connection.execute(text("update caseforge.reading_framework set revision = revision + 1"))  # what is read is another state from now on
    connection.execute(_EVERYTHING, {"piece": PIECE_NODES})


_EVERYTHING = text("""
insert into caseforge.similar_due (framework_key, node_ids)
select framework_key, array_agg(node_id) from (
    select framework_key, node_id, (row_number() over (partition by framework_key order by node_id) - 1) / :piece as piece
    from (select distinct framework_key, node_id from caseforge.candidate_row) every) numbered
group by framework_key, piece order by framework_key, piece
""")
