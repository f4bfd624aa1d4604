"""Events: written with what they report, numbered afterwards, read in that order."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, text

from caseforge_assets.events.kinds import DeliveryState, EventKind
from caseforge_assets.store.database.copy import add_rows
from caseforge_assets.store.database.engine import lock_in_transaction, try_lock_in_transaction
from caseforge_assets.store.figures.spending import NAME
from caseforge_assets.store.schema.service_tables import event

LOCK = "number events"
FEW = 20  # more are copied


@dataclass(frozen=True, slots=True)
class Told:
    """An event to be told: its kind, its subject, its framework, and what a listener needs of it."""

    kind: EventKind
    subject: str
    framework_key: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event that has its position."""

    position: int
    id: int
    kind: str
    framework_key: str | None
    subject: str
    data: Mapping[str, Any]
    happened_at: datetime


def tell(
    connection: Connection, kind: EventKind, subject: str, framework_key: str | None = None, data: Mapping[str, Any] | None = None
) -> None:
    """Adds an event, in the transaction of what it reports.

    Args:
        subject: what it is about, such as `plan 12`.
        data: what a listener needs of it, as JSON can hold it; money as text.
    """
    tell_all(connection, [Told(kind, subject, framework_key, data or {})])


def tell_all(connection: Connection, told: Sequence[Told]) -> None:
    """Adds events, in the transaction of what they report."""
    rows = [
        {"kind": event.kind, "subject": event.subject, "framework_key": event.framework_key, "data": dict(event.data)} for event in told
    ]
    if len(rows) > FEW:
        add_rows(connection, event, rows)
    elif rows:
        connection.execute(insert(event), rows)


_OF_BATCH = text(f"""
insert into caseforge.event (kind, subject, framework_key, data)
select :kind, 'batch ' || told.batch, whose.framework_key, to_jsonb(told) || cast(:more as jsonb)
from (
    select b.id as batch, {NAME} as name, b.stage, b.model, b.state, b.remote_status as status, b.request_count as requests,
           b.remote #> '{{request_counts,completed}}' as completed, b.remote #> '{{request_counts,failed}}' as failed
    from caseforge.batch b where b.id = :batch) told
left join (
    select distinct n.framework_key from caseforge.attempt a join caseforge.node n on n.id = a.node_id where a.batch_id = :batch) whose on true
order by whose.framework_key
""")


def tell_batch(connection: Connection, kind: EventKind, batch_id: int, more: Mapping[str, Any] | None = None) -> None:
    """Tells of a batch as it stands now to each framework whose nodes are in it, so that whoever sees one framework only is told; of one without nodes, once.

    Args:
        more: what belongs to this kind of event beside what all say of a batch.
    """
    connection.execute(_OF_BATCH, {"kind": kind, "batch": batch_id, "more": json.dumps(more or {})})


def any_unnumbered(connection: Connection) -> bool:
    """Tells whether an event waits for its position."""
    return bool(connection.scalar(text("select exists (select 1 from caseforge.event where position is null)")))


def newest_position(connection: Connection) -> int:
    """The last position that was given; 0 before the first."""
    return int(connection.scalar(text("select coalesce(max(position), 0) from caseforge.event")) or 0)


_NUMBER = text("""
with unnumbered as (
    select id, row_number() over (order by id) as place from (select id from caseforge.event where position is null order by id limit :limit) oldest
)
update caseforge.event e set position = :after + unnumbered.place from unnumbered where e.id = unnumbered.id
""")

_LAY_OUT = text(f"""
insert into caseforge.webhook_delivery (webhook_id, event_id, state)
select w.id, e.id, '{DeliveryState.waiting}'
from caseforge.event e
join caseforge.webhook w on w.removed_at is null and (w.kinds = '{{}}' or e.kind = any(w.kinds))
  and (w.framework_key is null or w.framework_key = e.framework_key)
where e.position > :after order by e.position
on conflict (webhook_id, event_id) do nothing
""")


def number(connection: Connection, limit: int, *, waits: bool = False) -> int:
    """Gives positions to the oldest events that have none, and lays out their deliveries; returns how many. While another process is at it, it is waited for, or none is numbered.

    The lock is held until the transaction is committed: the next one sees all of its positions, and they become readable in their order.
    """
    if waits:
        lock_in_transaction(connection, LOCK)
    elif not try_lock_in_transaction(connection, LOCK):
        return 0
    after = newest_position(connection)
    count = connection.execute(_NUMBER, {"after": after, "limit": limit}).rowcount
    if count:
        connection.execute(_LAY_OUT, {"after": after})
    return count


_COLUMNS = "position, id, kind, framework_key, subject, data, happened_at"
_AFTER = text(f"""
select {_COLUMNS} from caseforge.event
where position > :after and (cast(:kinds as text[]) is null or kind = any(:kinds))
  and (cast(:keys as text[]) is null or framework_key = any(:keys))
order by position limit :limit
""")


def after(
    connection: Connection,
    position: int,
    limit: int,
    *,
    kinds: Collection[str] | None = None,
    framework_keys: Collection[str] | None = None,
) -> list[EventRow]:
    """The events after a position, in order.

    Args:
        kinds: of these kinds only.
        framework_keys: of these frameworks only; None: of all, and those that concern none.
    """
    values = {
        "after": position,
        "limit": limit,
        "kinds": None if kinds is None else list(kinds),
        "keys": None if framework_keys is None else list(framework_keys),
    }
    return [EventRow(*row) for row in connection.execute(_AFTER, values)]


_OLDEST = text(f"""
select e.id from (select id, happened_at from caseforge.event where position < (select max(position) from caseforge.event) order by position limit :limit) e
where e.happened_at < now() - cast(:kept as interval)
  and not exists (select 1 from caseforge.webhook_delivery d where d.event_id = e.id and d.state = '{DeliveryState.waiting}')
""")


def prune(connection: Connection, kept: timedelta, limit: int) -> int:
    """Removes the oldest events that are older than they are kept for, with their deliveries; returns how many.

    What waits for its delivery stays, and the newest event, by which the next one gets its position.
    """
    ids = list(connection.scalars(_OLDEST, {"kept": kept, "limit": limit}))
    if ids:
        connection.execute(text("delete from caseforge.webhook_delivery where event_id = any(:ids)"), {"ids": ids})
        connection.execute(text("delete from caseforge.event where id = any(:ids)"), {"ids": ids})
    return len(ids)
