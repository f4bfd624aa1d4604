"""Reads what Dagster shows of outbox rows: figures, previews, and contents, of which the longest are cut; and of an asset, how many rows it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, TextClause, text

from caseforge_assets.stages.stages import FRAMEWORK, PCF_NODES, Stages
from caseforge_assets.store.mirroring.outbox import Kind
from caseforge_assets.store.schema.constants import COUNTED_ITEMS

PREVIEW_CHARACTERS = 2_000
ANSWER_CHARACTERS = 600
WHOLE_CHARACTERS = 24_000  # of a content: real documents have 15,000 to 18,000


@dataclass(frozen=True, slots=True)
class Preview:
    """The details of an outbox row. Of each part, the first column that may be None says whether there is one; the others are None with it."""

    id: int
    code: str | None
    name: str
    level: int
    position: int
    description: str
    context_text: str | None
    context_characters: int
    request_model: str
    request_tokens: int | None
    max_completion_tokens: int
    generation: int
    fingerprint: str
    shortened: bool
    request_text: str | None
    request_endpoint: str | None
    outcome: str | None
    detail: str
    answer_model: str | None
    finish_reason: str | None
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cache_write_tokens: int | None
    cost_usd: Decimal | None
    line_number: int | None
    batch_id: int
    remote_id: str | None
    base_url: str
    answer_simulated: bool
    output_path: str | None
    error_path: str | None
    answer_text: str | None
    title: str | None
    body: str
    body_characters: int
    simulated: bool
    generated_by: str
    reused_from: int | None
    notes: list[str]
    score: int | None
    score_parts: dict[str, int | None]
    score_limits: list[str]
    items: list[dict[str, Any]] | None


_PREVIEWS = text(f"""
select o.id, nv.code, nv.name, nv.level, nv.position, left(nv.description, :size) as description,
       left(x.text, :size) as context_text, length(x.text) as context_characters,
       r.model as request_model, r.input_tokens as request_tokens, r.max_completion_tokens, r.generation, r.fingerprint, r.shortened,
       left(cast(r.body as jsonb) #>> '{{messages,1,content}}', :size) as request_text, cast(r.body as jsonb) ->> 'endpoint' as request_endpoint,
       a.outcome, a.detail, a.model as answer_model, a.finish_reason, a.input_tokens, a.cached_tokens, a.output_tokens, a.reasoning_tokens,
       a.cache_write_tokens, a.cost_usd,
       a.line_number, b.id as batch_id, b.remote_id, p.base_url, p.simulated as answer_simulated, b.artifacts #>> '{{output,path}}' as output_path, b.artifacts #>> '{{error,path}}' as error_path,
       (select left(k.body, :answer) from caseforge.content k where k.attempt_id = o.attempt_id and k.reused_from is null and o.content_id is null
            and o.kind = '{Kind.made}') as answer_text,
       c.title, left(c.body, :whole) as body, length(c.body) as body_characters, c.simulated, c.generated_by, c.reused_from, c.notes,
       q.score, q.details -> 'parts' as score_parts, q.details -> 'limits' as score_limits,
       (select jsonb_agg(jsonb_build_object('id', k.candidate_uid, 'title', left(k.title, 120), 'fields',
            (select jsonb_object_agg(f.name, left(k.fields ->> f.name, 120)) from unnest(cast(:item_fields as text[])) f(name))) order by k.position)
        from caseforge.candidate k where k.content_id = c.id and o.asset = any(:with_items)) as items
from caseforge.outbox o
left join caseforge.current_node nv on nv.node_id = o.node_id
left join caseforge.context x on x.id = o.context_id
left join caseforge.request r on r.id = o.request_id and o.asset = any(:with_request)
left join caseforge.attempt a on a.id = o.attempt_id
left join caseforge.batch b on b.id = a.batch_id
left join caseforge.provider p on p.id = b.provider_id
left join caseforge.content c on c.id = o.content_id
left join caseforge.quality q on q.content_id = c.id
where o.id = any(:ids)
""")


def previews(
    connection: Connection, ids: Sequence[int], with_request: Sequence[str], with_items: Sequence[str], item_fields: Sequence[str]
) -> dict[int, Preview]:
    """Per outbox row, what can be said of it: node, context, request, answer, content.

    Args:
        with_request: assets whose rows show their request.
        with_items: assets whose rows show a table of items, such as candidates.
        item_fields: fields of items that such tables show; each item has its own of them.
    """
    shown = {"with_request": list(with_request), "with_items": list(with_items), "item_fields": sorted(set(item_fields))}
    values = {"ids": list(ids), "size": PREVIEW_CHARACTERS, "answer": ANSWER_CHARACTERS, "whole": WHOLE_CHARACTERS, **shown}
    return {row.id: Preview(*row) for row in connection.execute(_PREVIEWS, values)}


_NODES = text("select count(*), count(partition_key) from caseforge.current_node where framework_key = :key")
_CONTENTS = text("""
select c.stage, count(*) from caseforge.content c join caseforge.target_node nv on nv.node_id = c.node_id
where c.is_current and c.framework_key = :key group by c.stage
""")
_ITEMS = text(f"select c.stage, count(*) from {COUNTED_ITEMS} group by c.stage")


def row_counts(connection: Connection, stages: Stages, key: str) -> dict[str, int]:
    """Counts the rows that each asset of a framework has now that has rows, by its name: nodes, contents, items."""
    of_edition, targets = connection.execute(_NODES, {"key": key}).one()
    contents, items = (_by_stage(connection, query, key) for query in (_CONTENTS, _ITEMS))
    of_stages = {stage.content: (items if stage.is_list else contents).get(stage.key, 0) for stage in stages}
    return {FRAMEWORK: of_edition, PCF_NODES: targets, **of_stages}


def _by_stage(connection: Connection, query: TextClause, key: str) -> dict[str, int]:
    return {stage: count for stage, count in connection.execute(query, {"key": key})}  # noqa: C416 -- a Row is no tuple to mypy
