"""Webhooks, and the deliveries of events to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, text

from caseforge_assets.events.kinds import DeliveryState
from caseforge_assets.store.schema.service_tables import webhook

REMOVED = "the webhook was removed"


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook; no kinds are all kinds, no framework all frameworks."""

    id: int
    url: str
    kinds: Sequence[str]
    framework_key: str | None
    secret_number: int
    created_by: str
    created_at: datetime
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """The delivery of an event to a webhook, as it stands."""

    id: int
    webhook_id: int
    state: str
    tries: int
    next_try_at: datetime
    status: int | None
    problem: str
    created_at: datetime
    delivered_at: datetime | None
    position: int
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A delivery that is to be tried, with what it needs."""

    id: int
    webhook_id: int
    url: str
    secret_number: int
    tries: int
    created_at: datetime
    event_id: int
    position: int
    kind: str
    framework_key: str | None
    subject: str
    data: Mapping[str, Any]
    happened_at: datetime


def add(connection: Connection, url: str, kinds: Collection[str], framework_key: str | None, by: str) -> int:
    """Adds a webhook; returns its number. It is told of what is numbered from now on."""
    values = {"url": url, "kinds": sorted(kinds), "framework_key": framework_key, "created_by": by}
    return int(connection.scalar(insert(webhook).values(values).returning(webhook.c.id)) or 0)


_STANDING = f"""
select w.id, w.url, w.kinds, w.framework_key, w.secret_number, w.created_by, w.created_at,
       count(d.id) filter (where d.state = '{DeliveryState.waiting}'), count(d.id) filter (where d.state = '{DeliveryState.dead}')
from caseforge.webhook w left join caseforge.webhook_delivery d on d.webhook_id = w.id and d.state <> '{DeliveryState.delivered}'
where w.removed_at is null
"""


def standing(connection: Connection) -> list[WebhookRow]:
    """The webhooks that are not removed, oldest first."""
    return [WebhookRow(*row) for row in connection.execute(text(f"{_STANDING} group by w.id order by w.id"))]


def find(connection: Connection, webhook_id: int) -> WebhookRow | None:
    """A webhook that is not removed."""
    row = connection.execute(text(f"{_STANDING} and w.id = :id group by w.id"), {"id": webhook_id}).one_or_none()
    return None if row is None else WebhookRow(*row)


def remove(connection: Connection, webhook_id: int) -> None:
    """Nothing more is delivered to it; what waited is dead."""
    connection.execute(text("update caseforge.webhook set removed_at = now() where id = :id"), {"id": webhook_id})
    query = f"update caseforge.webhook_delivery set state = '{DeliveryState.dead}', problem = :why where webhook_id = :id and state = '{DeliveryState.waiting}'"
    connection.execute(text(query), {"id": webhook_id, "why": REMOVED})


def use_next_secret(connection: Connection, webhook_id: int) -> int:
    """Signs with another secret from now on; returns its number."""
    query = text("update caseforge.webhook set secret_number = secret_number + 1 where id = :id returning secret_number")
    return int(connection.scalar(query, {"id": webhook_id}) or 0)


_DUE = text(f"""
select d.id, d.webhook_id, w.url, w.secret_number, d.tries, d.created_at,
       e.id, e.position, e.kind, e.framework_key, e.subject, e.data, e.happened_at
from (
    select id, webhook_id, event_id, tries, created_at, row_number() over (partition by webhook_id order by event_id) as place
    from caseforge.webhook_delivery where state = '{DeliveryState.waiting}' and next_try_at <= clock_timestamp()
) d
join caseforge.webhook w on w.id = d.webhook_id and w.removed_at is null
join caseforge.event e on e.id = d.event_id
where d.place <= :each order by e.position limit :limit
""")


def due(connection: Connection, limit: int, each: int) -> list[DueDelivery]:
    """Deliveries that may be tried now, in the order of their events; of each webhook so many at most, so that none waits for another's."""
    return [DueDelivery(*row) for row in connection.execute(_DUE, {"limit": limit, "each": each})]


def note_delivered(connection: Connection, delivery_id: int, webhook_id: int, status: int | None) -> None:
    """It was taken; what was put off because nobody answered is tried now."""
    query = f"""
    update caseforge.webhook_delivery set state = '{DeliveryState.delivered}', tries = tries + 1, status = :status, problem = '', delivered_at = clock_timestamp()
    where id = :id
    """
    connection.execute(text(query), {"id": delivery_id, "status": status})
    query = f"""
    update caseforge.webhook_delivery set next_try_at = clock_timestamp()
    where webhook_id = :webhook and state = '{DeliveryState.waiting}' and tries = 0 and next_try_at > clock_timestamp()
    """
    connection.execute(text(query), {"webhook": webhook_id})


def put_off(connection: Connection, webhook_id: int, until: datetime) -> None:
    """Nobody answers there: what was never tried waits as long as what was."""
    query = f"""
    update caseforge.webhook_delivery set next_try_at = :until
    where webhook_id = :webhook and state = '{DeliveryState.waiting}' and tries = 0 and next_try_at < :until
    """
    connection.execute(text(query), {"webhook": webhook_id, "until": until})


def note_failed(connection: Connection, delivery_id: int, status: int | None, problem: str, next_try_at: datetime | None) -> None:
    """It was not taken; None: it is not tried again."""
    query = """
    update caseforge.webhook_delivery set state = :state, tries = tries + 1, status = :status, problem = :problem, next_try_at = coalesce(:next_try, next_try_at)
    where id = :id
    """
    state = DeliveryState.dead if next_try_at is None else DeliveryState.waiting
    values = {"id": delivery_id, "state": state, "status": status, "problem": problem, "next_try": next_try_at}
    connection.execute(text(query), values)


def try_again(connection: Connection, delivery_id: int) -> bool:
    """Has a delivery tried anew, however it stands, with as much time as a new one; returns whether there is such a one."""
    query = f"""
    update caseforge.webhook_delivery d set state = '{DeliveryState.waiting}', tries = 0, next_try_at = clock_timestamp(), created_at = clock_timestamp(), delivered_at = null
    from caseforge.webhook w where d.id = :id and w.id = d.webhook_id and w.removed_at is null returning d.id
    """
    return connection.scalar(text(query), {"id": delivery_id}) is not None


_DELIVERIES = text("""
select d.id, d.webhook_id, d.state, d.tries, d.next_try_at, d.status, d.problem, d.created_at, d.delivered_at, e.position, e.kind, e.subject
from caseforge.webhook_delivery d join caseforge.event e on e.id = d.event_id
where d.webhook_id = :webhook and (cast(:state as text) is null or d.state = :state) and (cast(:before as bigint) is null or d.id < :before)
order by d.id desc limit :limit
""")


def deliveries(
    connection: Connection, webhook_id: int, *, state: str | None = None, before_id: int | None = None, limit: int = 100
) -> list[DeliveryRow]:
    """Deliveries to a webhook, newest first, from the one before a number on."""
    values = {"webhook": webhook_id, "state": state, "before": before_id, "limit": limit}
    return [DeliveryRow(*row) for row in connection.execute(_DELIVERIES, values)]
