"""The figures that the rules of alerts look at, read in a few set-based queries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from caseforge_assets.alerts.figures import BatchFigures, PlanFigures, ProviderFigures, RunCost, UnsentFigures, WaitingPlan, WebhookFigures
from caseforge_assets.batches.states import (
    AWAITED,
    NOT_TO_BE_FOUND,
    OPEN_OR_FAILED,
    WAITING,
    WITH_PROVIDER,
    BatchState,
    Origin,
    PlanDecision,
    PlanState,
    RequestState,
)
from caseforge_assets.events.kinds import DeliveryState
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.store.figures.spending import UNKNOWN
from caseforge_assets.store.schema.constants import listed
from caseforge_assets.store.schema.plan_tables import PLAN_MAKER
from caseforge_assets.store.schema.provider_table import IS_IMPORTED

_BATCHES = text(f"""
select b.id, coalesce(b.remote_id, 'batch ' || b.id) as name, b.stage,
       case when min(n.framework_key) = max(n.framework_key) then min(n.framework_key) end as framework_key,
       case when b.state = '{BatchState.creating}' and starts_with(b.reason, :not_to_be_found) then '{BatchState.unknown}'
            when b.state = '{BatchState.creating}' and b.create_refused is not null then '{BatchState.refused}' else b.state end as state,
       b.remote_status, b.reason, b.remote -> 'errors' as errors, b.request_count,
       case when b.state = '{BatchState.open}' then coalesce(cast(b.remote #>> '{{request_counts,failed}}' as int), 0)
            else count(*) filter (where a.outcome = any(:failed)) end as failed,
       count(*) filter (where a.outcome = any(:cut_off)) as cut_off,
       count(r.id) filter (where r.state in {listed(OPEN_OR_FAILED)}) as unanswered, b.stray_lines, b.is_held, b.usage_differs
from caseforge.batch b
left join caseforge.attempt a on a.batch_id = b.id
left join caseforge.node n on n.id = a.node_id
left join caseforge.request r on r.node_id = a.node_id and r.stage = b.stage and r.is_current
where b.origin = '{Origin.submitted}' and b.duplicate_of is null
  and (greatest(b.created_at, b.final_at, b.collected_at) >= :since or b.state in {listed(WITH_PROVIDER)} or b.id = any(:ids))
group by b.id order by b.id
""")


def batches(
    connection: Connection, since: datetime, ids: Sequence[int], failed: Collection[str], cut_off: Collection[str]
) -> list[BatchFigures]:
    """Batches that something happened to since then, or that are under way, or that are named.

    Nodes that a person has put aside (cancelled) are not counted as unanswered.

    Args:
        failed: outcomes that count as a failure.
        cut_off: outcomes that are a token limit's doing.
    """
    rows = connection.execute(
        _BATCHES, {"since": since, "ids": list(ids), "failed": list(failed), "cut_off": list(cut_off), "not_to_be_found": NOT_TO_BE_FOUND}
    )
    return [BatchFigures(*row) for row in rows]


_UNSENT = text(f"""
select r.framework_key, r.stage, count(*), (array_agg(nv.code order by nv.position))[1], (array_agg(r.not_sent_because order by nv.position))[1]
from caseforge.request r
join caseforge.target_node nv on nv.node_id = r.node_id
where r.is_current and r.state = '{RequestState.failed}' and r.not_sent_because is not null
group by 1, 2 order by 1, 2
""")


def unsent(connection: Connection) -> list[UnsentFigures]:
    """Requests of target nodes that failed without being sent."""
    return [UnsentFigures(*row) for row in connection.execute(_UNSENT)]


_PLANS = text(f"""
select p.id, p.framework_key, min(b.created_at) as first_submission,
       (select count(*) from caseforge.request r where r.plan_id = p.id and r.stage = any(p.stages) and r.is_current
            and r.state in {listed(WAITING)}) as open_requests,
       count(a.cost_usd) filter (where a.output_tokens is not null and bills.id is not null) as answers,
       coalesce(sum(a.cost_usd) filter (where bills.id is not null and a.expected_cost_usd is not null), 0) as cost_usd,
       coalesce(sum(a.expected_cost_usd) filter (where bills.id is not null and a.cost_usd is not null), 0) as expected_cost_usd,
       count(*) filter (where bills.id is not null and {UNKNOWN}) as unknown_costs
from caseforge.plan p
join caseforge.request r on r.plan_id = p.id
join caseforge.attempt a on a.request_id = r.id and a.outcome is distinct from '{Outcome.not_sent}'
join caseforge.batch b on b.id = a.batch_id and b.origin = '{Origin.submitted}' and b.state <> '{BatchState.refused}'
left join caseforge.provider bills on bills.id = a.provider_id and not bills.simulated
where p.state = '{PlanState.approved}' group by p.id
having max(b.created_at) >= :since or max(b.collected_at) >= :since or count(*) filter (where a.outcome is null) > 0 or p.id = any(:ids)
order by p.id
""")


def plans(connection: Connection, since: datetime, ids: Sequence[int]) -> list[PlanFigures]:
    """Approved plans that something of was sent or collected since then, or is under way, or that are named. Costs are those of providers that bill."""
    return [PlanFigures(*row) for row in connection.execute(_PLANS, {"since": since, "ids": list(ids)})]


_WAITING_PLANS = text(f"""
select p.id, p.framework_key, case when p.state = '{PlanState.approved}' then p.held_back end as held_back,
       coalesce((select c.changed_by from caseforge.plan_change c where c.plan_id = p.id and c.change = '{PlanDecision.approved}' order by c.id desc limit 1),
                {PLAN_MAKER}) as decided_by,
       coalesce(p.approved_at, p.created_at) as since, count(*) as requests, p.expected_cost_usd
from caseforge.plan p
join caseforge.request r on r.plan_id = p.id and r.state = '{RequestState.pending}' and r.is_current and r.stage = any(p.stages)
where (p.state = '{PlanState.approved}' and p.held_back is not null) or p.state = '{PlanState.draft}'
group by p.id order by p.id
""")


def waiting_plans(connection: Connection) -> list[WaitingPlan]:
    """Plans with pending requests that are held back, or that nobody has approved or declined."""
    return [WaitingPlan(*row) for row in connection.execute(_WAITING_PLANS)]


_RUN_COSTS = text("""
with answer as (
    select a.id, r.plan_id, r.framework_key, b.stage, b.model, a.node_id, a.cost_usd, b.created_at
    from caseforge.attempt a
    join caseforge.provider p on p.id = a.provider_id and not p.simulated
    join caseforge.batch b on b.id = a.batch_id
    left join caseforge.request r on r.id = a.request_id
    where a.cost_usd is not null and a.output_tokens is not null
), run as (
    select plan_id, framework_key, stage, model, count(*) as answers, sum(cost_usd) / count(distinct node_id) as per_node, min(created_at) as began
    from answer where plan_id = any(:ids) group by 1, 2, 3, 4
)
select run.plan_id, run.framework_key, run.stage, run.model, run.answers, run.per_node, earlier.answers, earlier.per_node
from run
cross join lateral (
    select count(*) as answers, sum(cost_usd) / nullif(count(distinct node_id), 0) as per_node from answer
    where answer.stage = run.stage and answer.model = run.model and answer.created_at < run.began
      and answer.plan_id is distinct from run.plan_id) earlier
order by 1, 3, 4
""")


def run_costs(connection: Connection, plan_ids: Sequence[int]) -> list[RunCost]:
    """Cost of a node of these plans per stage and model at providers that bill, beside its cost in batches that were made before."""
    return [RunCost(*row) for row in connection.execute(_RUN_COSTS, {"ids": list(plan_ids)})] if plan_ids else []


_PROVIDERS = text(f"""
select p.id, p.base_url, p.stopped_reason, p.refused_reason, count(b.id) as open_batches,
       case when count(b.id) > 0 then greatest(min(coalesce(b.creating_at, b.created_at)),
            (select max(done.collected_at) from caseforge.batch done where done.provider_id = p.id and done.origin = '{Origin.submitted}')) end as quiet_since
from caseforge.provider p
left join caseforge.batch b on b.provider_id = p.id and b.state in {listed(AWAITED)} and b.duplicate_of is null
where not {IS_IMPORTED} group by p.id order by p.id
""")


def providers(connection: Connection) -> list[ProviderFigures]:
    """Every provider that batches are sent to."""
    return [
        ProviderFigures(row.id, row.base_url, row.stopped_reason, row.refused_reason, row.open_batches, row.quiet_since)
        for row in connection.execute(_PROVIDERS)
    ]


_WEBHOOKS = text(f"""
select w.id, w.url, w.framework_key, count(*), (array_agg(e.subject order by d.id desc))[1], (array_agg(d.problem order by d.id desc))[1]
from caseforge.webhook_delivery d
join caseforge.webhook w on w.id = d.webhook_id and w.removed_at is null
join caseforge.event e on e.id = d.event_id
where d.state = '{DeliveryState.dead}' group by w.id order by w.id
""")


def webhooks(connection: Connection) -> list[WebhookFigures]:
    """Webhooks that are not removed with deliveries that were given up."""
    return [WebhookFigures(*row) for row in connection.execute(_WEBHOOKS)]
