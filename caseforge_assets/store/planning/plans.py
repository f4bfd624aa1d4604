"""Plans: sets of nodes and stages with an estimate, approved or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, insert, text

from caseforge_assets.batches.states import NOT_OPENED, WAITING, BatchState, PlanDecision, PlanState, RequestState
from caseforge_assets.costs.sums import Cost
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.store.figures.spending import UNKNOWN
from caseforge_assets.store.schema.constants import listed
from caseforge_assets.store.schema.plan_tables import BY_WHOM
from caseforge_assets.store.schema.provider_table import IS_BILLED
from caseforge_assets.store.schema.tables import plan, plan_change


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan; an expected cost of None is unknown, a limit of None is none.

    `made_by` is the command that made it, `by` who had it made (None: nobody said, as of plans that a schedule makes); `bills` says whether the consent is for a
    provider that bills, too; `held_back` why its requests wait, as the last planning found (None: they do not).
    """

    id: int
    framework_key: str
    stages: list[str]
    state: str
    made_by: str
    node_count: int
    expected_cost_usd: Decimal | None
    max_cost_usd: Decimal | None
    bills: bool
    held_back: str | None
    created_at: datetime
    by: str | None

    @property
    def maker(self) -> str:
        """Gives who had it made; where nobody said, by which command."""
        return self.by or self.made_by


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A decision of a person or a command about a plan; the limit is the one that holds from then on (None: none)."""

    plan_id: int
    change: str
    changed_by: str
    max_cost_usd: Decimal | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class AllowedPlan:
    """A plan that somebody let spend money, with the limit that they set last (None: none) and its expected cost (None: unknown)."""

    plan_id: int
    state: str
    max_cost_usd: Decimal | None
    expected_cost_usd: Decimal | None


_EXPRESSIONS = {"by": f"details ->> '{BY_WHOM}'"}
_COLUMNS = ", ".join(_EXPRESSIONS.get(name, name) for name in PlanRow.__dataclass_fields__)


def get(connection: Connection, plan_id: int) -> PlanRow | None:
    """A plan by its number, locked until the transaction ends."""
    row = connection.execute(text(f"select {_COLUMNS} from caseforge.plan where id = :id for update"), {"id": plan_id}).first()
    return PlanRow(*row) if row else None


def all_plans(connection: Connection, plan_ids: Collection[int] | None = None) -> list[PlanRow]:
    """All plans, or those named, oldest first."""
    query = text(f"select {_COLUMNS} from caseforge.plan where cast(:ids as bigint[]) is null or id = any(:ids) order by id")
    return [PlanRow(*row) for row in connection.execute(query, {"ids": None if plan_ids is None else list(plan_ids)})]


def page_of_plans(
    connection: Connection, keys: Collection[str] | None, states: Collection[str] | None, before_id: int | None, limit: int
) -> list[int]:
    """Numbers of plans, newest first, from the one before a number on.

    Args:
        keys: of these frameworks only; None: of all.
        states: in these only; None: in any.
    """
    query = text("""
    select id from caseforge.plan
    where (cast(:keys as text[]) is null or framework_key = any(:keys)) and (cast(:states as text[]) is null or state = any(:states))
      and (cast(:before as bigint) is null or id < :before)
    order by id desc limit :limit
    """)
    values = {"keys": None if keys is None else list(keys), "states": None if states is None else list(states)}
    return list(connection.scalars(query, {**values, "before": before_id, "limit": limit}))


def changes(connection: Connection, plan_ids: Collection[int]) -> list[PlanChange]:
    """The decisions about plans, oldest first."""
    query = text("""
    select plan_id, change, changed_by, max_cost_usd, changed_at from caseforge.plan_change where plan_id = any(:ids) order by id
    """)
    return [PlanChange(*row) for row in connection.execute(query, {"ids": list(plan_ids)})]


_ALLOWED = text(f"""
select distinct on (p.id) p.id, p.state, c.max_cost_usd, p.expected_cost_usd
from caseforge.plan_change c join caseforge.plan p on p.id = c.plan_id
where c.changed_by = :by and c.change in {listed((PlanDecision.approved, PlanDecision.raised))} and p.bills
order by p.id, c.id desc
""")


def allowed_by(connection: Connection, name: str) -> list[AllowedPlan]:
    """The plans that somebody approved or raised, and of which a provider that bills may be sent something; also those that were cancelled since."""
    return [AllowedPlan(*row) for row in connection.execute(_ALLOWED, {"by": name})]


def add_plan(connection: Connection, key: str, stages: Sequence[str], made_by: str, node_count: int) -> int:
    """A new draft; returns its id."""
    values = {"framework_key": key, "stages": list(stages), "state": PlanState.draft, "made_by": made_by, "node_count": node_count}
    return int(connection.scalar(insert(plan).values(values).returning(plan.c.id)) or 0)


def decide(
    connection: Connection,
    plan_id: int,
    approved: bool,
    max_cost_usd: Decimal | None = None,
    *,
    by: str | None = None,
    bills: bool = True,
) -> None:
    """Approves or declines a draft, and records who did.

    Args:
        by: who decides; None: the command that made the plan.
        bills: whether a provider that bills may be sent of it, too; one that was approved as free of charge is for simulated ones only.
    """
    query = f"""
    update caseforge.plan set state = :state, approved_at = case when :approved then now() end, max_cost_usd = :cap, bills = :bills
    where id = :id and state = '{PlanState.draft}' returning made_by
    """
    state = PlanState.approved if approved else PlanState.declined
    values = {"id": plan_id, "approved": approved, "state": state, "cap": max_cost_usd, "bills": bills}
    made_by = connection.scalar(text(query), values)
    if made_by is not None:
        _record(connection, plan_id, PlanDecision(state), by or str(made_by), max_cost_usd)


def cancel(connection: Connection, plan_id: int, by: str) -> None:
    """Nothing more is sent of a plan."""
    query = text(f"update caseforge.plan set state = '{PlanState.cancelled}', held_back = null where id = :id returning max_cost_usd")
    _record(connection, plan_id, PlanDecision.cancelled, by, connection.scalar(query, {"id": plan_id}))


def set_limit(connection: Connection, plan_id: int, max_cost_usd: Decimal | None, by: str) -> None:
    """Sets what a plan may spend from now on; None: as much as the budgets allow."""
    query = text("update caseforge.plan set max_cost_usd = :cap, held_back = null where id = :id")
    connection.execute(query, {"id": plan_id, "cap": max_cost_usd})
    _record(connection, plan_id, PlanDecision.raised, by, max_cost_usd)


def _record(connection: Connection, plan_id: int, change: PlanDecision, by: str, max_cost_usd: Decimal | None) -> None:
    values = {"plan_id": plan_id, "change": change, "changed_by": by, "max_cost_usd": max_cost_usd}
    connection.execute(insert(plan_change).values(values))


def note_held_back(connection: Connection, reasons: Mapping[int, str | None]) -> None:
    """Notes why requests of plans wait, or that they do not (None); rows that say so already are left alone."""
    query = text("""
    update caseforge.plan p set held_back = new.reason
    from unnest(cast(:ids as bigint[]), cast(:reasons as text[])) as new(id, reason)
    where p.id = new.id and p.held_back is distinct from new.reason
    """)
    if reasons:
        connection.execute(query, {"ids": list(reasons), "reasons": list(reasons.values())})


@dataclass(frozen=True, slots=True)
class OpenRequests:
    """Requests of a plan that are pending, or in a batch that was not collected yet, and alike in all that tells how far they are and what they cost.

    `made_up` says whether what they are made from is simulated, `covered` whether the plan may send them, `reserved` whether they are in a batch, and `sent` whether that was
    created; one that is being found out may be sent again. An expected cost, of each of them, of None is unknown, or not reckoned yet.
    """

    plan_id: int
    stage: str
    model: str
    input_tokens: int
    made_up: bool
    covered: bool
    sent: bool
    reserved: bool
    expected_cost_usd: Decimal | None
    count: int
    node_ids: Sequence[int]


# Of ten thousand requests some hundred differ: they are put together where they lie.
_OPEN = text(f"""
select r.plan_id, r.stage, r.model, r.input_tokens, coalesce(s.simulated, false), r.stage = any(p.stages),
       coalesce(b.state not in {listed(NOT_OPENED)}, false), a.id is not null, a.expected_cost_usd, count(*), array_agg(r.node_id)
from caseforge.request r
join caseforge.plan p on p.id = r.plan_id
left join caseforge.content s on s.id = r.source_content_id
left join caseforge.attempt a on a.request_id = r.id and a.outcome is null
left join caseforge.batch b on b.id = a.batch_id
where r.plan_id = any(:ids) and (a.id is not null or (r.state = '{RequestState.pending}' and r.is_current and exists (
    select 1 from caseforge.target_node nv where nv.node_id = r.node_id)))
group by 1, 2, 3, 4, 5, 6, 7, 8, 9 order by min(r.id)
""")


def open_requests(connection: Connection, plan_ids: Collection[int]) -> list[OpenRequests]:
    """Requests of plans that are pending or in batches that are not through, those that are alike together."""
    return [OpenRequests(*row) for row in connection.execute(_OPEN, {"ids": list(plan_ids)})]


def approved_ids(
    connection: Connection,
    simulated: bool,
    *,
    key: str | None = None,
    stages: Collection[str] | None = None,
    node_ids: Collection[int] | None = None,
    made_by: str | None = None,
) -> set[int]:
    """Approved plans of which requests are pending or in a batch that is not through, at a provider of this kind; those of some nodes, if given."""
    query = text(f"""
    select distinct p.id from caseforge.plan p join caseforge.request r on r.plan_id = p.id
    where p.state = '{PlanState.approved}' and (p.bills or :simulated) and r.state in {listed(WAITING)} and r.is_current and r.stage = any(p.stages)
      and (cast(:key as text) is null or r.framework_key = :key) and (cast(:stages as text[]) is null or r.stage = any(:stages))
      and (cast(:nodes as bigint[]) is null or r.node_id = any(:nodes)) and (cast(:made_by as text) is null or p.made_by = :made_by)
    """)
    values = {
        "simulated": simulated,
        "key": key,
        "stages": None if stages is None else list(stages),
        "nodes": None if node_ids is None else list(node_ids),
        "made_by": made_by,
    }
    return set(connection.scalars(query, values))


# A duplicate that is not collected yet may have answered all that the batch it is a duplicate of was made for.
_COMMITTED = f"""
(select a.request_id, coalesce(a.cost_usd, a.expected_cost_usd) as usd,
        {UNKNOWN} or coalesce(a.cost_usd, a.expected_cost_usd) is null as lacks
 from caseforge.attempt a
 join caseforge.provider p on p.id = a.provider_id and {IS_BILLED}
 where a.outcome is distinct from '{Outcome.not_sent}'
 union all
 select a.request_id, a.expected_cost_usd, a.expected_cost_usd is null
 from caseforge.batch t
 join caseforge.provider p on p.id = t.provider_id and not p.simulated
 join caseforge.attempt a on a.batch_id = t.duplicate_of
 where t.duplicate_of is not null and t.state <> '{BatchState.collected}')
"""

_SUM = "coalesce(sum(paid.usd), 0), count(*) filter (where paid.lacks)"

_BY_PLAN = text(f"""
select p.id, p.max_cost_usd, {_SUM}
from caseforge.plan p
left join caseforge.request r on r.plan_id = p.id
left join {_COMMITTED} paid on paid.request_id = r.id
where p.id = any(:ids) group by p.id
""")


def committed(connection: Connection, plan_ids: Collection[int]) -> dict[int, tuple[Decimal | None, Cost]]:
    """Per plan: its limit (None: none of its own) and what it has spent or reserved at providers that bill.

    Answers of unknown cost are in the sum at what they were expected to cost, and counted as unknown.
    """
    return {row[0]: (row[1], Cost(row[2], row[3])) for row in connection.execute(_BY_PLAN, {"ids": list(plan_ids)})}


_BY_FRAMEWORK = text(f"""
select r.framework_key, {_SUM}
from {_COMMITTED} paid join caseforge.request r on r.id = paid.request_id group by r.framework_key
union all
select '', sum(coalesce(q.cost_usd, q.expected_cost_usd, 0)), count(*) filter (where q.cost_usd is null)
from caseforge.search_question q join caseforge.provider p on p.id = q.provider_id and {IS_BILLED} having count(*) > 0
""")


def committed_by_framework(connection: Connection) -> dict[str, Cost]:
    """Per framework, the costs that were spent or are reserved at providers that bill, as `committed` counts; those of the search, under an empty key."""
    return {row[0]: Cost(row[1], row[2]) for row in connection.execute(_BY_FRAMEWORK)}
