"""Events are delivered to webhooks, at least once: what is not taken is tried again with growing pauses, for three days."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection
from datetime import datetime

from caseforge_assets.commands.telling.manage_webhooks import signing_secret
from caseforge_assets.event_log import log_event
from caseforge_assets.events.addresses import shown_url
from caseforge_assets.events.pauses import next_try
from caseforge_assets.listeners import Answered, Signed, send_all, send_one
from caseforge_assets.settings.service_secret import ServiceSecret
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Engine, try_lock
from caseforge_assets.store.serving import webhooks
from caseforge_assets.store.serving.webhooks import DueDelivery, WebhookRow

AT_ONCE = 100
OF_EACH = 10
TEST_KIND = "webhook.test"
log = logging.getLogger(__name__)


def deliver_events(store: Engine, find_secret: Callable[[], ServiceSecret], allowed: Collection[str]) -> int:
    """Tries what is due, once; returns how much that was. One process does so at a time, the others leave it to that one.

    A delivery counts when the webhook took it and this is committed: a process that is killed in between delivers it again, under the same id.

    Args:
        find_secret: gives what signing secrets are derived from; not asked for where nothing is due.
        allowed: networks that may be delivered to besides the public internet.
    """
    with store.connect() as connection:
        if not webhooks.due(connection, 1, 1):
            return 0
    with try_lock(store, "deliver webhooks") as held:
        if not held:
            return 0
        with store.connect() as connection:
            due = webhooks.due(connection, AT_ONCE, OF_EACH)
        secret = find_secret()
        at = clock.now_in(store)
        messages = {_message(event, secret, at): event for event in due}
        send_all(list(messages), allowed, lambda message, answer: _note(store, messages[message], answer))
    return len(due)


def try_webhook(store: Engine, webhook: WebhookRow, secret: ServiceSecret, allowed: Collection[str]) -> Answered:
    """Sends a webhook a message that reports nothing; it is kept nowhere."""
    body = json.dumps({"type": TEST_KIND, "data": {"webhook": webhook.id}})
    return send_one(
        Signed(f"test_{webhook.id}", webhook.url, body, clock.now_in(store), signing_secret(secret, webhook.id, webhook.secret_number)),
        allowed,
    )


def _message(due: DueDelivery, secret: ServiceSecret, at: datetime) -> Signed:
    """Its id is the event's, with the time at which that happened: after a restore, numbers may come again."""
    told = {
        "type": due.kind,
        "timestamp": due.happened_at.isoformat(),
        "position": due.position,
        "framework": due.framework_key,
        "subject": due.subject,
        "data": dict(due.data),
    }
    message_id = f"evt_{due.event_id}_{int(due.happened_at.timestamp() * 1_000_000):x}"
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return Signed(message_id, due.url, body, at, signing_secret(secret, due.webhook_id, due.secret_number))


def _note(store: Engine, due: DueDelivery, answer: Answered) -> None:
    with store.begin() as connection:
        if not answer.problem:
            webhooks.note_delivered(connection, due.id, due.webhook_id, answer.status)
            return
        again = next_try(due.tries + 1, due.created_at, clock.now(connection))
        webhooks.note_failed(connection, due.id, answer.status, answer.problem, again)
        if again is not None and answer.status is None:
            webhooks.put_off(connection, due.webhook_id, again)
    log_event(
        log,
        "webhook not delivered" if again else "webhook given up",
        webhook=due.webhook_id,
        url=shown_url(due.url),
        about=due.subject,
        tries=due.tries + 1,
        why=answer.problem,
    )
    if again is None:
        log.warning(
            "an event (%s) was not delivered to webhook %s in three days and is given up: %s", due.kind, due.webhook_id, answer.problem
        )
