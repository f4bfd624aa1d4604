"""Contents and their candidates: every version is kept, one per node and stage is current."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.database.copy import add_rows, columns_of
from caseforge_assets.store.schema.tables import candidate, content


@dataclass(frozen=True, slots=True)
class NewCandidate:
    """One item of a content."""

    position: int
    candidate_uid: str
    title: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewContent:
    """A content to be stored, with the metadata that a reader is owed; `surplus` are items beyond as many as were asked for, as {title, fields}."""

    framework_key: str
    node_id: int
    stage: str
    request_id: int | None
    attempt_id: int | None
    source_content_id: int | None
    question: str | None
    title: str
    body: str
    version: str
    stage_version: str
    simulated: bool
    generated_by: str
    model: str | None
    temperature: float | None
    model_type: str
    owner: str
    remote_batch_id: str | None
    remote_request_id: str | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    answered_at: datetime | None
    notes: list[str]
    reused_from: int | None = None
    edited_after: int | None = None
    candidates: tuple[NewCandidate, ...] = field(default=())
    surplus: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CurrentContent:
    """A node's current content in a stage."""

    id: int
    node_id: int
    body: str
    version: str
    question: str | None
    simulated: bool
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class StoredContent:
    """A content with its candidates, as it is copied when its answer is reused.

    `original_id` is the content whose answer it is: itself, unless it is a copy, too. `code` is its node's when it was made.
    """

    id: int
    original_id: int
    framework_key: str
    code: str | None
    body: str
    version: str
    stage_version: str
    simulated: bool
    generated_by: str
    model: str | None
    temperature: float | None
    owner: str
    remote_batch_id: str | None
    remote_request_id: str | None
    answered_at: datetime | None
    answer_sha256: str | None
    shortened: bool
    surplus: list[dict[str, Any]]
    candidates: tuple[NewCandidate, ...] = ()


_STORED = text("""
select c.id, coalesce(c.reused_from, c.id) as original_id, c.framework_key, nv.code, c.body, c.version, c.stage_version, c.simulated, c.generated_by, c.model, c.temperature, c.owner, c.remote_batch_id,
       c.remote_request_id, c.answered_at, a.answer_sha256, coalesce(q.shortened, false) as shortened, c.surplus
from caseforge.content c
left join caseforge.content o on o.id = c.reused_from
left join caseforge.attempt a on a.id = coalesce(c.attempt_id, o.attempt_id)
left join caseforge.request r on r.id = c.request_id
left join caseforge.request q on q.id = coalesce(o.request_id, c.request_id)
left join caseforge.node_version nv on nv.framework_version_id = r.framework_version_id and nv.node_id = c.node_id
where c.id = any(:ids)
""")


def stored_contents(connection: Connection, content_ids: Sequence[int]) -> dict[int, StoredContent]:
    """Contents with their candidates, by id."""
    items: dict[int, list[NewCandidate]] = {}
    query = text(
        "select content_id, position, candidate_uid, title, fields from caseforge.candidate where content_id = any(:ids) order by 1, 2"
    )
    for row in connection.execute(query, {"ids": list(content_ids)}):
        items.setdefault(row.content_id, []).append(NewCandidate(row.position, row.candidate_uid, row.title, row.fields))
    rows = connection.execute(_STORED, {"ids": list(content_ids)})
    return {row.id: StoredContent(**row._mapping, candidates=tuple(items.get(row.id, ()))) for row in rows}


_CURRENT = text("""
select id, node_id, body, version, question, simulated, stored_at from caseforge.content where is_current and stage = :stage and node_id = any(:ids)
""")


def current_contents(connection: Connection, stage: str, node_ids: Sequence[int]) -> dict[int, CurrentContent]:
    """Current contents by node id; nodes without one are left out."""
    return {row.node_id: CurrentContent(*row) for row in connection.execute(_CURRENT, {"stage": stage, "ids": list(node_ids)})}


def any_is_there(connection: Connection) -> bool:
    """True as soon as there is any content in the store."""
    return bool(connection.scalar(text("select exists (select 1 from caseforge.content)")))


def simulated_ids(connection: Connection, content_ids: Sequence[int]) -> set[int]:
    """Those of the contents that are simulated."""
    query = text("select id from caseforge.content where id = any(:ids) and simulated")
    return set(connection.scalars(query, {"ids": list(content_ids)}))


def is_simulated(connection: Connection, key: str, stage: str) -> bool:
    """True where all answers that are current in a stage are simulated; false when there are none. What a person wrote tells nothing."""
    query = text("""
    select coalesce(bool_and(simulated), false) from caseforge.content
    where framework_key = :key and stage = :stage and is_current and edited_after is null
    """)
    return bool(connection.scalar(query, {"key": key, "stage": stage}))


def edited_by(connection: Connection, stage: str, node_ids: Sequence[int]) -> dict[int, str]:
    """Of nodes whose current content a person wrote: who, as "edited by Ada"."""
    query = text("""
    select node_id, generated_by from caseforge.content
    where is_current and edited_after is not null and stage = :stage and node_id = any(:ids)
    """)
    return {row.node_id: row.generated_by for row in connection.execute(query, {"stage": stage, "ids": list(node_ids)})}


def written_by_people(connection: Connection, stage: str, node_ids: Sequence[int]) -> dict[int, int]:
    """Of nodes whose current content a person wrote: the newest request that there was then; 0 where there was none."""
    query = text("""
    select node_id, edited_after from caseforge.content
    where is_current and edited_after is not null and stage = :stage and node_id = any(:ids)
    """)
    return {row[0]: row[1] for row in connection.execute(query, {"stage": stage, "ids": list(node_ids)})}


def count_edits_as_real(connection: Connection) -> None:
    """Corrects rows of a journal from the time when an edit of simulated content was called simulated, too."""
    connection.execute(text("update caseforge.content set simulated = false where simulated and edited_after is not null"))


_IN_ANOTHER_CONTEXT = text("""
select c.node_id from caseforge.content c join caseforge.content o on o.id = c.reused_from
where c.is_current and c.stage = :stage and c.node_id = any(:ids) and o.question is distinct from c.question order by c.node_id
""")


def made_in_another_context(connection: Connection, stage: str, node_ids: Sequence[int]) -> list[int]:
    """Those of the nodes whose current content was made for the same node elsewhere, where ancestors or KPIs differ."""
    return list(connection.scalars(_IN_ANOTHER_CONTEXT, {"stage": stage, "ids": list(node_ids)}))


# Among answers, real ones are never hidden by simulated ones; then the answer to the newer request wins, and then the newer answer.
# What a person wrote stands above them all, until an answer to a request comes that was made later: only a person makes one.
_MAKE_CURRENT = text("""
with answers as (
    select id, node_id, coalesce(request_id, 0) as asked, row_number() over (partition by node_id
        order by simulated, coalesce(request_id, 0) desc, answered_at desc nulls last, id desc) as place
    from caseforge.content where stage = :stage and node_id = any(:node_ids) and edited_after is null),
edits as (
    select id, node_id, edited_after, row_number() over (partition by node_id order by edited_after desc, id desc) as place
    from caseforge.content where stage = :stage and node_id = any(:node_ids) and edited_after is not null),
first as (
    select case when e.id is null or a.asked > e.edited_after then a.id else e.id end as id
    from (select * from answers where place = 1) a full join (select * from edits where place = 1) e on e.node_id = a.node_id),
changed as (
    update caseforge.content set is_current = false
    where stage = :stage and node_id = any(:node_ids) and is_current and id not in (select id from first) returning id)
select (select count(*) from changed) as retired, (select array_agg(id) from first) as winners
""")

_RETIRE_CANDIDATES = text("""
update caseforge.candidate k set is_current = false
from caseforge.content c where c.id = k.content_id and c.stage = :stage and c.node_id = any(:node_ids) and k.is_current and not c.is_current
""")


@dataclass(frozen=True, slots=True)
class NamedCandidate:
    """A candidate of a current content, with its node's code now; None where the node is no target of the current edition."""

    id: int
    stage: str
    position: int
    candidate_uid: str
    is_current: bool
    code: str | None


_NAMED = text("""
select k.id, c.stage, k.position, k.candidate_uid, k.is_current, nv.code
from caseforge.candidate k
join caseforge.content c on c.id = k.content_id and c.is_current
left join caseforge.target_node nv on nv.node_id = k.node_id
where k.framework_key = :key
""")


def named_candidates(connection: Connection, key: str) -> list[NamedCandidate]:
    """All candidates of a framework's current contents, those of nodes that are gone, too."""
    return [NamedCandidate(*row) for row in connection.execute(_NAMED, {"key": key})]


def rename_candidates(connection: Connection, new_uids: Mapping[int, str | None]) -> None:
    """Gives candidates new uids, by id; those without one are current no more. Uids may be exchanged: all are freed first."""
    ids = {"ids": list(new_uids)}
    connection.execute(text("update caseforge.candidate set is_current = false where id = any(:ids)"), ids)
    query = text("""
    update caseforge.candidate k set candidate_uid = new.uid, is_current = true,
        former_uids = case when k.candidate_uid = new.uid then k.former_uids else array_append(array_remove(k.former_uids, new.uid), k.candidate_uid) end
    from unnest(cast(:ids as bigint[]), cast(:uids as text[])) as new(id, uid) where k.id = new.id and new.uid is not null
    """)
    connection.execute(query, ids | {"uids": list(new_uids.values())})


def save_contents(connection: Connection, rows: Sequence[NewContent]) -> dict[int, int]:
    """Stores contents of one stage with their candidates and makes the right ones current, in the caller's transaction.

    An answer whose attempt is stored already is left as it is, so that collecting twice changes nothing.

    Returns:
        Content ids by attempt id (or by node id for contents without an attempt), of rows that are current now.
    """
    if not rows:
        return {}
    known = _stored_attempts(connection, [row.attempt_id for row in rows if row.attempt_id is not None and row.reused_from is None])
    fresh = [row for row in rows if row.attempt_id not in known or row.reused_from is not None]
    contested = _contested(connection, rows)
    ids = dict(zip(map(id, fresh), _insert(connection, fresh, contested), strict=True))
    winners = {ids[id(row)] for row in fresh if row.node_id not in contested}
    if contested:
        winners |= choose_current(connection, rows[0].stage, sorted(contested))
    _insert_candidates(connection, [(row, ids[id(row)]) for row in fresh], winners)
    stored = [(row, ids.get(id(row)) or known.get(row.attempt_id or 0)) for row in rows]
    return {row.attempt_id or row.node_id: content_id for row, content_id in stored if content_id in winners and content_id is not None}


def _stored_attempts(connection: Connection, attempt_ids: Sequence[int]) -> dict[int, int]:
    query = text("select attempt_id, id from caseforge.content where attempt_id = any(:ids) and reused_from is null")
    return {row[0]: row[1] for row in connection.execute(query, {"ids": list(attempt_ids)})}


def _contested(connection: Connection, rows: Sequence[NewContent]) -> set[int]:
    """The nodes that have more than one content with these, so that it has to be decided which is current."""
    query = text("select distinct node_id from caseforge.content where stage = :stage and node_id = any(:ids)")
    counts = Counter(row.node_id for row in rows)
    known = set(connection.scalars(query, {"stage": rows[0].stage, "ids": list(counts)}))
    return known | {node_id for node_id, count in counts.items() if count > 1}


def _insert(connection: Connection, rows: Sequence[NewContent], contested: set[int]) -> list[int]:
    values = []
    for row in rows:
        value = columns_of(row) | {"is_current": row.node_id not in contested}
        del value["candidates"]
        values.append(value)
    return add_rows(connection, content, values)


def choose_current(connection: Connection, stage: str, node_ids: Sequence[int]) -> set[int]:
    """Makes the right contents of nodes current and returns them; candidates of the others are so no more, and their uids are free."""
    values = {"stage": stage, "node_ids": list(node_ids)}
    winners = set(connection.execute(_MAKE_CURRENT, values).one().winners or ())
    query = text("update caseforge.content set is_current = true where id = any(:ids) and not is_current")
    connection.execute(query, {"ids": list(winners)})
    connection.execute(_RETIRE_CANDIDATES, values)
    return winners


def _insert_candidates(connection: Connection, rows: Sequence[tuple[NewContent, int]], winners: set[int]) -> None:
    items = [
        {
            **columns_of(item),
            "framework_key": row.framework_key,
            "node_id": row.node_id,
            "content_id": content_id,
            "is_current": content_id in winners,
        }
        for row, content_id in rows
        for item in row.candidates
    ]
    add_rows(connection, candidate, items)


_OF_MODEL = "regexp_replace(c.model, '-\\d{4}-\\d{2}-\\d{2}$', '')"  # without the date that answers name


def made_by(connection: Connection, stage: str, node_ids: Sequence[int], model: str) -> list[int]:
    """Those of the nodes whose current content a model made; its dated versions are meant, too."""
    query = text(f"""
    select c.node_id from caseforge.content c
    where c.is_current and c.stage = :stage and c.node_id = any(:ids) and :model in (c.model, {_OF_MODEL}) order by c.node_id
    """)
    return list(connection.scalars(query, {"stage": stage, "ids": list(node_ids), "model": model}))


def models_of(connection: Connection, stage: str, node_ids: Sequence[int]) -> dict[str, int]:
    """Counts the nodes' current contents by the model that made them, by its name without a date."""
    query = text(f"""
    select {_OF_MODEL}, count(*) from caseforge.content c
    where c.is_current and c.stage = :stage and c.node_id = any(:ids) group by 1 order by 1
    """)
    rows = connection.execute(query, {"stage": stage, "ids": list(node_ids)}) if node_ids else ()
    return {row[0] or "unknown": row[1] for row in rows}
