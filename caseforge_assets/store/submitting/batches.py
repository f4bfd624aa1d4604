"""Batches: one row each, from intent to collected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.dialects import postgresql

from caseforge_assets.batches.consent import EVERYTHING, Consent
from caseforge_assets.batches.states import BRINGS_NOTHING_MORE, IN_FLIGHT, NOT_CREATED, BatchState, Origin, RequestState
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.store.database.clock import seconds_since
from caseforge_assets.store.database.copy import add_rows, columns_of
from caseforge_assets.store.schema.constants import listed
from caseforge_assets.store.schema.tables import attempt, batch
from caseforge_assets.store.submitting.looks import LONGEST_PAUSE_S


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch as the store knows it."""

    id: int
    provider_id: int
    submission_id: str
    origin: str
    stage: str
    model: str
    sent_as: str | None
    state: str
    reason: str | None
    owner: str
    request_count: int
    input_tokens: int
    expected_cost_usd: Decimal | None
    remote_id: str | None
    remote_status: str | None
    remote: dict[str, Any] | None
    input_file_id: str | None
    duplicate_of: int | None
    created_again: bool
    create_refused: str | None
    doubtful_id: str | None
    lost_since: datetime | None
    short_fetches: int
    is_held: bool
    artifacts: dict[str, dict[str, Any]]
    created_at: datetime
    creating_at: datetime | None
    opened_at: datetime | None
    final_at: datetime | None
    collected_at: datetime | None

    @property
    def name(self) -> str:
        """Its name for people: the provider's id once there is one."""
        return self.remote_id or f"batch {self.id}"


_COLUMNS = [batch.c[name] for name in BatchRow.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """One request in a batch that is about to be made."""

    node_id: int
    request_id: int | None
    custom_id: str
    fingerprint: str
    generation: int
    expected_cost_usd: Decimal | None


def add_batch(connection: Connection, values: Mapping[str, Any], attempts: Sequence[NewAttempt]) -> int:
    """Stores a batch and its attempts. The index on live attempts refuses a question that is under way already."""
    batch_id = int(connection.scalar(insert(batch).values(**values).returning(batch.c.id)) or 0)
    add_attempts(connection, batch_id, values["provider_id"], attempts)
    return batch_id


def add_attempts(connection: Connection, batch_id: int, provider_id: int, attempts: Sequence[NewAttempt]) -> None:
    """Adds live attempts to a batch."""
    rows = [columns_of(new) | {"batch_id": batch_id, "provider_id": provider_id} for new in attempts]
    add_rows(connection, attempt, rows)


def change(connection: Connection, batch_id: int, **values: Any) -> None:
    """Sets columns of a batch."""
    connection.execute(update(batch).where(batch.c.id == batch_id).values(**values))


def move(connection: Connection, batch_id: int, states: Sequence[str], **values: Any) -> bool:
    """Sets columns of a batch that is in one of these states still; returns whether it was.

    Locks die with their connection. Whoever lost one without noticing must not undo what others did meanwhile.
    """
    query = update(batch).where(batch.c.id == batch_id, batch.c.state.in_(states)).values(**values).returning(batch.c.id)
    return connection.scalar(query) is not None


def get(connection: Connection, batch_id: int) -> BatchRow:
    """One batch.

    Raises:
        LookupError: there is none with this id.
    """
    row = connection.execute(select(*_COLUMNS).where(batch.c.id == batch_id)).first()
    if row is None:
        raise LookupError(f"there is no batch {batch_id}")
    return BatchRow(*row)


def with_ids(connection: Connection, batch_ids: Sequence[int]) -> list[BatchRow]:
    """Batches by their numbers, in no order."""
    return [BatchRow(*row) for row in connection.execute(select(*_COLUMNS).where(batch.c.id.in_(batch_ids)))]


def find(connection: Connection, name: str) -> BatchRow | None:
    """A batch by its number, the provider's id or its submission id."""
    known = (batch.c.remote_id == name) | (batch.c.submission_id == name)
    row = connection.execute(
        select(*_COLUMNS).where(known | (batch.c.id == int(name)) if name.isdecimal() and len(name) < 19 else known)
    ).first()
    return BatchRow(*row) if row else None


def with_remote_id(connection: Connection, provider_id: int, remote_id: str) -> BatchRow | None:
    """The batch that has this id at its provider."""
    row = connection.execute(select(*_COLUMNS).where(batch.c.provider_id == provider_id, batch.c.remote_id == remote_id)).first()
    return BatchRow(*row) if row else None


def known_remote_ids(connection: Connection, provider_id: int, remote_ids: Sequence[str]) -> set[str]:
    """Those of a provider's ids that batches here have."""
    query = select(batch.c.remote_id).where(batch.c.provider_id == provider_id, batch.c.remote_id.in_(remote_ids))
    return {str(found) for found in connection.scalars(query)}


def in_states(connection: Connection, states: Sequence[str], provider_id: int | None = None) -> list[BatchRow]:
    """Batches in any of these states, oldest first; of one provider if given."""
    query = select(*_COLUMNS).where(batch.c.state.in_(states)).order_by(batch.c.id)
    if provider_id is not None:
        query = query.where(batch.c.provider_id == provider_id)
    return [BatchRow(*row) for row in connection.execute(query)]


def not_created(connection: Connection, provider_id: int, consent: Consent = EVERYTHING) -> list[BatchRow]:
    """Batches of a provider that are planned and not created yet, oldest first; of these, those that hold nothing but what a consent covers."""
    rows = in_states(connection, NOT_CREATED, provider_id)
    if consent == EVERYTHING or not rows:
        return rows
    query = text("""
    select a.batch_id from caseforge.attempt a left join caseforge.request r on r.id = a.request_id where a.batch_id = any(:ids)
    group by a.batch_id
    having bool_and((cast(:plans as bigint[]) is null or coalesce(r.plan_id = any(:plans), false))
                    and (cast(:requests as bigint[]) is null or coalesce(r.id = any(:requests), false)))
    """)
    plan_ids, request_ids = consent.plan_ids, consent.request_ids
    values = {
        "ids": [row.id for row in rows],
        "plans": None if plan_ids is None else list(plan_ids),
        "requests": None if request_ids is None else list(request_ids),
    }
    covered = set(connection.scalars(query, values))
    return [row for row in rows if row.id in covered]


def left_unsent(connection: Connection, provider_id: int, after_s: float) -> list[int]:
    """Ids of a provider's batches that are planned and not created yet after so many seconds."""
    query = text(f"""
    select id from caseforge.batch where provider_id = :provider and state = any(:states) and {seconds_since("created_at")} > :after_s order by id
    """)
    return list(connection.scalars(query, {"provider": provider_id, "states": list(NOT_CREATED), "after_s": after_s}))


def count_not_created(connection: Connection, request_ids: Sequence[int]) -> int:
    """Counts those of the requests that are in batches that were not created yet, or whose creation was refused."""
    query = text(f"""
    select count(*) from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id
    where a.request_id = any(:ids) and a.outcome is null and (b.state = any(:states) or (b.state = '{BatchState.creating}' and b.create_refused is not null))
    """)
    return int(connection.scalar(query, {"ids": list(request_ids), "states": list(NOT_CREATED)}) or 0)


def plans_of_not_created(connection: Connection, provider_id: int) -> dict[int, set[int]]:
    """Plans of each batch of a provider that is planned and not created yet, by its id."""
    query = text("""
    select b.id, array_agg(distinct r.plan_id) filter (where r.plan_id is not null) as plans
    from caseforge.batch b join caseforge.attempt a on a.batch_id = b.id join caseforge.request r on r.id = a.request_id
    where b.provider_id = :provider and b.state = any(:states) group by b.id
    """)
    rows = connection.execute(query, {"provider": provider_id, "states": list(NOT_CREATED)})
    return {row.id: set(row.plans or ()) for row in rows}


def not_created_of_plan(connection: Connection, plan_id: int) -> list[int]:
    """Ids of the batches that hold requests of a plan and are not created yet, at whichever provider."""
    query = text("""
    select distinct b.id from caseforge.batch b join caseforge.attempt a on a.batch_id = b.id join caseforge.request r on r.id = a.request_id
    where r.plan_id = :plan and b.state = any(:states) order by b.id
    """)
    return list(connection.scalars(query, {"plan": plan_id, "states": list(NOT_CREATED)}))


def newest(connection: Connection, limit: int) -> list[BatchRow]:
    """The newest batches, newest first; imports that were taken back are left out."""
    query = select(*_COLUMNS).where(batch.c.origin != Origin.taken_back).order_by(batch.c.id.desc()).limit(limit)
    return [BatchRow(*row) for row in connection.execute(query)]


def add_artifact(connection: Connection, batch_id: int, role: str, artifact: Mapping[str, Any]) -> None:
    """Records a whole file of a batch under its role."""
    query = "update caseforge.batch set artifacts = artifacts || jsonb_build_object(cast(:role as text), cast(:artifact as jsonb)) where id = :id"
    connection.execute(text(query), {"id": batch_id, "role": role, "artifact": json.dumps(dict(artifact))})


def drop_artifact(connection: Connection, batch_id: int, role: str) -> None:
    """Forgets a file of a batch."""
    query = "update caseforge.batch set artifacts = artifacts - cast(:role as text) where id = :id"
    connection.execute(text(query), {"id": batch_id, "role": role})


DUPLICATES_SHOWN_WITHIN = "1 hour"  # how late a listing may be in showing a batch


def maybe_twofold(connection: Connection, provider_id: int) -> list[BatchRow]:
    """Batches that were created again because no listing showed them, as long as one may still show the first."""
    recent = batch.c.collected_at.is_(None) | (batch.c.collected_at > text(f"now() - interval '{DUPLICATES_SHOWN_WITHIN}'"))
    query = select(*_COLUMNS).where(batch.c.created_again, batch.c.provider_id == provider_id, batch.c.remote_id.is_not(None), recent)
    return [BatchRow(*row) for row in connection.execute(query.order_by(batch.c.id))]


def duplicates(connection: Connection, batch_id: int) -> list[BatchRow]:
    """The other remote batches of the same submission."""
    return [BatchRow(*row) for row in connection.execute(select(*_COLUMNS).where(batch.c.duplicate_of == batch_id).order_by(batch.c.id))]


def add_duplicate(connection: Connection, adopted: BatchRow, values: Mapping[str, Any]) -> bool:
    """Stores another remote batch of a submission; returns whether it is new."""
    shared = {
        name: getattr(adopted, name) for name in ("provider_id", "stage", "model", "sent_as", "owner", "request_count", "input_tokens")
    }
    query = postgresql.insert(batch).values(**shared, **values, duplicate_of=adopted.id, state=BatchState.open)
    known = query.on_conflict_do_nothing(index_elements=["provider_id", "remote_id"])
    return connection.scalar(known.returning(batch.c.id)) is not None


def tokens_in_flight(connection: Connection, provider_id: int) -> dict[str, int]:
    """Input tokens of batches that are planned or under way, per model."""
    query = text(f"""
    select model, sum(input_tokens) from caseforge.batch
    where provider_id = :provider and state in {listed(IN_FLIGHT)} group by model
    """)
    return {row[0]: int(row[1]) for row in connection.execute(query, {"provider": provider_id})}


def note_refused(connection: Connection, batch_id: int) -> None:
    """Notes that the provider refused the batch as it is, under the key that was used last: nobody asks the same again by itself."""
    query = "update caseforge.batch b set refused_key = p.last_key from caseforge.provider p where b.id = :id and p.id = b.provider_id"
    connection.execute(text(query), {"id": batch_id})


def put_back(connection: Connection, batch_id: int, states: Sequence[str], reason: str, request_state: str = RequestState.pending) -> bool:
    """The batch was never created: its requests are pending again (or parked, when a person took it back), and it says why.

    Returns:
        False when the batch is in none of the given states any more; nothing is changed then.
    """
    if not move(connection, batch_id, states, state=BatchState.refused, reason=reason):
        return False
    connection.execute(
        text(f"""
        update caseforge.request r set state = :state from caseforge.attempt a
        where a.batch_id = :id and a.outcome is null and r.id = a.request_id and r.state = '{RequestState.in_batch}'
        """),
        {"id": batch_id, "state": request_state},
    )
    connection.execute(
        text(f"update caseforge.attempt set outcome = '{Outcome.not_sent}', detail = :reason where batch_id = :id and outcome is null"),
        {"id": batch_id, "reason": reason},
    )
    return True


_WITH_CONTENT = text("""
select r.framework_key, r.plan_id, array_agg(a.node_id order by a.id) as node_ids
from caseforge.attempt a
join caseforge.request r on r.id = a.request_id
join caseforge.content c on c.attempt_id = a.id and c.is_current
where a.batch_id = :id and r.is_current group by r.framework_key, r.plan_id
""")


def nodes_with_content(connection: Connection, batch_id: int) -> list[tuple[str, int | None, list[int]]]:
    """(framework, plan, node ids) of the nodes whose current content came from this batch.

    Nodes that were asked something newer meanwhile are left out: what is made from the old answer would be paid for in vain.
    """
    return [(row[0], row[1], list(row[2])) for row in connection.execute(_WITH_CONTENT, {"id": batch_id})]


def attempt_ids(connection: Connection, batch_id: int) -> list[int]:
    """Attempt ids in the order of the batch's lines."""
    return list(connection.scalars(select(attempt.c.id).where(attempt.c.batch_id == batch_id).order_by(attempt.c.id)))


_CLAIM = text(f"""
update caseforge.batch b set collect_lease = collect_lease + 1, collect_lease_until = now() + make_interval(secs => :lease_s)
where state = '{BatchState.final}' and provider_id = :provider and (collect_lease_until is null or collect_lease_until < now()
  or collect_lease_until > clock_timestamp() + make_interval(secs => :lease_s))
  and (fetch_after is null or fetch_after <= clock_timestamp() or fetch_after > clock_timestamp() + make_interval(secs => :longest_s))
  and not exists (select 1 from caseforge.batch duplicate where duplicate.duplicate_of = b.id and duplicate.state = '{BatchState.open}')
  and not exists (select 1 from caseforge.batch adopted where adopted.id = b.duplicate_of and adopted.state not in {listed(BRINGS_NOTHING_MORE)})
returning id, collect_lease
""")


def claim_for_collecting(connection: Connection, provider_id: int, lease_s: float) -> list[tuple[int, int]]:
    """(batch, number of the lease) of a provider's finished batches that nobody collects; a lease that ran out is given anew.

    One whose files fell short is left until they may be fetched again. A batch that was created twice waits for its duplicate to end, and takes it in.
    """
    found = connection.execute(_CLAIM, {"provider": provider_id, "lease_s": lease_s, "longest_s": LONGEST_PAUSE_S})
    return sorted((row[0], row[1]) for row in found)


def count_collected(connection: Connection, provider_id: int) -> int:
    """Counts the batches of a provider that are through."""
    query = text(f"select count(*) from caseforge.batch where provider_id = :provider and state = '{BatchState.collected}'")
    return int(connection.scalar(query, {"provider": provider_id}) or 0)
