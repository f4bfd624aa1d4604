"""Webhooks: who is told of events, and what came of each delivery. Only for those who look after all of the service."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.commands.telling.deliver_events import try_webhook
from caseforge_assets.commands.telling.manage_webhooks import add_webhook, found, remove_webhook, rotate_secret, signing_secret
from caseforge_assets.events.addresses import LONGEST_URL, shown_url
from caseforge_assets.events.kinds import DeliveryState, EventKind
from caseforge_assets.settings.configuration import FrameworkKey
from caseforge_assets.store.access import audit
from caseforge_assets.store.serving import webhooks as stored
from caseforge_assets.store.serving.webhooks import DeliveryRow, WebhookRow
from caseforge_assets.web.access.callers import Administrator, ServiceNow, problems
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.pages import Cursor, Id, Limit, Page, encode_cursor, id_before

router = APIRouter(tags=["webhooks"])
ORDER = "deliveries"


class Webhook(BaseModel):
    """Somebody who is told of events."""

    id: int
    url: str = Field(description="without what of it may be secret")
    kinds: list[str] = Field(description="of events; empty: all")
    framework: str | None = Field(description="null: of all frameworks")
    created_by: str
    created_at: datetime
    waiting: int = Field(description="deliveries that are still tried")
    dead: int = Field(description="deliveries that were tried for three days in vain")


class NewWebhook(BaseModel):
    """A webhook that is to be added."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=LONGEST_URL, examples=["https://hooks.example.org/caseforge"])
    kinds: list[EventKind] = Field(default=[], max_length=50, description="of events; empty: all")
    framework: FrameworkKey | None = Field(default=None, description="null: of all frameworks")


class MadeWebhook(Webhook):
    """A webhook with what signs its messages. That can be read here, and never again."""

    secret: str = Field(description="what receivers verify messages with (Standard Webhooks)")


class Webhooks(BaseModel):
    """Webhooks, oldest first."""

    items: list[Webhook]


class Delivery(BaseModel):
    """The delivery of an event."""

    id: int
    event: int = Field(description="position of the event")
    kind: str
    subject: str
    state: DeliveryState
    tries: int
    status: int | None = Field(description="HTTP status of the last try; null: no answer, or none yet")
    problem: str = Field(description="why the last try failed; empty: it did not")
    next_try_at: datetime | None = Field(description="null: it is not tried again")
    created_at: datetime
    delivered_at: datetime | None


class Tried(BaseModel):
    """A webhook's answer to a test."""

    status: int | None
    problem: str = Field(description="why it does not count as taken; empty: it does")


@router.get("/webhooks", responses=problems(403))
def list_webhooks(service: ServiceNow, _: Administrator) -> Webhooks:
    """List who is told of events."""
    with service.store.connect() as connection:
        return Webhooks(items=[Webhook(**_fields(row)) for row in stored.standing(connection)])


@router.post("/webhooks", status_code=201, responses=problems(403, 422))
def make_webhook(service: ServiceNow, caller: Administrator, asked: NewWebhook, response: Response) -> MadeWebhook:
    """Add a webhook, which is told of what happens from now on."""
    allowed = service.settings.configuration.service.webhook_allow
    with service.store.begin() as connection:
        row = add_webhook(connection, asked.url, asked.kinds, asked.framework, allowed=allowed, by=caller.name)
    return _made(service, row, response)


@router.post("/webhooks/{webhook_id}/rotate", responses=problems(403, 404, 422))
def rotate_webhook(service: ServiceNow, caller: Administrator, webhook_id: Id, response: Response) -> MadeWebhook:
    """Sign with another secret from now on, which is in this answer and nowhere else."""
    with service.store.begin() as connection:
        row = rotate_secret(connection, webhook_id, by=caller.name)
    return _made(service, row, response)


@router.delete("/webhooks/{webhook_id}", responses=problems(403, 404, 422))
def end_webhook(service: ServiceNow, caller: Administrator, webhook_id: Id) -> Webhook:
    """Deliver nothing more there."""
    with service.store.begin() as connection:
        return Webhook(**_fields(remove_webhook(connection, webhook_id, by=caller.name)))


@router.post("/webhooks/{webhook_id}/test", responses=problems(403, 404, 422))
def send_test(service: ServiceNow, _: Administrator, webhook_id: Id) -> Tried:
    """Send a message that reports nothing, and say what came of it."""
    with service.store.connect() as connection:
        row = found(connection, webhook_id)
    answer = try_webhook(service.store, row, service.secret_for_signing(), service.settings.configuration.service.webhook_allow)
    return Tried(status=answer.status, problem=answer.problem)


@router.get("/webhooks/{webhook_id}/deliveries", responses=problems(403, 404, 422))
def list_deliveries(
    service: ServiceNow,
    _: Administrator,
    webhook_id: Id,
    state: Annotated[DeliveryState | None, Query(description="only those that stand so")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Delivery]:
    """List deliveries, newest first."""
    before = id_before(cursor, ORDER)
    with service.store.connect() as connection:
        found(connection, webhook_id)
        rows = stored.deliveries(connection, webhook_id, state=state, before_id=before, limit=limit + 1)
    shown = rows[:limit]
    return Page(items=[_delivery(row) for row in shown], next=encode_cursor(ORDER, shown[-1].id) if len(rows) > limit else None)


@router.post("/webhooks/deliveries/{delivery_id}/redeliver", status_code=202, responses=problems(403, 404, 422))
def deliver_again(service: ServiceNow, caller: Administrator, delivery_id: Id) -> Response:
    """Have a delivery tried anew, under the same id."""
    with service.store.begin() as connection:
        if not stored.try_again(connection, delivery_id):
            raise LookupError(f"there is no delivery {delivery_id}, or its webhook was removed")
        audit.note(connection, caller.name, "webhook.redelivered", f"delivery {delivery_id}")
    return Response(status_code=202)


def _made(service: Service, row: WebhookRow, response: Response) -> MadeWebhook:
    response.headers["Cache-Control"] = "no-store"
    return MadeWebhook(**_fields(row), secret=signing_secret(service.secret_for_signing(), row.id, row.secret_number))


def _fields(row: WebhookRow) -> dict[str, object]:
    return {
        "id": row.id,
        "url": shown_url(row.url),
        "kinds": list(row.kinds),
        "framework": row.framework_key,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "waiting": row.waiting,
        "dead": row.dead,
    }


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.position,
        kind=row.kind,
        subject=row.subject,
        state=DeliveryState(row.state),
        tries=row.tries,
        status=row.status,
        problem=row.problem,
        next_try_at=row.next_try_at if row.state == DeliveryState.waiting else None,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
    )
