"""The figures of reports on runs: answers by stage, outcome and day, batches with their times, use cases a node."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.reports.run_summary import BatchFigures, StageFigures
from caseforge_assets.reports.trends import DayFigures, Failure
from caseforge_assets.stages.judgement import GOOD, UNANSWERED, Outcome
from caseforge_assets.store.figures.spending import CAME_BACK, ENDED, UNKNOWN
from caseforge_assets.store.schema.constants import listed
from caseforge_assets.store.schema.provider_table import PAYMENT

_GOOD = listed(GOOD)
_NO_FAILURE = listed((Outcome.not_sent, *GOOD))
_ATTEMPTS = """
from caseforge.attempt a
join caseforge.node n on n.id = a.node_id
join caseforge.batch b on b.id = a.batch_id
join caseforge.provider p on p.id = a.provider_id
"""

_STAGES = text(f"""
with ended as (
    select a.id, a.node_id, b.stage, {PAYMENT} as kind, a.outcome in {_GOOD} as good, a.cost_usd, a.expected_cost_usd, {UNKNOWN} as unknown,
           b.duplicate_of is null and a.outcome not in {listed(UNANSWERED)} as answered
    {_ATTEMPTS}
    where n.framework_key = :key and {ENDED}
), numbered as (
    select *, row_number() over (partition by node_id, stage, kind, answered order by id) as number from ended
)
select stage, kind, count(distinct node_id) filter (where answered) as nodes,
       count(*) filter (where answered and number = 1 and good) as first_good,
       count(distinct node_id) filter (where answered and good) as good, count(*) filter (where answered) as answers, sum(cost_usd) as cost_usd,
       sum(expected_cost_usd) filter (where answered and not unknown) as expected_usd,
       sum(cost_usd) filter (where answered) as answered_cost_usd, count(*) filter (where answered and not unknown) as known_answers,
       count(*) filter (where unknown) as unknown_costs
from numbered group by 1, 2 order by 1, 2
""")


def stages(connection: Connection, key: str) -> list[StageFigures]:
    """Per stage and kind of provider, what the answers for a framework came to; costs are those of all attempts, unanswered ones and duplicates' included."""
    return [StageFigures(*row) for row in connection.execute(_STAGES, {"key": key})]


_FAILURE_COUNTS = text(f"""
select b.stage, a.outcome, count(*) {_ATTEMPTS}
where n.framework_key = :key and b.duplicate_of is null and a.outcome not in {_NO_FAILURE} group by 1, 2 order by 3 desc, 1, 2
""")


def failure_counts(connection: Connection, key: str) -> list[tuple[str, str, int]]:
    """(stage, outcome, attempts) of all failures of a framework, most frequent first."""
    return [(row[0], row[1], row[2]) for row in connection.execute(_FAILURE_COUNTS, {"key": key})]


_BATCHES = text(f"""
select b.id, coalesce(b.remote_id, 'batch ' || b.id), b.stage, b.state, b.remote_status, coalesce(b.creating_at, b.created_at), b.request_count,
       count(*) filter (where a.outcome <> '{Outcome.not_sent}') as ended, count(*) filter (where a.outcome in {_GOOD}) as good,
       cast(b.remote ->> 'in_progress_at' as float) - cast(b.remote ->> 'created_at' as float) as queue_s,
       cast(coalesce(b.remote ->> 'completed_at', b.remote ->> 'expired_at', b.remote ->> 'cancelled_at') as float)
           - cast(b.remote ->> 'in_progress_at' as float) as run_s,
       sum(a.cost_usd) as cost_usd, count(*) filter (where {UNKNOWN}) as unknown_costs,
       b.expected_cost_usd, coalesce(b.artifacts #>> '{{output,path}}', b.artifacts #>> '{{error,path}}') as file,
       coalesce(bool_or(p.simulated), false) as simulated
from caseforge.batch b join caseforge.attempt a on a.batch_id = b.id left join caseforge.provider p on p.id = b.provider_id
where b.id in (
    select distinct a.batch_id from caseforge.attempt a join caseforge.node n on n.id = a.node_id where n.framework_key = :key
    order by 1 desc limit :limit)
group by b.id order by b.id desc
""")


def batches(connection: Connection, key: str, limit: int) -> list[BatchFigures]:
    """The newest batches that have nodes of a framework, newest first; figures are those of the whole batch."""
    return [BatchFigures(*row) for row in connection.execute(_BATCHES, {"key": key, "limit": limit})]


def newest_plans(connection: Connection, key: str) -> list[int]:
    """The newest plan of a framework that something was sent of, or nothing."""
    query = text("""
    select max(r.plan_id) from caseforge.request r join caseforge.attempt a on a.request_id = r.id
    where r.framework_key = :key and a.output_tokens is not null
    """)
    found = connection.scalar(query, {"key": key})
    return [] if found is None else [int(found)]


_DAYS = text(f"""
select cast({CAME_BACK} at time zone 'UTC' as date) as day, b.stage, {PAYMENT} as kind,
       count(*) filter (where b.duplicate_of is null) as answers, count(*) filter (where b.duplicate_of is null and a.outcome in {_GOOD}),
       sum(a.output_tokens), sum(a.cost_usd), count(*) filter (where {UNKNOWN})
{_ATTEMPTS}
where {ENDED} and (cast(:key as text) is null or n.framework_key = :key)
  and {CAME_BACK} >= :since
group by 1, 2, 3 order by 1, 2, 3
""")


def days(connection: Connection, since: datetime, key: str | None) -> list[DayFigures]:
    """Figures of what came back since then, by day, stage and kind of provider, oldest first; of one framework or of all.

    Answers of duplicates are no attempts of their own, and cost what they cost.
    """
    return [DayFigures(*row) for row in connection.execute(_DAYS, {"since": since, "key": key})]


def newest_answer(connection: Connection, key: str | None) -> datetime | None:
    """The time at which the newest attempt came back, of one framework or of all; None where none did."""
    query = text(f"select max({CAME_BACK}) {_ATTEMPTS} where {ENDED} and (cast(:key as text) is null or n.framework_key = :key)")
    found: datetime | None = connection.scalar(query, {"key": key})
    return found


_FAILURES = text(f"""
select b.stage, a.outcome, a.detail,
       case when cast(:key as text) is null then n.framework_key || ' ' else '' end || coalesce(nv.code, n.identity) as code
{_ATTEMPTS}
left join caseforge.current_node nv on nv.node_id = a.node_id
where a.outcome not in {_NO_FAILURE} and b.duplicate_of is null and (cast(:key as text) is null or n.framework_key = :key)
  and {CAME_BACK} >= :since
order by a.id
""")


def failures(connection: Connection, since: datetime, key: str | None) -> Sequence[Failure]:
    """Every attempt that failed since then, oldest first; of one framework, or of all, and then codes have their framework before them."""
    rows: Sequence[Any] = connection.execute(_FAILURES, {"since": since, "key": key}).all()
    return [Failure(row.stage, row.outcome, row.detail, row.code) for row in rows]
