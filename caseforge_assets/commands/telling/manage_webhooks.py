"""Webhooks are added, removed and given other secrets, each recorded with who did it."""

from __future__ import annotations

import base64
from collections.abc import Collection

from caseforge_assets.events.addresses import read_target, refuse_address, shown_url
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.settings.service_secret import ServiceSecret
from caseforge_assets.store.access import audit
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.serving import events, webhooks
from caseforge_assets.store.serving.webhooks import WebhookRow

MOST_AT_ONCE = 100_000


def add_webhook(
    connection: Connection, url: str, kinds: Collection[EventKind], framework_key: str | None, *, allowed: Collection[str], by: str
) -> WebhookRow:
    """Adds a webhook, which is told of what happens from now on.

    Args:
        kinds: of events; none: all.
        allowed: networks that may be delivered to besides the public internet.

    Raises:
        AddressRefused: nothing is delivered to such an address.
    """
    refuse_address(read_target(url, allowed), allowed)
    events.number(connection, MOST_AT_ONCE, waits=True)  # what was told before is not for it
    webhook_id = webhooks.add(connection, url, kinds, framework_key, by)
    details = {"url": shown_url(url), "kinds": sorted(kinds)}
    audit.note(connection, by, "webhook.added", f"webhook {webhook_id}", framework_key, details)
    return found(connection, webhook_id)


def remove_webhook(connection: Connection, webhook_id: int, *, by: str) -> WebhookRow:
    """Delivers nothing more to a webhook.

    Raises:
        LookupError: there is none with this number.
    """
    row = found(connection, webhook_id)
    webhooks.remove(connection, webhook_id)
    audit.note(connection, by, "webhook.removed", f"webhook {webhook_id}", row.framework_key, {"url": shown_url(row.url)})
    return row


def rotate_secret(connection: Connection, webhook_id: int, *, by: str) -> WebhookRow:
    """Signs with another secret from now on.

    Raises:
        LookupError: there is none with this number.
    """
    row = found(connection, webhook_id)
    webhooks.use_next_secret(connection, webhook_id)
    audit.note(connection, by, "webhook.rotated", f"webhook {webhook_id}", row.framework_key)
    return found(connection, webhook_id)


def found(connection: Connection, webhook_id: int) -> WebhookRow:
    """A webhook by its number.

    Raises:
        LookupError: there is none.
    """
    row = webhooks.find(connection, webhook_id)
    if row is None:
        raise LookupError(f"there is no webhook {webhook_id}; `caseforge webhooks list` names them")
    return row


def signing_secret(secret: ServiceSecret, webhook_id: int, secret_number: int) -> str:
    """Gives what signs the messages to a webhook, as receivers take it: derived, and stored nowhere."""
    return "whsec_" + base64.b64encode(secret.derive(f"webhook {webhook_id} {secret_number}")).decode()
