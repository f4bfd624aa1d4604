"""Treats every call alike: it is looked for below each base path, needs a key, and reply faults may take it over.

Its response says whether it is simulated, and has the status that the imitated provider gives it.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseforge_assets.batch_server.answers import error_body
from caseforge_assets.batch_server.api.errors import JsonResponse
from caseforge_assets.batch_server.api.exchange import Call
from caseforge_assets.batch_server.faults import ActiveFaults
from caseforge_assets.batch_server.options import SIMULATED_HEADER

OPEN_TO_ALL = "/v1/_caseforge/"
BEARER = re.compile(r"^Bearer\s+(\S.*)$", re.IGNORECASE)
V1 = "/v1"
# Azure's own words and form, which has no "error".
TOKEN_IS_OVER = {
    "statusCode": 401,
    "message": "Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), or have expired.",
}


class BasePaths:
    """Lets a call below any of a provider's base paths be one below /v1, so that the rest of the server knows one name for it."""

    def __init__(self, app: ASGIApp, base_paths: Sequence[str]) -> None:
        self._app = app
        self._base_paths = base_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        if scope["type"] == "http":
            path: str = scope["path"]
            base = next((base for base in (V1, *self._base_paths) if path.startswith(f"{base}/")), V1)
            if base != V1:
                path = V1 + path.removeprefix(base)
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


class KeyRequired:
    """Refuses calls without a key with 401; any key will do, since nothing here is secret or costs anything.

    A token that says when it ends (``exp`` of a JSON Web Token, whose signature nobody looks at) is refused from then on, where such tokens are taken.
    """

    def __init__(self, app: ASGIApp, *, takes_api_key: bool) -> None:
        self._app = app
        self._takes_api_key = takes_api_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is not None:
            await JsonResponse(refusal, 401)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> dict[str, object] | None:
        headers = Headers(scope=scope)
        if scope["path"].startswith(OPEN_TO_ALL) or (self._takes_api_key and headers.get("api-key", "").strip()):
            return None
        bearer = BEARER.match(headers.get("authorization", ""))
        if bearer is None:
            return error_body(401, "You didn't provide an API key. Any key will do here: set OPENAI_API_KEY to some text.")
        return TOKEN_IS_OVER if self._takes_api_key and _is_over(bearer[1]) else None


def _is_over(token: str) -> bool:
    """Tells whether a token says that its time has passed."""
    parts = token.strip().split(".")
    if len(parts) != 3:
        return False
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return False
    ends_at = claims.get("exp") if isinstance(claims, dict) else None
    return isinstance(ends_at, int | float) and ends_at <= time.time()


class OtherStatuses:
    """Gives some errors another status on their way out, in the response and as the code in its body."""

    def __init__(self, app: ASGIApp, statuses: Mapping[int, int]) -> None:
        self._app = app
        self._statuses = statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one call."""
        start: Message | None = None

        async def send_otherwise(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] in self._statuses:
                start = message
            elif start is None:
                await send(message)
            elif not message.get("more_body", False):
                status_code = self._statuses[start["status"]]
                await JsonResponse(_with_code(message.get("body", b""), status_code), status_code)(scope, receive, send)

        await self._app(scope, receive, send_otherwise)


def _with_code(body: bytes, status_code: int) -> dict[str, object]:
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, TypeError, KeyError):
        message = body.decode(errors="replace")
    return {"error": {"message": message, "type": "None", "param": "None", "code": str(status_code)}}


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
