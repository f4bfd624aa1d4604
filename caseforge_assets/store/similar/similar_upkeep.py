"""The words of candidates, and their groups, as they are stored: what is gone goes, what is new waits until it is grouped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, text

from caseforge_assets.similar.grouping import IN_GROUP
from caseforge_assets.store.database.copy import copy_rows
from caseforge_assets.store.schema.similar_tables import similar_candidate, similar_group

ROWS_AT_ONCE = 20_000
SEPARATOR = "\x1e"  # between a candidate's texts


@dataclass(frozen=True, slots=True)
class Kind:
    """Candidates that are compared with each other: of one stage, simulated or not."""

    stage: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class NewCandidate:
    """A candidate whose words are not known yet; `process` tells whether its node is still called and described so."""

    candidate_id: int
    framework_key: str
    node_id: int
    stage: str
    simulated: bool
    process: int
    title: str
    text: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A group as it is stored: its members, and by what it is found and known."""

    group_id: int
    members: int
    centre: bytes


_NOW = """
with nodes as materialized (
    select nv.node_id, nv.name, nv.description, hashtextextended(nv.name || e'\\x1f' || nv.description, 0) as process
    from caseforge.current_node nv where nv.node_id = any(:nodes)),
now as materialized (
    select r.candidate_id, r.framework_key, r.node_id, g.stage, g.simulated, nodes.process, nodes.name, nodes.description
    from caseforge.candidate_row r join caseforge.candidate_group g on g.id = r.group_id join nodes on nodes.node_id = r.node_id
    where r.node_id = any(:nodes))
"""
# A group loses who speaks for it: its members are grouped anew.
_REMOVE = text(f"""{_NOW},
gone as (
    delete from caseforge.similar_candidate s where s.node_id = any(:nodes) and not exists (
        select 1 from now where (now.candidate_id, now.stage, now.simulated, now.process) = (s.candidate_id, s.stage, s.simulated, s.process))
    returning candidate_id, group_id)
select group_id, bool_or(candidate_id = group_id) as leaderless from gone where group_id is not null group by group_id
""")
_NEW = text(f"""{_NOW}
select now.candidate_id, now.framework_key, now.node_id, now.stage, now.simulated, now.process, k.title,
       coalesce((select string_agg(k.fields ->> field, :separator) from jsonb_array_elements_text(cast(:told_in as jsonb) -> now.stage) field), ''),
       now.name, now.description
from now join caseforge.candidate k on k.id = now.candidate_id
where cast(:told_in as jsonb) ? now.stage
  and not exists (select 1 from caseforge.similar_candidate s where s.candidate_id = now.candidate_id)
""")


def remove_gone(connection: Connection, node_ids: Sequence[int]) -> None:
    """Removes the candidates of some nodes that are not current any more, or whose process has another name."""
    touched = connection.execute(_REMOVE, {"nodes": list(node_ids)}).all()
    dissolve(connection, [row.group_id for row in touched if row.leaderless])
    count_members(connection, [row.group_id for row in touched if not row.leaderless])


def new_candidates(connection: Connection, node_ids: Sequence[int], told_in: str) -> list[NewCandidate]:
    """The current candidates of some nodes whose words are not known yet.

    Args:
        told_in: as JSON, by stage, the fields that tell the idea.
    """
    values = {"nodes": list(node_ids), "told_in": told_in, "separator": SEPARATOR}
    return [NewCandidate(*row) for row in connection.execute(_NEW, values)]


def add_words(connection: Connection, rows: Iterable[tuple[NewCandidate, bytes]]) -> None:
    """Stores words of candidates, which wait until they are grouped."""
    columns = ("candidate_id", "framework_key", "node_id", "stage", "simulated", "process")
    copy_rows(
        connection,
        similar_candidate,
        [{name: getattr(candidate, name) for name in columns} | {"words": words} for candidate, words in rows],
    )


def dissolve(connection: Connection, group_ids: Sequence[int]) -> None:
    """Gives groups up; their members wait."""
    if group_ids:
        values = {"ids": list(group_ids)}
        connection.execute(text("update caseforge.similar_candidate set group_id = null, score = null where group_id = any(:ids)"), values)
        connection.execute(text("delete from caseforge.similar_group where id = any(:ids)"), values)


def count_members(connection: Connection, group_ids: Sequence[int]) -> None:
    """Counts the members of groups anew."""
    query = text("""
    update caseforge.similar_group g set members = now.members, processes = now.processes from (
        select group_id, count(*) as members, count(distinct node_id) as processes
        from caseforge.similar_candidate where group_id = any(:ids) group by group_id) now
    where g.id = now.group_id and (g.members, g.processes) <> (now.members, now.processes)
    """)
    if group_ids:
        connection.execute(query, {"ids": list(group_ids)})


def kinds_waiting(connection: Connection) -> list[Kind]:
    """Of which kinds some wait to be grouped."""
    query = text("select distinct stage, simulated from caseforge.similar_candidate where group_id is null order by 1, 2")
    return [Kind(*row) for row in connection.execute(query)]


def counts(connection: Connection, kind: Kind) -> tuple[int, int]:
    """Counts how many candidates of a kind there are, and how many of them wait."""
    query = text("""
    select count(*), count(*) filter (where group_id is null) from caseforge.similar_candidate where stage = :stage and simulated = :simulated
    """)
    every, waiting = connection.execute(query, _of(kind)).one()
    return every, waiting


def words_of_all(connection: Connection, kind: Kind) -> Iterator[tuple[int, int, bytes]]:
    """All candidates of a kind, their nodes and their words, as they come."""
    query = text("""
    select candidate_id, node_id, words from caseforge.similar_candidate
    where stage = :stage and simulated = :simulated order by candidate_id
    """)
    for candidate_id, node_id, words in connection.execution_options(stream_results=True).execute(query, _of(kind)):
        yield candidate_id, node_id, bytes(words)


def words_waiting(connection: Connection, kind: Kind, limit: int) -> dict[int, bytes]:
    """Some candidates of a kind that wait, with their words."""
    query = text("""
    select candidate_id, words from caseforge.similar_candidate
    where stage = :stage and simulated = :simulated and group_id is null order by candidate_id limit :limit
    """)
    return {row[0]: bytes(row[1]) for row in connection.execute(query, _of(kind) | {"limit": limit})}


def words_of_members(connection: Connection, group_id: int, limit: int) -> list[bytes]:
    """Words of a group's members, those that are most like its centre first; without those that their meaning brought there."""
    query = text("""
    select words from caseforge.similar_candidate where group_id = :id and score >= :by_words order by score desc, candidate_id limit :limit
    """)
    return [bytes(words) for words in connection.scalars(query, {"id": group_id, "by_words": IN_GROUP, "limit": limit})]


# Band by band, and of a band that very many have only some: it says little.
_NEAR = text("""
select g.id, g.members, g.centre from (
    select met.id, count(*) as bands from unnest(cast(:bands as bigint[])) band cross join lateral (
        select o.id from caseforge.similar_group o
        where o.bands @> array[band] and o.stage = :stage and o.simulated = :simulated limit :of_band) met
    group by met.id order by bands desc, met.id limit :limit) near
join caseforge.similar_group g on g.id = near.id order by near.bands desc, near.id
""")


def near_groups(connection: Connection, kind: Kind, bands: Sequence[int], of_band: int, limit: int) -> list[StoredGroup]:
    """Groups that have bands in common with these, those with most first.

    Args:
        of_band: so many groups of a band are looked at.
    """
    connection.execute(text("set local enable_seqscan = off"))  # for a few rows with a band, all would be read
    rows = connection.execute(_NEAR, _of(kind) | {"bands": list(bands), "of_band": of_band, "limit": limit})
    return [StoredGroup(row.id, row.members, bytes(row.centre)) for row in rows]


def join_groups(connection: Connection, joined: Iterable[tuple[int, int, float]]) -> None:
    """Puts candidates into groups: each by id, with its group and how much it is like the group's centre."""
    query = text("""
    update caseforge.similar_candidate s set group_id = new.group_id, score = new.score
    from unnest(cast(:ids as bigint[]), cast(:groups as bigint[]), cast(:scores as real[])) as new(id, group_id, score)
    where s.candidate_id = new.id and (s.group_id, s.score) is distinct from (new.group_id, new.score)
    """)
    coming = iter(joined)
    while rows := list(islice(coming, ROWS_AT_ONCE)):
        ids, groups, scores = zip(*rows, strict=True)
        connection.execute(query, {"ids": list(ids), "groups": list(groups), "scores": list(scores)})


def add_groups(connection: Connection, kind: Kind, groups: Iterable[tuple[StoredGroup, int, Sequence[int]]]) -> None:
    """Stores groups, with how many processes they have and their bands."""
    copy_rows(
        connection,
        similar_group,
        [
            {"id": group.group_id, "stage": kind.stage, "simulated": kind.simulated, "members": group.members, "processes": processes}
            | {"centre": group.centre, "bands": f"{{{','.join(map(str, bands))}}}"}
            for group, processes, bands in groups
        ],
    )


def change_centre(connection: Connection, group_id: int, centre: bytes, bands: Sequence[int]) -> None:
    """A group has other words in common now."""
    query = text("update caseforge.similar_group set centre = :centre, bands = :bands where id = :id")
    connection.execute(query, {"id": group_id, "centre": centre, "bands": list(bands)})


def remove_groups(connection: Connection, kind: Kind) -> None:
    """Removes all groups of a kind; who was in them is put into others in the same transaction."""
    connection.execute(text("delete from caseforge.similar_group where stage = :stage and simulated = :simulated"), _of(kind))


def weighing(connection: Connection, kind: Kind) -> tuple[int, bytes, bytes] | None:
    """Gives what was counted of the words of a kind: ideas, words, and in how many ideas each stands; None: nothing yet."""
    query = text("select ideas, words, counts from caseforge.similar_weighing where stage = :stage and simulated = :simulated")
    row = connection.execute(query, _of(kind)).one_or_none()
    return None if row is None else (row.ideas, bytes(row.words), bytes(row.counts))


def keep_weighing(connection: Connection, kind: Kind, ideas: int, words: bytes, counted: bytes) -> None:
    """Keeps what was counted."""
    query = text("""
    insert into caseforge.similar_weighing (stage, simulated, ideas, words, counts) values (:stage, :simulated, :ideas, :words, :counts)
    on conflict (stage, simulated) do update set ideas = excluded.ideas, words = excluded.words, counts = excluded.counts, made_at = now()
    """)
    connection.execute(query, _of(kind) | {"ideas": ideas, "words": words, "counts": counted})


def _of(kind: Kind) -> dict[str, object]:
    return {"stage": kind.stage, "simulated": kind.simulated}
