"""The record that a reply fault works on: one HTTP call, and the server behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseforge_assets.batch_server.api.errors import JsonResponse
from caseforge_assets.batch_server.faults.registry import Reply

CONNECTION = "caseforge.connection"
GONE_S = 0.01  # The connection has to be gone before uvicorn misses a response.


class Call:
    """An ``Exchange``: the call that a scope describes; ``app`` is the server without its reply faults."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._scope, self._receive, self._send = app, scope, receive, send
        self.path: str = scope["path"]
        headers = Headers(scope=scope)
        self.key = headers.get("authorization", "").partition(" ")[2].strip() or headers.get("api-key", "").strip()

    async def perform(self) -> Reply:
        """Lets the server do what was asked; the real reply is kept back."""
        return await _replied(self._app, self._scope, self._receive)

    async def ask(self, path_and_query: str) -> Reply:
        """Asks the server itself, by GET."""
        path, _, query = path_and_query.partition("?")
        asked = {**self._scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode()}
        return await _replied(self._app, asked, _nothing)

    async def send(self, reply: Reply) -> None:
        """Sends a reply with the length that it has."""
        await self._respond(Response(reply.body, reply.status_code, _without_length(reply.headers)))

    async def send_unsized(self, reply: Reply) -> None:
        """Sends a reply that says nothing of its length, in chunks."""
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in _without_length(reply.headers).items()]
        await self._send({"type": "http.response.start", "status": reply.status_code, "headers": headers})
        await self._send({"type": "http.response.body", "body": reply.body})

    async def send_and_close(self, reply: Reply) -> None:
        """Sends a reply that says nothing of its length and ends where the connection does."""
        connection = self._scope["extensions"][CONNECTION]
        connection.write(_raw(reply))
        connection.close()
        await asyncio.sleep(GONE_S)

    async def reply(self, status_code: int, body: dict[str, Any]) -> None:
        """Sends a status and a JSON body."""
        await self._respond(JsonResponse(body, status_code))

    async def pass_on(self) -> None:
        """Lets the server do what was asked and sends the real reply."""
        await self._app(self._scope, self._receive, self._send)

    async def pass_on_changed(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """The same after a change of its JSON body."""
        reply = await self.perform()
        await self.reply(reply.status_code, change(json.loads(reply.body)))

    async def wait(self, seconds: float) -> None:
        """Does nothing for so many real seconds, or until the client has gone."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._client_gone(), seconds)

    async def hang_up(self) -> None:
        """Drops the connection."""
        self._scope["extensions"][CONNECTION].abort()
        await asyncio.sleep(GONE_S)

    async def _respond(self, response: Response) -> None:
        await response(self._scope, self._receive, self._send)

    async def _client_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _replied(app: ASGIApp, scope: Scope, receive: Receive) -> Reply:
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, keep)
    start, *rest = sent
    return Reply(start["status"], dict(Headers(raw=start["headers"])), b"".join(message.get("body", b"") for message in rest))


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def _without_length(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "content-length"}


def _raw(reply: Reply) -> bytes:
    headers = _without_length(reply.headers) | {"connection": "close"}
    head = [f"HTTP/1.1 {reply.status_code} OK", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + reply.body
