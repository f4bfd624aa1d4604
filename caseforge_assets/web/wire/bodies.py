"""Bodies of requests: bounded in size, bounded in time, and never packed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseforge_assets.web.wire.problems import problem_answer

MEBIBYTE = 1 << 20
PLAIN_BYTES = 4 * MEBIBYTE
PAUSE_S = 20.0  # between two pieces of a body
PACE_BYTES_S = 8_192  # a body that comes more slowly on the whole is cut off


@dataclass(frozen=True, slots=True)
class Largest:
    """A limit on the bytes of a body; `besides` ends the message that refuses a larger one."""

    count: int
    besides: str = "Nothing was done."


Bound = Callable[[Scope], Awaitable[Largest]]


class BoundedBodies:
    """Refuses what is too large (413), too slow (408) or packed (415), before or while it is read."""

    def __init__(self, app: ASGIApp, bound: Bound, pause_s: float = PAUSE_S) -> None:
        """Takes the application, and the largest body by request."""
        self._app, self._bound, self._pause_s = app, bound, pause_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, and counts what comes of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        largest = await self._bound(scope)
        if headers.get(b"content-encoding", "identity").strip().lower() not in ("identity", ""):
            await problem_answer(415, "packed", "Bodies are taken as they are; send it without Content-Encoding.")(scope, receive, send)
        elif _is_larger(headers.get(b"content-length", "0"), largest.count):
            await problem_answer(413, "too-large", _too_large(largest))(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive, largest), send)

    def _counted(self, receive: Receive, largest: Largest) -> Receive:
        taken, done = 0, False
        began = asyncio.get_running_loop().time()

        async def receive_some() -> Message:
            nonlocal taken, done
            if done:
                return await receive()  # waits for the end of the connection, which may be long
            left_s = self._pause_s + taken / PACE_BYTES_S - (asyncio.get_running_loop().time() - began)
            try:
                message = await asyncio.wait_for(receive(), max(min(left_s, self._pause_s), 0.001))
            except TimeoutError:
                raise HTTPException(408, "The body came too slowly. Nothing was done.", {"Connection": "close"}) from None
            taken += len(message.get("body", b""))
            done = not message.get("more_body", False)
            if taken > largest.count:
                raise HTTPException(413, _too_large(largest), {"Connection": "close"})
            return message

        return receive_some


def _is_larger(stated: str, largest: int) -> bool:
    return stated.isdigit() and int(stated[:20]) > largest


def _too_large(largest: Largest) -> str:
    return f"The body is larger than {largest.count / MEBIBYTE:,.0f} MB. {largest.besides}"
