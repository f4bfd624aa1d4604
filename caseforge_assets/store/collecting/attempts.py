"""Attempts: one request in one batch, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, text

from caseforge_assets.batches.states import GONE_WRONG, BatchState, Origin, RequestState
from caseforge_assets.stages.judgement import LINELESS, Outcome, VectorsAsked
from caseforge_assets.store.database.copy import columns_of
from caseforge_assets.store.figures.spending import UNKNOWN
from caseforge_assets.store.requests.requests import NOT_WRITTEN_SINCE
from caseforge_assets.store.schema.constants import listed


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt with what its request was made from, as collecting needs it."""

    id: int
    custom_id: str
    outcome: str | None
    node_id: int
    framework_key: str
    partition_key: str | None
    code: str
    name: str
    request_id: int | None
    request_state: str | None
    request_is_current: bool | None
    question: str | None
    stage_version: str | None
    source_content_id: int | None
    temperature: float | None
    max_completion_tokens: int | None
    shortened: bool | None
    chosen: list[str] | None


@dataclass(frozen=True, slots=True)
class Result:
    """The values that are recorded of an attempt when its line was judged."""

    attempt_id: int
    outcome: str
    detail: str
    notes: list[str]
    line_number: int | None = None
    status_code: int | None = None
    remote_request_id: str | None = None
    response_id: str | None = None
    model: str | None = None
    finish_reason: str | None = None
    answer_sha256: str | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cache_write_tokens: int | None = None
    cost_usd: Decimal | None = None
    answered_at: datetime | None = None


_SELECT = """
select a.id, a.custom_id, a.outcome, a.node_id, n.framework_key, nv.partition_key, coalesce(nv.code, n.identity), coalesce(nv.name, n.identity),
       a.request_id, r.state, r.is_current, r.question, r.stage_version, r.source_content_id, r.temperature,
       r.max_completion_tokens, r.shortened, r.choice -> 'titles'
from caseforge.attempt a
join caseforge.node n on n.id = a.node_id
left join caseforge.request r on r.id = a.request_id
left join caseforge.current_node nv on nv.node_id = a.node_id
where a.batch_id = :batch
"""


def by_custom_id(connection: Connection, batch_id: int, custom_ids: Sequence[str]) -> dict[str, AttemptRow]:
    """The attempts of a batch that these lines answer, locked until the transaction ends; unknown ids are left out."""
    query = text(_SELECT + " and a.custom_id = any(:ids) order by a.id for update of a")
    rows = connection.execute(query, {"batch": batch_id, "ids": list(custom_ids)})
    return {row.custom_id: AttemptRow(*row) for row in rows}


@dataclass(frozen=True, slots=True)
class Asked:
    """The facts that an answer is judged by: its framework, its request's budget and chosen items, its node as the current edition has it (None: not at all)."""

    framework_key: str
    max_completion_tokens: int | None
    name: str | None
    description: str | None
    kpi_names: tuple[str, ...]
    chosen: tuple[str, ...]


_ASKED = text("""
select a.custom_id, n.framework_key, r.max_completion_tokens, nv.name, nv.description, jsonb_path_query_array(nv.kpis, '$[*].name') as kpi_names,
       r.choice -> 'titles' as chosen
from caseforge.attempt a join caseforge.node n on n.id = a.node_id
left join caseforge.request r on r.id = a.request_id
left join caseforge.current_node nv on nv.node_id = a.node_id
where a.batch_id = :batch and a.custom_id = any(:ids)
""")


def asked(connection: Connection, batch_id: int, custom_ids: Sequence[str]) -> dict[str, Asked]:
    """The facts that answers to requests of a batch are judged by, by custom_id; unknown ids are left out."""
    rows = connection.execute(_ASKED, {"batch": batch_id, "ids": list(custom_ids)})
    return {
        row.custom_id: Asked(
            row.framework_key,
            row.max_completion_tokens,
            row.name,
            row.description,
            tuple(map(str, row.kpi_names or ())),
            tuple(row.chosen or ()),
        )
        for row in rows
    }


def vectors_asked(connection: Connection, batch_id: int, custom_ids: Sequence[str]) -> dict[str, VectorsAsked]:
    """Of requests for vectors, what each asked for, by custom_id; unknown ids are left out."""
    query = text("""
    select a.custom_id, jsonb_array_length(cast(r.body as jsonb) -> 'messages'), cast(cast(r.body as jsonb) ->> 'dimensions' as int)
    from caseforge.attempt a join caseforge.request r on r.id = a.request_id
    where a.batch_id = :batch and a.custom_id = any(:ids)
    """)
    return {row[0]: VectorsAsked(row[1], row[2]) for row in connection.execute(query, {"batch": batch_id, "ids": list(custom_ids)})}


def without_outcome(connection: Connection, batch_id: int) -> list[AttemptRow]:
    """The attempts of a batch that no line answered, locked until the transaction ends."""
    rows = connection.execute(text(_SELECT + " and a.outcome is null order by a.id for update of a"), {"batch": batch_id})
    return [AttemptRow(*row) for row in rows]


_ADD_OF_DUPLICATE = text(f"""
insert into caseforge.attempt (batch_id, node_id, request_id, provider_id, custom_id, fingerprint, generation, outcome)
select :duplicate, node_id, request_id, provider_id, custom_id, fingerprint, generation, '{Outcome.not_sent}' from caseforge.attempt where id = any(:ids)
on conflict (batch_id, custom_id) do nothing returning custom_id
""")


def add_of_duplicate(connection: Connection, duplicate_id: int, attempt_ids: Sequence[int]) -> list[AttemptRow]:
    """Adds attempts to a duplicate for those of the batch that was adopted, to be recorded in the same transaction; leaves out what is there.

    They are never live: only one live attempt per question is allowed, and that is the adopted batch's.
    """
    added = list(connection.scalars(_ADD_OF_DUPLICATE, {"duplicate": duplicate_id, "ids": list(attempt_ids)}))
    return [replace(row, outcome=None) for row in by_custom_id(connection, duplicate_id, added).values()]


def count_of_duplicate(connection: Connection, duplicate_id: int) -> tuple[int, int]:
    """Counts the answers that a duplicate brought, and the contents that they led to."""
    query = text("""
    select count(*), count(c.id) from caseforge.attempt a left join caseforge.content c on c.attempt_id = a.id and c.reused_from is null
    where a.batch_id = :id
    """)
    answers, used = connection.execute(query, {"id": duplicate_id}).one()
    return answers, used


_RECORD = text("""
update caseforge.attempt a set
    outcome = new.outcome, detail = new.detail, notes = new.notes, line_number = new.line_number, status_code = new.status_code,
    remote_request_id = new.remote_request_id, response_id = new.response_id, model = new.model, finish_reason = new.finish_reason,
    answer_sha256 = new.answer_sha256, input_tokens = new.input_tokens, cached_tokens = new.cached_tokens,
    output_tokens = new.output_tokens, reasoning_tokens = new.reasoning_tokens,
    cache_write_tokens = new.cache_write_tokens, cost_usd = new.cost_usd, answered_at = new.answered_at
from jsonb_to_recordset(cast(:rows as jsonb)) as new(
    attempt_id bigint, outcome text, detail text, notes jsonb, line_number int, status_code int, remote_request_id text, response_id text,
    model text, finish_reason text, answer_sha256 text, input_tokens int, cached_tokens int, output_tokens int, reasoning_tokens int,
    cache_write_tokens int, cost_usd numeric, answered_at timestamptz)
where a.id = new.attempt_id
""")


def record(connection: Connection, results: Sequence[Result]) -> None:
    """Writes results over attempts; the caller decided that they may be written."""
    if results:
        connection.execute(_RECORD, {"rows": orjson.dumps([columns_of(result) for result in results], default=str).decode()})


def uncounted_tries(connection: Connection, request_ids: Sequence[int], outcomes: Sequence[str]) -> dict[int, int]:
    """Per request, how often it ended in one of these outcomes.

    Batches of several requests that were too much for the account's token limit do not count: the next ones are smaller,
    until one request alone is refused.
    """
    query = text(f"""
    select a.request_id, count(*) from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id
    where a.request_id = any(:ids) and a.outcome = any(:outcomes)
      and not (a.outcome = '{Outcome.batch_rejected}' and b.request_count > 1 and a.detail ~* 'token_limit|enqueued token')
    group by 1
    """)
    return {row[0]: row[1] for row in connection.execute(query, {"ids": list(request_ids), "outcomes": list(outcomes)})}


def custom_ids(connection: Connection, batch_id: int) -> frozenset[str]:
    """The custom ids of a batch."""
    return frozenset(connection.scalars(text("select custom_id from caseforge.attempt where batch_id = :id"), {"id": batch_id}))


@dataclass(frozen=True, slots=True)
class TokenSums:
    """Tokens of the answers of a batch; `cached_tokens` are among those of the input. `unknown` counts answers that came without their usage."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    unknown: int = 0


def token_sums(connection: Connection, batch_id: int) -> TokenSums:
    """Adds up the tokens of a batch's answers; lines that are errors took no tokens."""
    query = text(f"""
    select coalesce(sum(a.input_tokens), 0), coalesce(sum(a.cached_tokens), 0), coalesce(sum(a.output_tokens), 0),
           count(*) filter (where {UNKNOWN} and a.line_number is not null and a.output_tokens is null)
    from caseforge.attempt a where a.batch_id = :id
    """)
    return TokenSums(*connection.execute(query, {"id": batch_id}).one())


def any_live(connection: Connection, batch_id: int) -> bool:
    """True while a batch has a request without an outcome."""
    query = text("select exists (select 1 from caseforge.attempt where batch_id = :id and outcome is null)")
    return bool(connection.scalar(query, {"id": batch_id}))


def count_unanswered(connection: Connection, batch_id: int) -> int:
    """Counts the requests of a batch that ended without a line that answers them, whatever the reason."""
    query = text(f"""
    select count(*) from caseforge.attempt
    where batch_id = :id and outcome in {listed(LINELESS)}
    """)
    return int(connection.scalar(query, {"id": batch_id}) or 0)


def outcome_counts(connection: Connection, batch_id: int) -> dict[str, int]:
    """Counts the attempts of a batch by outcome."""
    query = text("select coalesce(outcome, 'live'), count(*) from caseforge.attempt where batch_id = :id group by 1 order by 2 desc, 1")
    return {row[0]: row[1] for row in connection.execute(query, {"id": batch_id})}


def batches_of_failed(connection: Connection, provider_id: int, outcomes: Sequence[str], key: str | None = None) -> list[int]:
    """Ids of the collected batches that hold an attempt with one of these outcomes for a node's current request that failed.

    Args:
        key: of one framework; None means all.
    """
    query = text(f"""
    select distinct b.id from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id
    join caseforge.request r on r.id = a.request_id and r.is_current and r.state = '{RequestState.failed}'
    where b.state = '{BatchState.collected}' and b.origin = '{Origin.submitted}' and b.duplicate_of is null and b.provider_id = :provider
      and a.outcome = any(:outcomes) and (cast(:key as text) is null or r.framework_key = :key) order by b.id
    """)
    return list(connection.scalars(query, {"provider": provider_id, "outcomes": list(outcomes), "key": key}))


def failures(connection: Connection, framework_key: str) -> list[Any]:
    """The nodes whose current request failed: code, name, stage, last outcome and detail, attempts and cost so far, simulated cost apart.

    What was too long to be sent has no attempt, and the outcome that the attempt would have had. What a person has written since is left out.
    """
    query = text(f"""
    select nv.code, nv.name, r.stage, coalesce(last.outcome, '{Outcome.context_length}') as outcome, coalesce(r.not_sent_because, last.detail) as detail,
           sums.attempts, sums.cost_usd, sums.unknown_costs, sums.simulated_cost_usd, sums.output_tokens, r.attempts_counted, r.node_id, nv.position
    from caseforge.request r
    join caseforge.target_node nv on nv.node_id = r.node_id
    left join lateral (
        select id, outcome, detail from caseforge.attempt a where a.request_id = r.id and r.not_sent_because is null
        order by a.id desc limit 1) last on true
    join lateral (
        select count(*) filter (where a.outcome is distinct from '{Outcome.not_sent}') as attempts,
               sum(a.cost_usd) filter (where not p.simulated) as cost_usd, count(*) filter (where not p.simulated and {UNKNOWN}) as unknown_costs,
               sum(a.cost_usd) filter (where p.simulated) as simulated_cost_usd, sum(a.output_tokens) as output_tokens
        from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id and b.stage = r.stage
        join caseforge.provider p on p.id = a.provider_id where a.node_id = r.node_id) sums on true
    where r.is_current and r.state in {listed(GONE_WRONG)} and r.framework_key = :key and (last.id is not null or r.not_sent_because is not null)
      and {NOT_WRITTEN_SINCE}
    order by r.stage, nv.position
    """)
    return list(connection.execute(query, {"key": framework_key}))
