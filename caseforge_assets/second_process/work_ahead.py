"""A second process that works ahead: it computes the next pieces while this one waits for the database and writes.

Only pure functions are given to it: it has no database and no provider, so that nothing is lost or done twice whenever it dies. What
it could not do is done here. It starts in the background, is used from when it is there, and ends with this process.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import cache, partial
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from caseforge_assets.second_process.messages import NOT_DONE, Call, Reply, receive, send

Kept = TypeVar("Kept")
Piece = TypeVar("Piece")
Result = TypeVar("Result")

PIECES_AHEAD = 3
PIPE_BYTES = 1 << 20


def work_ahead(
    function: Callable[[Piece], Result], pieces: Iterable[tuple[Kept, Piece]], *, ahead: bool = True
) -> Iterator[tuple[Kept, Result]]:
    """Applies a function to pieces, here and in the second process, and gives the results in the order of the pieces.

    Args:
        function: can be pickled, as pieces and results can, and uses nothing but its argument.
        pieces: each with something that stays here. With `ahead`, a few are taken before the first result is given.
        ahead: False does everything here, a piece at a time: where there is little to do, or what is used is only in this process.

    Raises:
        Exception: whatever the function raises, when the result of that piece is due.
    """
    second = _second_process() if ahead else None
    waiting: deque[_Task[Kept, Piece, Result]] = deque()
    for kept, piece in pieces:
        waiting.append(_Task(function, kept, piece, second.ask((function, piece)) if second else None))
        if second is None or len(waiting) > PIECES_AHEAD:
            yield _first_result(waiting)
    while waiting:
        yield _first_result(waiting)


def start_second_process(wait_s: float = 0) -> None:
    """Starts the second process before it is needed, and waits for it; `work_ahead` starts it, too, without waiting."""
    if (second := _second_process()) is not None:
        second.wait(wait_s)


def _first_result(waiting: deque[_Task[Kept, Piece, Result]]) -> tuple[Kept, Result]:
    """Takes the first one; while it is not done, the last one that nobody has begun is done here."""
    first = waiting.popleft()
    if not first.is_done():
        any(task.take_back() for task in reversed(waiting))
    return first.kept, first.result()


class _Task(Generic[Kept, Piece, Result]):
    """One piece; what the second process was not asked for is done when its result is due."""

    def __init__(self, function: Callable[[Piece], Result], kept: Kept, piece: Piece, reply: Future[Reply] | None) -> None:
        self.kept = kept
        self._do = partial(function, piece)
        self._reply = reply

    def is_done(self) -> bool:
        """Tells whether there is no reply to wait for."""
        return self._reply is None or self._reply.done()

    def take_back(self) -> bool:
        """Does it here and now, unless it is begun or done; whether it was."""
        if self._reply is None or not self._reply.cancel():
            return False
        self._reply = Future()
        try:
            self._reply.set_result((True, self._do()))
        except Exception:  # noqa: BLE001 - it is not due yet, and fails again when it is
            self._reply.set_result(NOT_DONE)
        return True

    def result(self) -> Result:
        """Waits for the result."""
        done, result = NOT_DONE if self._reply is None else self._reply.result()
        return result if done else self._do()


class _SecondProcess:
    """The process, and a thread that hands it one call after the other; it is not waited for when this process ends."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", "caseforge_assets.second_process.worker"]
        # Out of this one's group: Ctrl-C is for this one, and that one ends when its pipe does.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, pipesize=PIPE_BYTES
        )
        self._is_there: Future[bool] = Future()
        self._calls: SimpleQueue[tuple[Call, Future[Reply]]] = SimpleQueue()
        atexit.register(self._process.kill)
        Thread(target=self._talk, name="second process", daemon=True).start()

    def wait(self, wait_s: float) -> bool:
        """Tells whether it is there; it says so itself, and is not when it is dead."""
        try:
            return self._is_there.result(wait_s)
        except TimeoutError:
            return False

    def ask(self, call: Call) -> Future[Reply] | None:
        """The reply that will come; None while it is starting and when it is dead."""
        if not self.wait(0) or self._process.poll() is not None:
            return None
        reply: Future[Reply] = Future()
        self._calls.put((call, reply))
        return reply

    def _talk(self) -> None:
        self._is_there.set_result(self._converse() != NOT_DONE)
        while True:
            call, reply = self._calls.get()
            if reply.set_running_or_notify_cancel():
                reply.set_result(self._converse(call))

    def _converse(self, call: Call | None = None) -> Reply:
        """Waits for a reply, to a call if there is one; whatever goes wrong, it counts as not done."""
        try:
            if call is not None:
                send(call, self._process.stdin)
            reply: Reply = receive(self._process.stdout)
        except Exception:  # noqa: BLE001 - what cannot be pickled fails in many ways, and so does the pipe of a process that was killed
            return NOT_DONE
        return reply


def _second_process() -> _SecondProcess | None:
    return _second_process_of(os.getpid())  # a fork has no thread that talks to its parent's


@cache
def _second_process_of(_pid: int) -> _SecondProcess | None:
    try:
        return _SecondProcess() if _cpus() > 1 else None
    except OSError:  # no memory for it, or no more processes allowed
        return None


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
