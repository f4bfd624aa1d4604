"""Requests: what is to be sent for a node in a stage. One is current; those that were never sent are simply replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.batches.states import AT_REST, GONE_WRONG, REOPENED, PlanState, RequestState
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.store.database.copy import add_rows, columns_of
from caseforge_assets.store.database.engine import lock_in_transaction
from caseforge_assets.store.schema.constants import PLANNED_ONCE, listed
from caseforge_assets.store.schema.tables import request


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request to be stored as its node's current one."""

    framework_key: str
    node_id: int
    framework_version_id: int
    stage: str
    question: str
    fingerprint: str
    generation: int
    body: str
    model: str
    temperature: float | None
    stage_version: str
    context_id: int
    source_content_id: int | None
    plan_id: int | None
    retry_of: int | None
    attempts_counted: int
    input_tokens: int
    max_completion_tokens: int
    size_bytes: int
    identity_key: str | None
    own_answer: bool
    shortened: bool
    choice: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CurrentRequest:
    """A node's current request in a stage, without its body. `not_sent`: it failed without being sent."""

    id: int
    node_id: int
    question: str
    fingerprint: str
    generation: int
    state: str
    plan_id: int | None
    max_completion_tokens: int
    not_sent: bool
    stage_version: str


_CURRENT = text("""
select id, node_id, question, fingerprint, generation, state, plan_id, max_completion_tokens, not_sent_because is not null, stage_version
from caseforge.request where is_current and stage = :stage and node_id = any(:ids)
""")


def current_requests(connection: Connection, stage: str, node_ids: Sequence[int]) -> dict[int, CurrentRequest]:
    """Current requests by node id; nodes without one are left out."""
    return {row.node_id: CurrentRequest(*row) for row in connection.execute(_CURRENT, {"stage": stage, "ids": list(node_ids)})}


def any_is_there(connection: Connection) -> bool:
    """True as soon as anything was ever asked for."""
    return bool(connection.scalar(text("select exists (select 1 from caseforge.request)")))


def highest_generations(connection: Connection, fingerprints: Sequence[str]) -> dict[str, int]:
    """Per fingerprint, the highest generation that was ever made."""
    query = text("select fingerprint, max(generation) from caseforge.request where fingerprint = any(:prints) group by fingerprint")
    return {row[0]: row[1] for row in connection.execute(query, {"prints": list(fingerprints)})}


def save_requests(connection: Connection, rows: Sequence[NewRequest]) -> dict[int, int]:
    """Makes these the current requests of their nodes; what was pending before is replaced. Returns ids by node id."""
    if not rows:
        return {}
    connection.execute(
        text(f"""
        update caseforge.request
        set is_current = false, state = case when state in {listed(AT_REST)} then '{RequestState.replaced}' else state end
        where is_current and stage = :stage and node_id = any(:ids)
        """),
        {"stage": rows[0].stage, "ids": [row.node_id for row in rows]},
    )
    made = add_rows(connection, request, [columns_of(row) | {"state": RequestState.pending, "is_current": True} for row in rows])
    return {row.node_id: request_id for row, request_id in zip(rows, made, strict=True)}


def lock_making(connection: Connection) -> None:
    """Waits until nobody else makes requests, until the transaction ends: two who make a node's request at once would collide."""
    lock_in_transaction(connection, "make requests")


def set_plan(connection: Connection, request_ids: Sequence[int], plan_id: int) -> None:
    """Puts pending requests under a plan."""
    query = text(f"update caseforge.request set plan_id = :plan where id = any(:ids) and state = '{RequestState.pending}'")
    connection.execute(query, {"plan": plan_id, "ids": list(request_ids)})


def leave_to_plans(connection: Connection, request_ids: Sequence[int], plan_id: int) -> None:
    """Puts pending requests under a plan, but for those that another approved plan covers as well."""
    query = text(f"""
    update caseforge.request r set plan_id = :plan where r.id = any(:ids) and r.state = '{RequestState.pending}' and not exists (
        select 1 from caseforge.plan other join caseforge.plan own on own.id = :plan
        where other.id = r.plan_id and other.state = '{PlanState.approved}' and r.stage = any(other.stages) and (other.bills or not own.bills))
    """)
    connection.execute(query, {"plan": plan_id, "ids": list(request_ids)})


def without_approval(connection: Connection, request_ids: Sequence[int], simulated: bool) -> list[int]:
    """Those of the requests that no approved plan covers for this kind of provider."""
    query = text(f"""
    select r.id from caseforge.request r
    left join caseforge.plan p on p.id = r.plan_id and p.state = '{PlanState.approved}' and r.stage = any(p.stages) and (p.bills or :simulated)
    where r.id = any(:ids) and p.id is null order by r.id
    """)
    return list(connection.scalars(query, {"ids": list(request_ids), "simulated": simulated}))


def reopen(connection: Connection, request_ids: Sequence[int]) -> None:
    """Makes answered or cancelled requests pending again. The plan that an answer came under does not cover a second one."""
    query = text(f"""
    update caseforge.request set state = '{RequestState.pending}', plan_id = case when state = '{RequestState.answered}' then null else plan_id end
    where id = any(:ids) and state in {listed(REOPENED)}
    """)
    connection.execute(query, {"ids": list(request_ids)})


def leave_drafts(connection: Connection, stage: str, node_ids: Sequence[int]) -> None:
    """Takes nodes' pending requests out of plans that are not approved for their stage, so that a simulated provider may have them."""
    query = text(f"""
    update caseforge.request r set plan_id = null
    where r.is_current and r.state = '{RequestState.pending}' and r.stage = :stage and r.node_id = any(:ids) and r.plan_id is not null
      and not exists (select 1 from caseforge.plan p where p.id = r.plan_id and p.state = '{PlanState.approved}' and r.stage = any(p.stages))
    """)
    connection.execute(query, {"stage": stage, "ids": list(node_ids)})


_IN_VAIN = text(f"""
select r.node_id, r.state
from caseforge.request r
join caseforge.content s on s.node_id = r.node_id and s.stage = :reads and s.is_current
left join caseforge.content c on c.node_id = r.node_id and c.stage = r.stage and c.is_current and (s.simulated or not c.simulated)
where r.is_current and r.stage = :stage and r.node_id = any(:ids) and r.plan_id is distinct from :plan
  and (r.state = '{RequestState.answered}' and c.id is null or r.state in {listed(GONE_WRONG)} and c.question is distinct from r.question)
order by r.node_id
""")


def asked_in_vain(connection: Connection, plan_id: int, stage: str, reads: str, node_ids: Sequence[int]) -> dict[int, str]:
    """Nodes whose current request came under another plan than this one, and has no answer that counts; with the request's state.

    One that is simulated counts beside simulated content of the stage that is read, only.
    """
    values = {"plan": plan_id, "stage": stage, "reads": reads, "ids": list(node_ids)}
    return {row[0]: row[1] for row in connection.execute(_IN_VAIN, values)}


_LEFT_AS_IT_IS = text(f"""
select count(distinct u.node_id)
from caseforge.request u
join caseforge.content s on s.request_id = u.id and s.attempt_id is not null and s.reused_from is null
join caseforge.request r on r.node_id = u.node_id and r.stage = :stage and r.is_current and r.state = '{RequestState.answered}'
join caseforge.content c on c.node_id = u.node_id and c.stage = :stage and c.is_current and c.edited_after is null
where u.plan_id = :plan and u.stage = :reads and u.state = '{RequestState.answered}'
  and not exists (select 1 from caseforge.request own where own.node_id = u.node_id and own.stage = :stage and own.plan_id = :plan)
""")


def count_left(connection: Connection, plan_id: int, stage: str, reads: str) -> int:
    """Counts the nodes that a plan brought a content of, and asked nothing of what is made from it: it came out to the letter as it was."""
    return int(connection.scalar(_LEFT_AS_IT_IS, {"plan": plan_id, "stage": stage, "reads": reads}) or 0)


@dataclass(frozen=True, slots=True)
class AnsweredRequest:
    """The request that a node's current content answers."""

    id: int
    body: str
    source_content_id: int | None
    shortened: bool
    stage_version: str
    choice: dict[str, Any] | None


_ANSWERED = text("""
select r.id, r.body, r.source_content_id, r.shortened, r.stage_version, r.choice from caseforge.content c join caseforge.request r on r.id = c.request_id
where c.is_current and c.node_id = :node and c.stage = :stage
""").execution_options(**PLANNED_ONCE)


def answered_request(connection: Connection, node_id: int, stage: str) -> AnsweredRequest | None:
    """The request that a node's current content answers; None where it has no content, or one that answers none."""
    row = connection.execute(_ANSWERED, {"node": node_id, "stage": stage}).first()
    return AnsweredRequest(*row) if row else None


def newest_id(connection: Connection, node_id: int, stage: str) -> int:
    """The id of a node's newest request in a stage; 0 where it has none."""
    query = text("select coalesce(max(id), 0) from caseforge.request where node_id = :node and stage = :stage")
    return int(connection.scalar(query, {"node": node_id, "stage": stage}) or 0)


def set_states(connection: Connection, states: Mapping[int, str]) -> None:
    """Sets the state of many requests at once."""
    if states:
        connection.execute(
            text("""
            update caseforge.request r set state = new.state
            from unnest(cast(:ids as bigint[]), cast(:states as text[])) as new(id, state) where r.id = new.id
            """),
            {"ids": list(states), "states": list(states.values())},
        )


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A current request that failed or was cancelled, with what its last attempt came to; or that failed without being sent."""

    request: NewRequest
    id: int
    state: str
    outcome: str
    not_sent: bool = False


# What a person wrote since stands in the place of the answer that failed.
NOT_WRITTEN_SINCE = """not exists (
    select 1 from caseforge.content w where w.node_id = r.node_id and w.stage = r.stage and w.is_current and w.edited_after >= r.id)"""

_NEW = ", ".join(f"r.{column.name}" for column in fields(NewRequest))

_FAILED = f"""
select r.id, r.state, coalesce(last.outcome, '{Outcome.context_length}') as outcome, r.not_sent_because is not null as not_sent, {_NEW}
from caseforge.request r
join caseforge.target_node nv on nv.node_id = r.node_id
left join lateral (
    select outcome from caseforge.attempt a where a.request_id = r.id and a.outcome is not null and r.not_sent_because is null
    order by a.id desc limit 1) last on true
where r.is_current and r.state in {listed(GONE_WRONG)} and r.framework_key = :key and r.stage = :stage
  and (last.outcome is not null or r.not_sent_because is not null) and {NOT_WRITTEN_SINCE}
  and (cast(:ids as bigint[]) is null or r.node_id = any(:ids))
order by nv.position
"""


def failed_requests(
    connection: Connection, key: str, stage: str, node_ids: Sequence[int] | None = None, *, lock: bool = True
) -> list[FailedRequest]:
    """Current requests of target nodes that failed or were cancelled, in framework order, locked until the transaction ends unless one only looks.

    Left out are nodes that a person wrote the content of since: nothing is asked in its place unasked.
    """
    query = text(_FAILED + " for update of r") if lock else text(_FAILED)
    rows = connection.execute(query, {"key": key, "stage": stage, "ids": None if node_ids is None else list(node_ids)})
    return [FailedRequest(NewRequest(*row[4:]), row.id, row.state, row.outcome, row.not_sent) for row in rows]


def as_new(connection: Connection, request_ids: Sequence[int]) -> dict[int, NewRequest]:
    """Requests by id, as they would be stored once more."""
    query = text(f"select r.id, {_NEW} from caseforge.request r where r.id = any(:ids) order by r.id")
    return {row.id: NewRequest(*row[1:]) for row in connection.execute(query, {"ids": list(request_ids)})}


def fail_unsent(connection: Connection, reasons: Mapping[int, str]) -> None:
    """Pending requests fail without being sent; reasons by id."""
    query = text(f"""
    update caseforge.request r set state = '{RequestState.failed}', not_sent_because = new.reason
    from unnest(cast(:ids as bigint[]), cast(:reasons as text[])) as new(id, reason) where r.id = new.id and r.state = '{RequestState.pending}'
    """)
    connection.execute(query, {"ids": list(reasons), "reasons": list(reasons.values())})


def typical_output_tokens(connection: Connection, stage: str, model: str, simulated: bool) -> Decimal | None:
    """Mean output tokens of a stage's answers by a model at this kind of provider; None before there are twenty of them."""
    query = text("""
    select avg(a.output_tokens)
    from caseforge.attempt a
    join caseforge.batch b on b.id = a.batch_id and b.stage = :stage and b.model = :model
    join caseforge.provider p on p.id = a.provider_id and p.simulated = :simulated
    where a.output_tokens is not null
    having count(*) >= 20
    """)
    mean = connection.execute(query, {"stage": stage, "model": model, "simulated": simulated}).scalar_one_or_none()
    return None if mean is None else Decimal(mean)
