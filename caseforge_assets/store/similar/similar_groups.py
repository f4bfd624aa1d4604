"""Similar use cases as they are shown: the group of one, and groups by size. What a caller does not see is neither shown nor counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.similar.grouping import IN_GROUP
from caseforge_assets.store.candidates.candidate_filters import Conditions
from caseforge_assets.store.candidates.candidates import ListedCandidate, listed_candidates
from caseforge_assets.store.schema.constants import PLANNED_ONCE
from caseforge_assets.store.searching.meanings import CANDIDATE
from caseforge_assets.store.searching.near_meanings import is_near_by_simulated, near_candidate

MOST_LEFT_OUT = 40  # of what is near, because it is in the group


@dataclass(frozen=True, slots=True)
class GroupSize:
    """A group by how many processes it serves and how many candidates tell it, as far as they are meant."""

    processes: int
    members: int
    group_id: int


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A group with the candidate that speaks for it: the one that is most like what all have in common, of those that are seen."""

    size: GroupSize
    frameworks: dict[str, int]
    shown: ListedCandidate


@dataclass(frozen=True, slots=True)
class SimilarCandidate:
    """A member of a group, and how much it is like what its members have in common, from 0 to 1; or a candidate that is near, and how near.

    `other_words` says that a member was brought to its group by what it means, and `simulated` that the vectors are by which that, or the nearness, was found.
    """

    candidate_id: int
    score: float
    candidate: ListedCandidate
    other_words: bool = False
    simulated: bool = False


_EVERY = text("select processes, members, id from caseforge.similar_group where members > 1 order by processes desc, id")
_MEANT = """
select count(distinct s.node_id) as processes, count(*) as members, s.group_id
from caseforge.similar_candidate s
join caseforge.candidate_row r on r.candidate_id = s.candidate_id
join caseforge.candidate_group g on g.id = r.group_id
where s.group_id is not null and {group} and {row}
group by s.group_id having count(*) > 1 order by 1 desc, 3
"""


def group_sizes(connection: Connection, asked: Conditions) -> list[GroupSize]:
    """Groups of which at least two candidates are meant, those that serve most processes first.

    Args:
        asked: which candidates count.
    """
    if (asked.group, asked.row) == ("true", "true"):
        rows = connection.execute(_EVERY)
    else:
        rows = connection.execute(text(_MEANT.format(group=asked.group, row=asked.row)), asked.values)
    return [GroupSize(*row) for row in rows]


def shown_groups(connection: Connection, sizes: Sequence[GroupSize], asked: Conditions) -> list[ShownGroup]:
    """Some groups, in this order, each with who speaks for it and how many of its candidates each framework has.

    Args:
        asked: as for `group_sizes`.
    """
    query = text(f"""
    select s.group_id, s.framework_key, count(*) as members, (array_agg(s.candidate_id order by s.score desc, s.candidate_id))[1] as best,
           max(s.score) as score
    from caseforge.similar_candidate s
    join caseforge.candidate_row r on r.candidate_id = s.candidate_id
    join caseforge.candidate_group g on g.id = r.group_id
    where s.group_id = any(:ids) and {asked.group} and {asked.row} group by 1, 2 order by members desc, 2
    """)
    rows = connection.execute(query, asked.values | {"ids": [size.group_id for size in sizes]}).all()
    best = {row.group_id: row.best for row in sorted(rows, key=lambda row: (row.score, -row.best))}
    ids = [best[size.group_id] for size in sizes if size.group_id in best]
    speaking = dict(zip(ids, listed_candidates(connection, ids), strict=True))
    frameworks: dict[int, dict[str, int]] = {}
    for row in rows:
        frameworks.setdefault(row.group_id, {})[row.framework_key] = row.members
    return [ShownGroup(size, frameworks[size.group_id], speaking[best[size.group_id]]) for size in sizes if size.group_id in best]


_SPEAKING = text("""
select candidate_id, shown from (
  select s.candidate_id, count(*) over of_group as members, first_value(s.candidate_id) over (of_group order by s.score desc, s.candidate_id) as shown
  from caseforge.similar_candidate s join caseforge.candidate_row r on r.candidate_id = s.candidate_id
  where s.group_id is not null and s.framework_key = :key window of_group as (partition by s.group_id)
) told where members > 1
""")


def speaking_candidates(connection: Connection, key: str) -> dict[int, int]:
    """Of each candidate of a framework that tells an idea as another one of it does, the one that the idea is shown as where only this framework is seen."""
    return {row.candidate_id: row.shown for row in connection.execute(_SPEAKING, {"key": key})}


_OF = text("""
select s.group_id, k.id as candidate_id from caseforge.candidate k
join caseforge.candidate_row r on r.candidate_id = k.id
left join caseforge.similar_candidate s on s.candidate_id = k.id
where k.is_current and k.framework_key = :key and k.candidate_uid = :uid
""")


def group_of(connection: Connection, key: str, uid: str) -> tuple[int, int | None]:
    """A candidate by id, and its group; None: it is not grouped yet.

    Raises:
        LookupError: there is no such candidate.
    """
    row = connection.execute(_OF, {"key": key, "uid": uid}).one_or_none()
    if row is None:
        raise LookupError(f"{key} has no current candidate {uid!r}; what became of it: caseforge show {uid} --framework {key}")
    return row.candidate_id, row.group_id


_GROUP = text("select group_id from caseforge.similar_candidate where candidate_id = :id").execution_options(**PLANNED_ONCE)


def group_of_candidate(connection: Connection, candidate_id: int) -> int | None:
    """The group of a candidate by its id; None: it is not grouped yet, or is none that lists show."""
    found: int | None = connection.scalar(_GROUP, {"id": candidate_id})
    return found


_SIZE = text("""
select count(distinct node_id) as processes, count(*) as members, cast(:group as bigint) as group_id from caseforge.similar_candidate
where group_id = :group and (cast(:frameworks as text[]) is null or framework_key = any(:frameworks))
""").execution_options(**PLANNED_ONCE)
_MEMBERS = text("""
select s.candidate_id, s.score from caseforge.similar_candidate s join caseforge.candidate_row r on r.candidate_id = s.candidate_id
where s.group_id = :group and (cast(:frameworks as text[]) is null or s.framework_key = any(:frameworks)) and s.candidate_id <> :but
  and (cast(:score as real) is null or (-s.score, s.candidate_id) > (-cast(:score as real), :id))
order by -s.score, s.candidate_id limit :limit
""")


def group_size(connection: Connection, group_id: int, frameworks: Sequence[str] | None) -> GroupSize:
    """Says how large a group is, as far as it is seen."""
    row = connection.execute(_SIZE, {"group": group_id, "frameworks": _listed(frameworks)}).one()
    return GroupSize(row.processes, row.members, group_id)


def members(
    connection: Connection, group_id: int, frameworks: Sequence[str] | None, after: tuple[float, int] | None, limit: int, *, but: int = 0
) -> list[SimilarCandidate]:
    """Members of a group, those that are most like what all have in common first.

    Args:
        after: score and id of the member after which to go on.
        but: a candidate that is left out.
    """
    values = {"group": group_id, "frameworks": _listed(frameworks), "but": but, "limit": limit}
    score, last = after or (None, 0)
    rows = connection.execute(_MEMBERS, values | {"score": score, "id": last}).all()
    listed = listed_candidates(connection, [row.candidate_id for row in rows])
    return [
        SimilarCandidate(row.candidate_id, row.score, candidate, other_words=row.score < IN_GROUP, simulated=candidate.simulated)
        for row, candidate in zip(rows, listed, strict=True)
    ]


def near_in_meaning(
    connection: Connection, candidate_id: int, group_id: int | None, frameworks: Sequence[str] | None, limit: int
) -> list[SimilarCandidate]:
    """Candidates of other nodes that are nearest in meaning to one, and not in its group; none where there are no vectors. How near they are is a cosine."""
    near = near_candidate(connection, candidate_id, frameworks, limit + MOST_LEFT_OUT)
    ids = [hit.candidate_id or 0 for hit in near]
    grouped = text("select candidate_id from caseforge.similar_candidate where group_id = :group and candidate_id = any(:ids)")
    same = set(connection.scalars(grouped, {"group": group_id, "ids": ids}))
    others = {hit.candidate_id or 0: hit.likeness for hit in near if hit.candidate_id not in same}
    simulated = bool(others) and is_near_by_simulated(connection, CANDIDATE, candidate_id)
    return [
        SimilarCandidate(candidate.id, others[candidate.id], candidate, simulated=simulated)
        for candidate in listed_candidates(connection, list(others)[:limit])
    ]


def _listed(frameworks: Sequence[str] | None) -> list[str] | None:
    return None if frameworks is None else list(frameworks)
