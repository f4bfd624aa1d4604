"""Pending requests: which there are, under which plan, and which may be sent now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.batches.consent import Consent
from caseforge_assets.batches.states import TAKEN_BACK_PLANS, BatchState, PlanState, RequestState
from caseforge_assets.store.database.clock import seconds_since
from caseforge_assets.store.requests.requests import NOT_WRITTEN_SINCE
from caseforge_assets.store.requests.styles import STYLE_OF_BODY, Style
from caseforge_assets.store.schema.constants import listed


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A pending request of a target node. What a person has written since is asked for no more."""

    id: int
    framework_key: str
    node_id: int
    code: str
    stage: str
    model: str
    fingerprint: str
    generation: int
    size_bytes: int
    input_tokens: int
    max_completion_tokens: int
    plan_id: int | None
    question: str
    source_content_id: int | None
    identity_key: str | None
    own_answer: bool
    shortened: bool


_PENDING = f"""
select r.id, r.framework_key, r.node_id, nv.code, r.stage, r.model, r.fingerprint, r.generation, r.size_bytes, r.input_tokens,
       r.max_completion_tokens, r.plan_id, r.question, r.source_content_id, r.identity_key, r.own_answer, r.shortened
from caseforge.request r
join caseforge.target_node nv on nv.node_id = r.node_id
left join caseforge.plan p on p.id = r.plan_id and p.state = '{PlanState.approved}' and r.stage = any(p.stages) and (p.bills or :simulated)
where r.state = '{RequestState.pending}' and r.is_current and {NOT_WRITTEN_SINCE}
"""

_IN_ORDER = " order by r.framework_key, r.stage, nv.position"
_LOCKED = " for update of r"

# A question that is under way is waited for, whichever node asked it.
_SENDABLE = (
    _PENDING
    + """
  and (p.id is not null or (r.plan_id is null and :simulated))
  and (cast(:ids as bigint[]) is null or r.id = any(:ids))
  and (cast(:plans as bigint[]) is null or r.plan_id = any(:plans))
  and not exists (select 1 from caseforge.attempt a where a.provider_id = :provider and a.outcome is null
                  and a.fingerprint = r.fingerprint and a.generation = r.generation)
  and (not :by_identity or r.own_answer or not exists (
        select 1 from caseforge.request q join caseforge.attempt a on a.request_id = q.id and a.outcome is null and a.provider_id = :provider
        where q.identity_key = r.identity_key))
"""
    + _IN_ORDER
)


def of_nodes(connection: Connection, stage: str, node_ids: Sequence[int]) -> list[PendingRequest]:
    """Pending requests of these nodes in a stage, in framework order, locked until the transaction ends."""
    query = text(_PENDING + " and r.stage = :stage and r.node_id = any(:ids)" + _IN_ORDER + " for update of r")
    return [PendingRequest(*row) for row in connection.execute(query, {"stage": stage, "ids": list(node_ids), "simulated": True})]


def of_plan(connection: Connection, plan_id: int, stage: str) -> list[PendingRequest]:
    """Pending requests of a stage that are under a plan, in framework order, locked until the transaction ends."""
    query = text(_PENDING + " and r.stage = :stage and r.plan_id = :plan" + _IN_ORDER + " for update of r")
    return [PendingRequest(*row) for row in connection.execute(query, {"stage": stage, "plan": plan_id, "simulated": True})]


def lock_of_plan(connection: Connection, plan_id: int, stages: Sequence[str]) -> int:
    """Locks the pending requests of some stages that are under a plan until the transaction ends; returns how many there are."""
    query = text(
        f"with held as materialized ({_PENDING} and r.stage = any(:stages) and r.plan_id = :plan for update of r) select count(*) from held"
    )
    return int(connection.scalar(query, {"stages": list(stages), "plan": plan_id, "simulated": True}) or 0)


# What a person declined or cancelled waits for a new plan: no consent to everything else is one to this.
_TAKEN_BACK = f"exists (select 1 from caseforge.plan o where o.id = r.plan_id and o.state in {listed(TAKEN_BACK_PLANS)})"
_UNAPPROVED = f" and p.id is null and not {_TAKEN_BACK}"


def unapproved(connection: Connection, simulated: bool, *, lock: bool = True) -> list[PendingRequest]:
    """Pending requests that no approved plan covers for this kind of provider, in framework order, locked until the transaction ends unless one only looks.

    Those of plans that were declined or cancelled are left out.
    """
    query = text(_PENDING + _UNAPPROVED + _IN_ORDER + (_LOCKED if lock else ""))
    return [PendingRequest(*row) for row in connection.execute(query, {"simulated": simulated})]


def taken_back(connection: Connection, request_ids: Sequence[int]) -> list[PendingRequest]:
    """Those of the requests that are pending under plans that were declined or cancelled, in framework order."""
    query = text(f"{_PENDING} and r.id = any(:ids) and {_TAKEN_BACK}{_IN_ORDER}")
    return [PendingRequest(*row) for row in connection.execute(query, {"ids": list(request_ids), "simulated": True})]


def sendable(
    connection: Connection, provider: int, simulated: bool, by_identity: bool, consent: Consent, *, lock: bool = True
) -> list[PendingRequest]:
    """Requests that may be sent to a provider, in framework order, locked until the transaction ends unless one only looks; see `each_question_once`.

    Args:
        simulated: whether the provider is: then what is in no plan needs none.
        by_identity: whether the same node elsewhere asks the same question.
        consent: only what it covers.
    """
    values = {"provider": provider, "simulated": simulated, "by_identity": by_identity, **_bound(consent)}
    return [PendingRequest(*row) for row in connection.execute(text(_SENDABLE + (_LOCKED if lock else "")), values)]


_REFUSED = text(f"""
select r.id, b.id as batch_id
from unnest(cast(:ids as bigint[])) as r(id)
cross join lateral (
    select a.batch_id from caseforge.attempt a where a.request_id = r.id and a.provider_id = :provider order by a.id desc limit 1) newest
join caseforge.batch b on b.id = newest.batch_id and b.state = '{BatchState.refused}'
join caseforge.provider p on p.id = :provider and p.last_key = b.refused_key
""")


def refused_before(connection: Connection, provider: int, request_ids: Sequence[int]) -> dict[int, int]:
    """Those of the requests that the provider has refused as they are, under the key that it is asked with now, and in which batch."""
    return {row.id: row.batch_id for row in connection.execute(_REFUSED, {"provider": provider, "ids": list(request_ids)})}


def _bound(consent: Consent) -> dict[str, list[int] | None]:
    plan_ids, request_ids = consent.plan_ids, consent.request_ids
    return {"plans": None if plan_ids is None else list(plan_ids), "ids": None if request_ids is None else list(request_ids)}


# The style is part of a stage's version (see `stage_version`): one body of each version tells it.
_STYLES = text(f"""
with asked as (select id, stage_version from caseforge.request where id = any(:ids)),
     bodies as materialized (
        select stage_version, cast(body as jsonb) as body from caseforge.request
        where id in (select min(id) from asked group by stage_version)),
     styles as materialized (
        select stage_version, {STYLE_OF_BODY}
        from bodies)
select asked.id, temperature, reasoning_effort, verbosity, endpoint from asked join styles using (stage_version)
""")


def styles(connection: Connection, request_ids: Sequence[int]) -> dict[int, Style]:
    """The styles in which requests ask their models, by their ids."""
    return {row[0]: Style(*row[1:]) for row in connection.execute(_STYLES, {"ids": list(request_ids)})}


def counts_of_texts(connection: Connection, request_ids: Sequence[int]) -> dict[int, int]:
    """Of requests for vectors, how many texts each has, by their ids."""
    query = text("select id, jsonb_array_length(cast(body as jsonb) -> 'messages') from caseforge.request where id = any(:ids)")
    return {row[0]: row[1] for row in connection.execute(query, {"ids": list(request_ids)})} if request_ids else {}


def seconds_since_newest(connection: Connection) -> float | None:
    """Age of the newest pending request in seconds, None when there is none.

    By the clock: who waited for a lock has a `now()` that is older than what was made meanwhile.
    """
    query = text(f"select min({seconds_since('created_at')}) from caseforge.request where state = '{RequestState.pending}' and is_current")
    age = connection.scalar(query)
    return None if age is None else float(age)


def each_question_once(rows: Iterable[PendingRequest], by_identity: bool) -> list[PendingRequest]:
    """The first request of each question: one that asks the same waits for its answer.

    Args:
        by_identity: whether the same node elsewhere asks the same question.
    """
    asked: set[object] = set()
    kept = []
    for row in rows:
        same = (
            {(row.fingerprint, row.generation)}
            if row.own_answer or not by_identity
            else {(row.fingerprint, row.generation), row.identity_key}
        )
        if asked.isdisjoint(same - {None}):
            kept.append(row)
        asked |= {(row.fingerprint, row.generation), row.identity_key}
    return kept
