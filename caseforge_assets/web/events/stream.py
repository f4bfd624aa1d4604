"""A stream of events to one listener: what it has missed, then what comes, as Server-Sent Events, for as long as the listener may see them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from fastapi.concurrency import run_in_threadpool

from caseforge_assets.access.roles import Caller, NotAllowed
from caseforge_assets.web.events.reader import EventReader, Line
from caseforge_assets.web.wire.problems import Refused

HEARTBEAT_S = 15.0
Recognize = Callable[[], Awaitable[Caller]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The kinds and frameworks of the events that a listener wants and may see; None: all."""

    kinds: Collection[str] | None
    framework_keys: Collection[str] | None

    def has(self, line: Line) -> bool:
        """Tells whether an event is among it."""
        return (self.kinds is None or line.kind in self.kinds) and (
            self.framework_keys is None or line.framework_key in self.framework_keys
        )


async def stream(
    reader: EventReader, position: int, kinds: Collection[str] | None, key: str | None, caller: Caller, recognize: Recognize
) -> AsyncIterator[bytes]:
    """Gives what comes after a position, until nobody listens, the caller is not recognized any more, or the service ends.

    Whether the token or the session still holds, and what may be seen with it, is looked at before anything is told.

    Args:
        position: the last one that the listener has seen.
        kinds: only these; None: all.
        key: only this framework's; None: all that the caller may see.
        recognize: who the caller is by now.
    """
    with reader.listening() as news:
        looked = time.monotonic()
        yield _heartbeat(position)
        while not reader.is_closed:
            news.clear()
            found, is_due = reader.since(position), time.monotonic() - looked >= HEARTBEAT_S
            if is_due or found is None or found:
                try:
                    caller = await recognize()
                except (Refused, NotAllowed):
                    return
            lines, position = await _next(reader, position, found, Wanted(kinds, frameworks_seen(caller, key)))
            for line in lines:
                yield line.text
            if is_due:
                looked = time.monotonic()
                yield _heartbeat(position)
            if reader.newest <= position:
                await _wait(news, HEARTBEAT_S - (time.monotonic() - looked))


def frameworks_seen(caller: Caller, key: str | None) -> frozenset[str] | None:
    """The frameworks whose events are wanted and may be seen; None: all, and what concerns no framework."""
    seen = caller.seen_frameworks()
    if key is None:
        return seen
    return frozenset([key]) if seen is None else seen & {key}


async def _next(reader: EventReader, position: int, found: Sequence[Line] | None, wanted: Wanted) -> tuple[Sequence[Line], int]:
    """Gives what is wanted of what comes next, and the position up to which that is all.

    Args:
        found: what comes next; None: the listener is further behind than the reader knows.
    """
    if found is None:
        kinds = None if wanted.kinds is None else list(wanted.kinds)
        keys = None if wanted.framework_keys is None else list(wanted.framework_keys)
        return await run_in_threadpool(reader.read, position, kinds, keys)
    return [line for line in found if wanted.has(line)], found[-1].position if found else position


async def _wait(news: asyncio.Event, at_most_s: float) -> None:
    try:
        await asyncio.wait_for(news.wait(), max(at_most_s, 0.01))
    except TimeoutError:
        return


def _heartbeat(position: int) -> bytes:
    """Keeps the connection open, and has a listener begin after this position when it comes again, also where nothing was for it."""
    return f": \nid: {position}\n\n".encode()
