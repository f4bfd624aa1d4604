"""Groups by what their ideas mean: vectors of those whom words brought together, and groups that are taken into others.

Vectors count for candidates of their own kind alone: simulated ones for simulated candidates, real ones for real candidates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from caseforge_assets.similar.grouping import IN_GROUP
from caseforge_assets.similar.meaning import record
from caseforge_assets.store.searching.meanings import is_there
from caseforge_assets.store.similar.similar_upkeep import Kind, count_members, dissolve

ROWS_AT_ONCE = 5_000
OF_A_GROUP = 20  # members, by which a group is known
LEARNED_FROM = 600  # groups
_HEAD = 4  # bytes before the numbers, as the database sends a vector

# Whoever is less like the words of its group than this was brought there by its meaning, and says nothing of what the group means.
_BY_WORDS = "s.score >= :by_words"
_IDEAS = f"""
select s.candidate_id, s.group_id, s.node_id, halfvec_send(m.vector) as vector
from caseforge.similar_candidate s join caseforge.meaning m on m.candidate_id = s.candidate_id and m.simulated = s.simulated
where s.stage = :stage and s.simulated = :simulated and {_BY_WORDS}
"""
_ALL = text(f"{_IDEAS} order by s.candidate_id")
_OF_GROUPS = text(f"""
select * from (select ideas.*, row_number() over (partition by group_id order by candidate_id) as place from ({_IDEAS} and s.group_id = any(:groups)) ideas) numbered
where place <= :members
""")
# Some groups of several, and what was told beside their members of the same processes.
_LEARNED = text(f"""
with several as materialized (
    select id from caseforge.similar_group where stage = :stage and simulated = :simulated and members > 1 order by id % 1009, id limit :groups),
beside as materialized (
    select distinct o.candidate_id from several join caseforge.similar_candidate s on s.group_id = several.id join caseforge.similar_candidate o on o.node_id = s.node_id)
{_IDEAS} and s.candidate_id in (select candidate_id from beside)
""")


def dimensions(connection: Connection) -> int:
    """The number of numbers in the vectors that are looked through; 0: there are none."""
    if not is_there(connection):
        return 0
    query = text("select atttypmod from pg_attribute where attrelid = to_regclass('caseforge.meaning') and attname = 'vector'")
    return int(connection.scalar(query) or 0)


def write_ideas(connection: Connection, kind: Kind, numbers: int, file: IO[bytes]) -> int:
    """Writes all ideas of a kind that have vectors into a file, one `record` after the other; returns how many."""
    rows = iter(connection.execution_options(stream_results=True).execute(_ALL, _of(kind)))
    count = 0
    while some := list(islice(rows, ROWS_AT_ONCE)):
        file.write(_records(some, numbers).tobytes())
        count += len(some)
    file.flush()
    return count


def ideas_of_groups(connection: Connection, kind: Kind, numbers: int, group_ids: Sequence[int]) -> npt.NDArray[np.void]:
    """The first ideas of some groups that have vectors, as records."""
    return _records(connection.execute(_OF_GROUPS, _of(kind) | {"groups": list(group_ids), "members": OF_A_GROUP}).all(), numbers)


def ideas_to_learn_from(connection: Connection, kind: Kind, numbers: int) -> npt.NDArray[np.void]:
    """Ideas of some groups, and of what was told beside them of the same processes, as records."""
    return _records(connection.execute(_LEARNED, _of(kind) | {"groups": LEARNED_FROM}).all(), numbers)


def _records(rows: Sequence[object], numbers: int) -> npt.NDArray[np.void]:
    shape = record(numbers)
    found = np.zeros(len(rows), dtype=shape)
    for place, row in enumerate(rows):
        candidate_id, group_id, node_id, vector = row[:4]  # type: ignore[index]
        found[place] = (candidate_id, group_id, node_id, np.frombuffer(bytes(vector), dtype=">f2", offset=_HEAD))
    return found


def _of(kind: Kind) -> dict[str, object]:
    return {"stage": kind.stage, "simulated": kind.simulated, "by_words": IN_GROUP}


def groups_that_words_made(connection: Connection, group_ids: Sequence[int]) -> set[int]:
    """Those of some groups that can be taken into another one: nobody was brought there by its meaning, and all members are known by their vectors' number."""
    query = text("""
    select s.group_id from caseforge.similar_candidate s where s.group_id = any(:ids)
    group by s.group_id having min(s.score) >= :by_words and count(*) <= :members
    """)
    return set(connection.scalars(query, {"ids": list(group_ids), "by_words": IN_GROUP, "members": OF_A_GROUP}))


def groups_of(connection: Connection, candidate_ids: Sequence[int]) -> set[int]:
    """The groups of candidates."""
    query = text("select distinct group_id from caseforge.similar_candidate where candidate_id = any(:ids) and group_id is not null")
    return set(connection.scalars(query, {"ids": list(candidate_ids)}))


@dataclass(frozen=True, slots=True)
class Moved:
    """A member of a group that is taken into another one, with its words."""

    candidate_id: int
    group_id: int
    words: bytes


def members_to_move(connection: Connection, group_ids: Sequence[int]) -> Iterator[Moved]:
    """The members of groups that are taken into others."""
    query = text(
        "select candidate_id, group_id, words from caseforge.similar_candidate where group_id = any(:ids) order by group_id, candidate_id"
    )
    return (Moved(row[0], row[1], bytes(row[2])) for row in connection.execute(query, {"ids": list(group_ids)}))


def centres(connection: Connection, group_ids: Sequence[int]) -> dict[int, bytes]:
    """The words that members of groups have in common."""
    query = text("select id, centre from caseforge.similar_group where id = any(:ids)")
    return {row[0]: bytes(row[1]) for row in connection.execute(query, {"ids": list(group_ids)})}


def remove_taken(connection: Connection, into: Mapping[int, int]) -> None:
    """Removes groups whose members are in others now, and counts these anew."""
    connection.execute(text("delete from caseforge.similar_group where id = any(:ids)"), {"ids": list(into)})
    count_members(connection, sorted(set(into.values())))
    _read_anew(connection)


def wait_again(connection: Connection, candidate_ids: Sequence[int]) -> None:
    """Has candidates grouped once more that are there already, because they have other vectors now."""
    groups = groups_of(connection, candidate_ids)
    if not groups:
        return
    led = set(connection.scalars(text("select id from caseforge.similar_group where id = any(:ids)"), {"ids": list(candidate_ids)}))
    dissolve(connection, sorted(led))
    query = text(
        "update caseforge.similar_candidate set group_id = null, score = null where candidate_id = any(:ids) and group_id is not null"
    )
    connection.execute(query, {"ids": list(candidate_ids)})
    count_members(connection, sorted(groups - led))
    _read_anew(connection)


def _read_anew(connection: Connection) -> None:
    """Moves the state of what is read on, so that answers about groups from before count no more."""
    connection.execute(text("update caseforge.reading_framework set revision = revision + 1"))
