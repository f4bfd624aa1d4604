"""One look at the store for all requests that wait for one: which of the shown tokens can be used, and whether anything has changed.

A request is answered from a look that began after it came, so that what was revoked or changed before it counts. While a look is under way those that come wait for
the next one, which is one for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool

from caseforge_assets.store.access import tokens
from caseforge_assets.store.access.tokens import TokenRow
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.reading.read_state import ReadState, read_state

SEEN = "seen"  # of a request's state: what was seen for it
NOTED_EVERY_S = 50.0  # somewhat less than the minute after which a use is noted again


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found: the usable ones of the tokens that were shown, by digest, and the state of the store."""

    tokens: Mapping[str, TokenRow]
    state: ReadState


Waiting = list[tuple[str, "asyncio.Future[Seen]"]]


@dataclass
class _Queue:
    """Requests of one event loop that wait."""

    waiting: Waiting = field(default_factory=list)
    looking: asyncio.Task[None] | None = None


class Looks:
    """Looks when somebody waits for it."""

    def __init__(self, read: Callable[[Collection[str]], Seen]) -> None:
        """Nothing is read yet.

        Args:
            read: looks once, for tokens by their digests.
        """
        self._read = read
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()

    async def look(self, digest: str) -> Seen:
        """What a look finds that begins now or later."""
        loop = asyncio.get_running_loop()
        queue = self._queues.setdefault(loop, _Queue())
        came: asyncio.Future[Seen] = loop.create_future()
        queue.waiting.append((digest, came))
        if queue.looking is None:
            queue.looking = loop.create_task(self._go_on(queue))
        return await came

    async def _go_on(self, queue: _Queue) -> None:
        while queue.waiting:
            waiting, queue.waiting = queue.waiting, []
            try:
                found: Seen | Exception = await run_in_threadpool(self._read, {digest for digest, _ in waiting})
            except Exception as error:  # noqa: BLE001 - whoever waits is told
                found = error
            for _, came in waiting:
                if came.done():  # whoever waited is gone
                    continue
                if isinstance(found, Exception):
                    came.set_exception(found)
                else:
                    came.set_result(found)
        queue.looking = None


def look_once(store: Engine, digests: Collection[str]) -> Seen:
    """Looks for tokens, whose use is noted, and at the state of the store."""
    with store.connect() as connection:
        found = tokens.usable_tokens(connection, digests)
        for token in found.values():
            note_use(connection, token)
        return Seen(found, read_state(connection))


def note_use(connection: Connection, token: TokenRow) -> None:
    """Notes that a token is used, unless that was noted just now."""
    if token.unused_s is None or token.unused_s > NOTED_EVERY_S:
        tokens.note_use(connection, token.id)
