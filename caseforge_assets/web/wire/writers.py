"""Requests that change something take turns, so many at a time: one may wait for another's lock for as long as a large plan is made, and readers need threads meanwhile.

A turn begins when the whole body has come: who sends it slowly keeps none.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseforge_assets.web.access.addresses import SAFE
from caseforge_assets.web.wire.turns import Turns


class WritersInTurn:
    """Lets so many requests change something at the same time; the others wait without a thread and without a connection to the database."""

    def __init__(self, app: ASGIApp, turns: Turns, besides: Collection[str]) -> None:
        """Takes the application, and the beginnings of addresses whose requests wait for no one: to sign in, and messages of the provider."""
        self._app, self._turns, self._besides = app, turns, tuple(besides)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on: where it changes something, in its turn."""
        if scope["type"] != "http" or scope["method"] in SAFE or scope["path"].startswith(self._besides):
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as turn:
            if not _has_body(scope):
                await turn.enter_async_context(self._turns.one())
                await self._app(scope, receive, send)
                return
            waits = True

            async def receive_in_turn() -> Message:
                nonlocal waits
                message = await receive()
                if waits and not message.get("more_body", False):
                    waits = False
                    await turn.enter_async_context(self._turns.one())
                return message

            await self._app(scope, receive_in_turn, send)


def _has_body(scope: Scope) -> bool:
    headers = {name.lower(): value for name, value in scope["headers"]}
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
