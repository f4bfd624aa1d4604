"""A second process that works ahead: it computes what comes next while this one waits for the database and writes.

Only pure functions are given to it: it has no database and no provider, so that nothing is lost or done twice whenever it dies. What
it could not do is done here. It starts in the background, is used from when it is there, and ends with this process.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

from caseforge_assets.commands.second_process import Question, Reply, get_ready

Kept = TypeVar("Kept")
Piece = TypeVar("Piece")
Result = TypeVar("Result")

PIECES_AHEAD = 2
NOT_DONE: Reply = (False, None)


def work_ahead(
    function: Callable[[Piece], Result], pieces: Iterable[tuple[Kept, Piece]], *, ahead: bool = True
) -> Iterator[tuple[Kept, Result]]:
    """Applies a function to pieces, in their order, most of them in the second process.

    Args:
        function: can be pickled, as pieces and results can, and uses nothing but its argument.
        pieces: each with something that stays here. With `ahead`, a few are taken before the first result is given.
        ahead: False does everything here, a piece at a time: where there is little to do, or what is used is only in this process.

    Raises:
        Exception: whatever the function raises, when the result of that piece is due.
    """
    second = _second_process() if ahead and _cpus() > 1 else None
    waiting: deque[tuple[Kept, Piece, Future[Reply] | None]] = deque()
    for kept, piece in pieces:
        # The first one is due at once: it is done here, while the second process does the next one.
        reply = second.ask(function, piece) if second and waiting else None
        waiting.append((kept, piece, reply))
        if second is None or len(waiting) > PIECES_AHEAD:
            yield _result(function, *waiting.popleft())
    while waiting:
        yield _result(function, *waiting.popleft())


def start_second_process() -> None:
    """Starts the second process and waits until it is there; `work_ahead` starts it without waiting."""
    _second_process().ready.result()


def _result(function: Callable[[Piece], Result], kept: Kept, piece: Piece, reply: Future[Reply] | None) -> tuple[Kept, Result]:
    done, result = NOT_DONE if reply is None else reply.result()
    return kept, result if done else function(piece)


class _SecondProcess:
    """The process, and the thread that talks to it."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "second process")
        self._process: subprocess.Popen[bytes] | None = None
        self.ready = self._thread.submit(self._start)

    def ask(self, function: Callable[[Any], Any], piece: Any) -> Future[Reply] | None:
        """The reply that will come; None while the process is starting, and when it is dead."""
        return self._thread.submit(self._talk, (function, piece)) if self.ready.done() and self._process is not None else None

    def _start(self) -> None:
        command = [sys.executable, "-m", "caseforge_assets.commands.second_process"]
        # Out of this one's group: Ctrl-C is for this one, and that one ends when its pipe does.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        atexit.register(self._end)
        self._talk((get_ready, None))

    def _talk(self, question: Question) -> Reply:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return NOT_DONE
        try:
            self._process.stdin.write(pickle.dumps(question, pickle.HIGHEST_PROTOCOL))
            self._process.stdin.flush()
            reply: Reply = pickle.load(self._process.stdout)  # noqa: S301 - from the process that was started here
        except (OSError, EOFError, pickle.PickleError):  # somebody killed it
            self._end()
            return NOT_DONE
        return reply

    def _end(self) -> None:
        if (process := self._process) is not None:
            self._process = None
            process.kill()
            process.communicate()


@cache
def _second_process() -> _SecondProcess:
    return _SecondProcess()


def _cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
