"""One look at the store for all requests that wait for one: which of the shown tokens and sessions can be used, and whether anything has changed.

A request is answered from a look that began after it came, so that what was revoked or changed before it counts. While a look is under way those that come wait for
the next one, which is one for all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool

from caseforge_assets.access.roles import Grant
from caseforge_assets.settings.service import ServiceSettings
from caseforge_assets.store.access import accounts, sessions, tokens
from caseforge_assets.store.access.sessions import SessionRow
from caseforge_assets.store.access.tokens import TokenRow
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.reading.read_state import ReadState, read_state

SEEN = "seen"  # of a request's state: what was seen for it
NOTED_EVERY_S = 50.0  # somewhat less than the minute after which a use is noted again


@dataclass(frozen=True, slots=True)
class Shown:
    """A credential that a request shows: the digest of a token's secret, or of a session's."""

    digest: str
    is_session: bool = False


@dataclass(frozen=True, slots=True)
class SeenSession:
    """A session that holds, with the roles of its account."""

    row: SessionRow
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of a look: the usable ones of the tokens and sessions that were shown, by digest, and the state of the store."""

    tokens: Mapping[str, TokenRow]
    sessions: Mapping[str, SeenSession]
    state: ReadState


Waiting = list[tuple[Shown, "asyncio.Future[Seen]"]]


@dataclass
class _Queue:
    """Requests of one event loop that wait."""

    waiting: Waiting = field(default_factory=list)
    looking: asyncio.Task[None] | None = None


class Looks:
    """Looks when somebody waits for it."""

    def __init__(self, read: Callable[[Collection[Shown]], Seen]) -> None:
        """Nothing is read yet.

        Args:
            read: looks once, for what was shown.
        """
        self._read = read
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()

    async def look(self, shown: Shown) -> Seen:
        """Gives what a look finds that begins now or later."""
        loop = asyncio.get_running_loop()
        queue = self._queues.setdefault(loop, _Queue())
        came: asyncio.Future[Seen] = loop.create_future()
        queue.waiting.append((shown, came))
        if queue.looking is None:
            queue.looking = loop.create_task(self._go_on(queue))
        return await came

    async def _go_on(self, queue: _Queue) -> None:
        while queue.waiting:
            waiting, queue.waiting = queue.waiting, []
            try:
                found: Seen | Exception = await run_in_threadpool(self._read, {shown for shown, _ in waiting})
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


def look_once(store: Engine, shown: Collection[Shown], settings: ServiceSettings, *, is_use: bool = True) -> Seen:
    """Looks for tokens and sessions, whose use is noted, and at the state of the store.

    Args:
        is_use: whether sessions are used; a stream that goes on keeps none alive.
    """
    of_tokens = [caller.digest for caller in shown if not caller.is_session]
    of_sessions = [caller.digest for caller in shown if caller.is_session]
    with store.connect() as connection:
        found = tokens.usable_tokens(connection, of_tokens) if of_tokens else {}
        for token in found.values():
            _note_use_of_token(connection, token)
        held = sessions_that_hold(connection, of_sessions, settings, is_use=is_use) if of_sessions else {}
        return Seen(found, held, read_state(connection))


def sessions_that_hold(
    connection: Connection, digests: Collection[str], settings: ServiceSettings, *, is_use: bool = True
) -> dict[str, SeenSession]:
    """The sessions that hold of those that were shown, by digest, with the roles of their accounts.

    Args:
        is_use: notes that they are used.
    """
    rows = sessions.usable(connection, digests, settings.idle, settings.lifetime)
    if is_use:
        for row in rows.values():
            if row.rested:
                sessions.note_use(connection, row.id)
    of_accounts = {row.account_id for row in rows.values() if row.account_id is not None}
    grants = accounts.roles_of(connection, of_accounts) if of_accounts else {}
    return {digest: SeenSession(row, grants.get(row.account_id or 0, ())) for digest, row in rows.items()}


def _note_use_of_token(connection: Connection, token: TokenRow) -> None:
    """Notes that a token is used, unless that was noted just now."""
    if token.unused_s is None or token.unused_s > NOTED_EVERY_S:
        tokens.note_use(connection, token.id)
