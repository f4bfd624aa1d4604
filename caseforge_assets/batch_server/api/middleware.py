"""What happens to every call: it needs a key, its response says whether it is simulated, and reply faults may take it over."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseforge_assets.batch_server.answers import error_body
from caseforge_assets.batch_server.api.errors import JsonResponse
from caseforge_assets.batch_server.api.exchange import Call
from caseforge_assets.batch_server.faults import ActiveFaults
from caseforge_assets.batch_server.options import SIMULATED_HEADER

OPEN_TO_ALL = "/v1/_caseforge/"
BEARER = re.compile(r"^Bearer\s+\S", re.IGNORECASE)


class KeyRequired:
    """Refuses calls without a key with 401; any key will do, since nothing here is secret or costs anything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        if scope["type"] == "http" and not _may_pass(scope):
            message = "You didn't provide an API key. Any key will do here: set OPENAI_API_KEY to some text."
            await JsonResponse(error_body(401, message), 401)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _may_pass(scope: Scope) -> bool:
    return scope["path"].startswith(OPEN_TO_ALL) or bool(BEARER.match(Headers(scope=scope).get("authorization", "")))


class SimulatedHeader:
    """Says in every response that its content is simulated."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""

        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[SIMULATED_HEADER] = "true"
            await send(message)

        await self._app(scope, receive, send_with_header)


class ReplyFaults:
    """Hands the calls that a reply fault hits to that fault."""

    def __init__(self, app: ASGIApp, faults: ActiveFaults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        hit = self._faults.for_call(f"{scope['method']} {scope['path']}") if scope["type"] == "http" else None
        if hit is None:
            await self._app(scope, receive, send)
            return
        fault, spec = hit
        await fault(Call(self._app, scope, receive, send), spec)
