"""Imports: which lines of a file are answers that are here already, and everything that came of an import, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import orjson
from sqlalchemy import Connection, text

from caseforge_assets.batches.states import Origin, RequestState
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.store.database.copy import columns_of
from caseforge_assets.store.figures.spending import UNKNOWN
from caseforge_assets.store.mirroring.outbox import Kind
from caseforge_assets.store.schema.constants import listed


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a line is known again. Ids are None where they cannot be relied on; `made_at` is when its answer was made."""

    number: int
    custom_id: str
    answer_sha256: str
    has_text: bool
    response_id: str | None
    request_id: str | None
    made_at: datetime | None
    input_tokens: int | None
    output_tokens: int | None


# An id that is this long tells an answer by itself; shorter ones, which other servers give, do so together with the text.
_KNOWN = text(f"""
with l as materialized (
    select * from jsonb_to_recordset(cast(:rows as jsonb))
        as x(number int, custom_id text, answer_sha256 text, has_text boolean, response_id text, request_id text, made_at timestamptz,
             input_tokens int, output_tokens int)),
a as materialized (
    select a.batch_id, a.response_id, a.remote_request_id, a.answer_sha256, a.answered_at, a.input_tokens, a.output_tokens, a.line_number, b.submission_id,
           case when b.origin = '{Origin.submitted}' then a.custom_id else regexp_replace(a.custom_id, '#[0-9]+$', '') end as custom_id
    from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id where a.line_number is not null),
found as (
    select l.number, a.batch_id from l join a on a.answer_sha256 = l.answer_sha256
    where l.has_text and (a.custom_id = l.custom_id or a.response_id = l.response_id or a.remote_request_id = l.request_id)
    union all select l.number, a.batch_id from l join a on a.custom_id = l.custom_id and a.answer_sha256 = l.answer_sha256
    where not l.has_text and coalesce(a.answered_at = l.made_at, true) and a.input_tokens = l.input_tokens and a.output_tokens = l.output_tokens
    union all select l.number, a.batch_id from l join a on a.line_number = l.number where starts_with(a.submission_id, :file)
    union all select l.number, a.batch_id from l join a on a.response_id = l.response_id where not l.has_text or length(l.response_id) >= 20
    union all select l.number, a.batch_id from l join a on a.remote_request_id = l.request_id where not l.has_text or length(l.request_id) >= 20)
select number, min(batch_id) from found group by number order by number
""")


def known_lines(connection: Connection, lines: Sequence[Identity], file: str) -> dict[int, int]:
    """By number, the batch that brought the same answer before, collected or imported; lines that are new are left out.

    Args:
        file: what the submission ids of all imports of the same file begin with.
    """
    rows = orjson.dumps([columns_of(line) for line in lines], default=str).decode()
    return {row[0]: row[1] for row in connection.execute(_KNOWN, {"rows": rows, "file": file})}


@dataclass(frozen=True, slots=True)
class Brought:
    """All that an import brought: its contents and their copies, the requests that these and its attempts answered, and the nodes by framework."""

    content_ids: list[int]
    request_ids: list[int]
    attempt_ids: list[int]
    node_ids: dict[str, list[int]]


def brought(connection: Connection, batch_id: int) -> Brought:
    """Everything that came of an import; copies of its answers are of the same stage, in any framework."""
    contents = connection.execute(
        text("""
        with own as (select id from caseforge.content where attempt_id in (select id from caseforge.attempt where batch_id = :batch))
        select id, framework_key, node_id, request_id from caseforge.content where id in (select id from own) or reused_from in (select id from own)
        """),
        {"batch": batch_id},
    ).all()
    attempts = connection.execute(
        text("""
        select a.id, n.framework_key, a.node_id, a.request_id from caseforge.attempt a join caseforge.node n on n.id = a.node_id
        where a.batch_id = :batch
        """),
        {"batch": batch_id},
    ).all()
    node_ids: dict[str, set[int]] = {}
    for _, key, node_id, _ in [*contents, *attempts]:
        node_ids.setdefault(key, set()).add(node_id)
    requests = {row[3] for row in [*contents, *attempts] if row[3] is not None}
    return Brought(
        [row[0] for row in contents],
        sorted(requests),
        [row[0] for row in attempts],
        {key: sorted(of_key) for key, of_key in sorted(node_ids.items())},
    )


def made_from(connection: Connection, content_ids: Sequence[int]) -> list[int]:
    """The current requests that were made from contents."""
    query = text("select id from caseforge.request where is_current and source_content_id = any(:ids) order by id")
    return list(connection.scalars(query, {"ids": list(content_ids)}))


def remove(connection: Connection, found: Brought) -> None:
    """Removes contents and attempts. What was made from the contents is kept, and is not said to be made from them any more."""
    values = {"contents": found.content_ids, "attempts": found.attempt_ids}
    for statement in (
        "update caseforge.request set source_content_id = null where source_content_id = any(:contents)",
        "update caseforge.content set source_content_id = null where source_content_id = any(:contents)",
        "delete from caseforge.quality where content_id = any(:contents)",
        "delete from caseforge.candidate where content_id = any(:contents)",
        "delete from caseforge.content where id = any(:contents)",
        "delete from caseforge.attempt where id = any(:attempts)",
    ):
        connection.execute(text(statement), values)


# As each stands without the import: under way, answered by another content, failed in its last attempt, or never sent.
_STATES = text(f"""
update caseforge.request r set state = case
    when live.id is not null then '{RequestState.in_batch}'
    when other.id is not null then '{RequestState.answered}'
    when not r.is_current then '{RequestState.replaced}'
    when last.outcome is null or last.outcome = '{Outcome.cancelled}' then '{RequestState.parked}'
    else '{RequestState.failed}' end
from caseforge.request q
left join lateral (select id from caseforge.attempt a where a.request_id = q.id and a.outcome is null limit 1) live on true
left join lateral (select id from caseforge.content c where c.request_id = q.id limit 1) other on true
left join lateral (select outcome from caseforge.attempt a where a.request_id = q.id and a.outcome is not null order by id desc limit 1) last on true
where q.id = r.id and r.id = any(:ids)
""")


def reset_requests(connection: Connection, request_ids: Sequence[int]) -> None:
    """Gives requests the state that they have without the import. None of them is sent because of it: a person asks."""
    connection.execute(_STATES, {"ids": list(request_ids)})


@dataclass(frozen=True, slots=True)
class Unsent:
    """A node's current request of which nothing came, and the one that was current before it; None where there was none."""

    id: int
    framework_key: str
    stage: str
    node_id: int
    before: int | None


_UNSENT = text("""
select r.id, r.framework_key, r.stage, r.node_id,
       (select max(q.id) from caseforge.request q where q.node_id = r.node_id and q.stage = r.stage and q.id < r.id) as before
from caseforge.request r
where r.is_current and r.id = any(:ids)
  and not exists (select 1 from caseforge.attempt a where a.request_id = r.id)
  and not exists (select 1 from caseforge.content c where c.request_id = r.id)
order by r.id for update of r
""")


def unsent(connection: Connection, request_ids: Sequence[int]) -> list[Unsent]:
    """Those of the requests that are current, and of which there is neither an attempt nor a content."""
    return [Unsent(*row) for row in connection.execute(_UNSENT, {"ids": list(request_ids)})]


def put_back_requests(connection: Connection, rows: Sequence[Unsent]) -> None:
    """Makes the requests current that were so before; what was not answered of them waits for a person."""
    connection.execute(
        text(f"update caseforge.request set is_current = false, state = '{RequestState.replaced}' where id = any(:ids)"),
        {"ids": [row.id for row in rows]},
    )
    query = text(f"""
    update caseforge.request set is_current = true, state = case when state = '{RequestState.replaced}' then '{RequestState.parked}' else state end where id = any(:ids)
    """)
    connection.execute(query, {"ids": [row.before for row in rows if row.before is not None]})


@dataclass(frozen=True, slots=True)
class Standing:
    """A content of a node and what is said of it at its assets; `answer_version` is the version of the answer that it was made from."""

    content_id: int
    node_id: int
    request_id: int | None
    attempt_id: int | None
    version: str
    stage_version: str
    answer_version: str
    edited: bool


_STANDING = """
select distinct on (c.node_id) c.id, c.node_id, c.request_id, c.attempt_id, c.version, c.stage_version, coalesce(a.answer_sha256, c.version),
       c.edited_after is not null
from caseforge.content c
left join caseforge.content o on o.id = c.reused_from
left join caseforge.attempt a on a.id = coalesce(c.attempt_id, o.attempt_id)
where c.stage = :stage and c.node_id = any(:ids) and {which}
order by c.node_id, c.is_current desc, c.simulated, coalesce(c.request_id, 0) desc, c.answered_at desc nulls last, c.id desc
"""


def current_standing(connection: Connection, stage: str, node_ids: Sequence[int]) -> dict[int, Standing]:
    """Current contents of nodes in a stage, by node."""
    return _standing(connection, "c.is_current", stage, node_ids)


def answers_standing(connection: Connection, stage: str, node_ids: Sequence[int]) -> dict[int, Standing]:
    """By node, the content of the answer that is current, or would be without what a person wrote."""
    return _standing(connection, "c.edited_after is null", stage, node_ids)


def _standing(connection: Connection, which: str, stage: str, node_ids: Sequence[int]) -> dict[int, Standing]:
    rows = connection.execute(text(_STANDING.format(which=which)), {"stage": stage, "ids": list(node_ids)})
    return {row.node_id: Standing(*row) for row in rows}


_LAST_WORDS = text(f"""
select asset, node_id from (
    select distinct on (o.asset, o.node_id) o.asset, o.node_id, o.attempt_id, o.content_id, o.request_id, o.kind from caseforge.outbox o
    where o.framework_key = :key and o.asset = any(:assets) and o.node_id = any(:ids) and o.kind <> '{Kind.waiting}' order by o.asset, o.node_id, o.id desc) newest
where attempt_id = any(:attempts) or content_id = any(:contents) or (attempt_id is null and content_id is null and request_id = any(:requests))
""")


def last_words(connection: Connection, key: str, assets: Sequence[str], node_ids: Sequence[int], found: Brought) -> set[tuple[str, int]]:
    """(asset, node) of which the newest event is the import's, or that of a copy of its answers."""
    of_import = {"attempts": found.attempt_ids, "contents": found.content_ids, "requests": found.request_ids}
    rows = connection.execute(_LAST_WORDS, {"key": key, "assets": list(assets), "ids": list(node_ids), **of_import})
    return {(row[0], row[1]) for row in rows}


@dataclass(frozen=True, slots=True)
class ImportRow:
    """An import as it is listed; `cost_usd` is that of the answers whose cost is known. Those that were taken back have none any more."""

    batch_id: int
    stage: str
    model: str
    answers: int
    cost_usd: Decimal
    unknown_costs: int
    imported_at: datetime | None
    note: str | None
    taken_back: bool


def all_imports(connection: Connection) -> list[ImportRow]:
    """All imports, oldest first."""
    query = text(f"""
    select b.id, b.stage, b.model, count(a.id), coalesce(sum(a.cost_usd), 0), count(*) filter (where {UNKNOWN}),
           b.collected_at, b.reason, b.origin = '{Origin.taken_back}'
    from caseforge.batch b left join caseforge.attempt a on a.batch_id = b.id where b.origin in {listed((Origin.imported, Origin.taken_back))} group by b.id order by b.id
    """)
    return [ImportRow(*row) for row in connection.execute(query)]
