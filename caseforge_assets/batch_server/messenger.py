"""Tells of the ends of batches by webhook, as OpenAI does: signed (Standard Webhooks), tried again with growing pauses. What waits is lost when the server stops."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

import httpx2
from standardwebhooks import Webhook

from caseforge_assets.batch_server.faults import ActiveFaults
from caseforge_assets.batch_server.faults.registry import Message
from caseforge_assets.batch_server.options import ServerOptions

LOG = logging.getLogger(__name__)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
TIMEOUT_S = 10.0
WRONG_SECRET = "whsec_" + "AAAA" * 8


class Messenger:
    """Sends messages to one address, each in a task of its own, so that a slow one holds up no other."""

    def __init__(self, url: str, secret: str, faults: ActiveFaults) -> None:
        self._url, self._secret, self._faults = url, secret, faults
        self._client = httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, batch_id: str, number: int, status: str) -> None:
        """Begins to tell that a batch has ended.

        Args:
            batch_id: Its id.
            number: Its number, by which faults are chosen.
            status: The state in which it ended.
        """
        message = Message(f"wh_{batch_id.removeprefix('batch_')}_{status}", f"batch.{status}", batch_id)
        for sent in self._faults.on_message(message, batch=number):
            task = asyncio.create_task(self._send(sent))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    async def _send(self, message: Message) -> None:
        await asyncio.sleep(message.delay_s)
        pause_s = FIRST_PAUSE_S
        for _ in range(message.tries):
            problem = await self._try(message)
            if not problem:
                return
            LOG.info("Message %s was not taken: %s", message.id, problem)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _try(self, message: Message) -> str:
        body, headers = _signed(message, self._secret)
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except httpx2.HTTPError as error:
            return type(error).__name__
        return "" if answer.is_success else f"HTTP {answer.status_code}"


def open_messenger(options: ServerOptions, faults: ActiveFaults) -> Messenger | None:
    """The messenger of a server that has an address to tell; None without one."""
    if options.webhook is None or options.webhook_secret is None:
        return None
    return Messenger(options.webhook, options.webhook_secret, faults)


def _signed(message: Message, secret: str) -> tuple[bytes, dict[str, str]]:
    moment = int(time.time() - message.age_s)
    event: dict[str, Any] = {"id": f"evt_{message.id}", "object": "event", "created_at": moment, "type": message.kind}
    body = json.dumps(event | {"data": {"id": message.about}}, separators=(",", ":"))
    signing = Webhook(WRONG_SECRET if message.forged == "secret" else secret)
    signature = signing.sign(message.id, datetime.fromtimestamp(moment, UTC), body)
    if message.forged == "body":
        body = body.replace(message.about, "batch_of_somebody_else")
    shown_id = f"{message.id}_forged" if message.forged == "id" else message.id
    headers = {"webhook-id": shown_id, "webhook-timestamp": str(moment), "webhook-signature": signature, "content-type": "application/json"}
    if message.forged == "unsigned":
        del headers["webhook-signature"]
    return body.encode(), headers
