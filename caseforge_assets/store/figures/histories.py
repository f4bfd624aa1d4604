"""Everything that the store knows of one node, oldest first: the rows from which its history is told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.batches.states import PlanDecision
from caseforge_assets.store.figures.spending import CONTENT_COST
from caseforge_assets.store.schema.constants import PLANNED_ONCE
from caseforge_assets.store.schema.plan_tables import PLAN_MAKER

_EDITIONS = text("""
select v.loaded_at, v.label, v.source_name, v.source_sha256, v.is_current, nv.code, nv.name, nv.description, nv.partition_key, nv.position, nv.version
from caseforge.node_version nv join caseforge.framework_version v on v.id = nv.framework_version_id where nv.node_id = :node order by v.id
""").execution_options(**PLANNED_ONCE)

_CONTEXTS = text("select id, created_at, text, version, is_current from caseforge.context where node_id = :node order by id")

_REQUESTS = text(f"""
select r.id, r.created_at, r.stage, r.model, r.generation, r.state, r.is_current, r.plan_id, {PLAN_MAKER} as plan_made_by, p.approved_at, d.changed_by as approved_by, r.retry_of,
       r.context_id, r.source_content_id, r.max_completion_tokens, r.input_tokens, r.fingerprint, r.stage_version, r.own_answer, r.shortened,
       r.choice -> 'titles' as chosen, r.not_sent_because, cast(r.body as jsonb) ->> 'endpoint' as endpoint
from caseforge.request r left join caseforge.plan p on p.id = r.plan_id
left join lateral (select changed_by from caseforge.plan_change where plan_id = p.id and change = '{PlanDecision.approved}' order by id desc limit 1) d on true
where r.node_id = :node order by r.id
""").execution_options(**PLANNED_ONCE)

_ATTEMPTS = text("""
select a.id, a.request_id, a.created_at, a.answered_at, a.outcome, a.detail, a.notes, a.custom_id, a.model, a.finish_reason, a.input_tokens, a.cached_tokens,
       a.cache_write_tokens, a.output_tokens, a.reasoning_tokens, a.cost_usd, a.expected_cost_usd, a.answer_sha256, a.line_number, a.status_code, a.remote_request_id,
       b.id as batch_id, b.remote_id, b.stage, b.state as batch_state, b.artifacts, b.duplicate_of, p.base_url, p.simulated
from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id join caseforge.provider p on p.id = a.provider_id
where a.node_id = :node order by a.id
""").execution_options(**PLANNED_ONCE)

_CONTENTS = text(f"""
select c.id, c.stored_at, c.answered_at, c.stage, c.title, c.version, c.stage_version, c.is_current, c.simulated, c.generated_by, c.model, c.owner, c.request_id,
       c.attempt_id, c.source_content_id, c.reused_from, o.framework_key as reused_framework, o.node_id as reused_node, c.edited_after is not null as edited,
       {CONTENT_COST} as cost_usd, c.notes, (select array_agg(k.candidate_uid order by k.position) from caseforge.candidate k where k.content_id = c.id) as candidates
from caseforge.content c left join caseforge.content o on o.id = c.reused_from where c.node_id = :node order by c.id
""").execution_options(**PLANNED_ONCE)

_DECISIONS = text("""
select e.done_at, e.actor, e.action, e.subject from caseforge.audit_entry e
where e.details ->> 'node_id' = cast(cast(:node as bigint) as text)
   or e.subject in (select 'plan ' || plan_id from caseforge.request where node_id = :node and plan_id is not null)
   or e.subject in (select 'batch ' || batch_id from caseforge.attempt where node_id = :node)
order by e.id
""").execution_options(**PLANNED_ONCE)

_QUERIES = {
    "editions": _EDITIONS,
    "contexts": _CONTEXTS,
    "requests": _REQUESTS,
    "attempts": _ATTEMPTS,
    "contents": _CONTENTS,
    "decisions": _DECISIONS,
}


def history_of_node(connection: Connection, node_id: int) -> dict[str, list[dict[str, Any]]]:
    """Editions, contexts, requests, attempts and contents of a node, and what people decided of them, each oldest first."""
    return {name: [dict(row._mapping) for row in connection.execute(query, {"node": node_id})] for name, query in _QUERIES.items()}
