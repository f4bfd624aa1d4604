"""Bodies of calls, bounded: in size, whatever their headers say, and in the time that their sender takes."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseforge_assets.batch_server.api.errors import ApiError
from caseforge_assets.batch_server.api.upload import ENVELOPE_BYTES
from caseforge_assets.batch_server.limits import Limits

UPLOADS = "/v1/files"
LET_PASS_BYTES = 64 * 1024 * 1024  # who still sends does not read an answer: so much more is taken, and thrown away, before it is given


class BoundedBody:
    """Refuses bodies that are too large (413) or come too slowly (408), while they come; what is answered before its end ends the connection."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, self._limits)

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.is_over:
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self._app(scope, body.receive, send_and_close)


class _Body:
    """The chunks of one body as they come; after its end there is no bound, because then a receiver waits for the client to go."""

    def __init__(self, scope: Scope, receive: Receive, limits: Limits) -> None:
        is_upload = scope["path"] == UPLOADS
        self._most_bytes = limits.file_bytes + ENVELOPE_BYTES + LET_PASS_BYTES if is_upload else limits.json_body_bytes
        self._receive, self._limits = receive, limits
        self._received_bytes = 0
        headers = Headers(scope=scope)
        self.is_over = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
        self._began_s = asyncio.get_running_loop().time()

    async def receive(self) -> Message:
        """The next message.

        Raises:
            ApiError: 413 if it is too large by now, 408 if its sender is too slow.
        """
        message = await self._take()
        if self._received_bytes > self._most_bytes:
            while not self.is_over and self._received_bytes <= self._most_bytes + LET_PASS_BYTES:
                await self._take()
            raise ApiError(413, f"The body is too large: {self._most_bytes:,} bytes is the most.", code="body_too_large")
        return message

    async def _take(self) -> Message:
        if self.is_over:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._left_s())
        except TimeoutError:
            raise ApiError(408, "The body comes too slowly.", code="body_too_slow") from None
        self._received_bytes += len(message.get("body", b""))
        self.is_over = not message.get("more_body", False)
        return message

    def _left_s(self) -> float:
        """Seconds that are left: more for who sends much, at a rate that any line has."""
        allowed_s = self._limits.body_grace_s + self._received_bytes / self._limits.body_bytes_per_s
        return max(self._began_s + allowed_s - asyncio.get_running_loop().time(), 0.0)
