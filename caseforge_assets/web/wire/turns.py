"""Turns: of what takes several times as long as everything else, only so much is done at a time, so that everything else need not wait for it.

Who waits for a turn takes neither a thread nor a connection to the database meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool

Value = TypeVar("Value")


class Turns:
    """Turns of a process, in the order in which they are asked for."""

    def __init__(self, at_once: int) -> None:
        """Takes how many have one at the same time."""
        self._at_once = at_once
        self._free: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def take(self, act: Callable[[], Value]) -> Value:
        """Waits for a turn, and acts in a thread."""
        async with self.one():
            return await run_in_threadpool(act)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Waits for a turn, and has it for the block."""
        async with self._free.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._at_once)):
            yield
