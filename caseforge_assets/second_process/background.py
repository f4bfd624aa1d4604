"""One call in a process of its own, at low priority: what takes long and nobody waits for leaves this one free to answer others."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from caseforge_assets.second_process.messages import NOT_DONE, Reply, receive, send

Argument = TypeVar("Argument")
Result = TypeVar("Result")

NICENESS = 10


def in_background(function: Callable[[Argument], Result], argument: Argument) -> Result:
    """Calls a function there, and waits for its result. Where the process cannot be started or dies, the function is called here.

    Args:
        function: can be pickled, as its argument and result can.

    Raises:
        Exception: whatever the function raises.
    """
    done, result = _ask(function, argument)
    return result if done else function(argument)


def _ask(function: Callable[[Argument], Result], argument: Argument) -> Reply:
    command = [sys.executable, "-P", "-m", "caseforge_assets.second_process.background"]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
            atexit.register(process.kill)  # should this one end before it, in another thread
            try:
                send((function, argument), process.stdin)
                reply: Reply = receive(process.stdout)
            finally:
                atexit.unregister(process.kill)
                process.kill()
    except (OSError, EOFError):  # no memory for it, or it was killed
        return NOT_DONE
    return reply


def _answer_one() -> None:
    """As the other side: one call, and its result."""
    replies = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a function prints must not come between
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    function, argument = receive(sys.stdin.buffer)
    try:
        reply: Reply = (True, function(argument))
    except Exception:  # noqa: BLE001 - who asked calls it again, and sees how it fails
        reply = NOT_DONE
    send(reply, replies)


if __name__ == "__main__":
    with suppress(BrokenPipeError, EOFError):  # who asked has ended
        _answer_one()
