"""Runs as the second process: functions come in, results go out, until nobody is there any more to ask.

Started by `work_ahead`, with `python -m`: nothing of the program that started it is run again.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from typing import IO

from caseforge_assets.costs.estimates import count_tokens
from caseforge_assets.second_process.messages import NOT_DONE, READY, Reply, receive, send
from caseforge_assets.settings.environment import read_environment
from caseforge_assets.stages.discovery import all_as_they_come


def answer_calls(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Says that it is ready; then calls each function with its argument and replies with the result.

    Where a function fails, the reply is `NOT_DONE`: who asked calls it again, and sees how it fails.

    Args:
        incoming: pairs of a function and its argument.
        outgoing: a reply for each.
    """
    send(READY, outgoing)
    while True:
        try:
            function, argument = receive(incoming)
        except EOFError:  # who asked has ended
            return
        try:
            reply: Reply = (True, function(argument))
        except Exception:  # noqa: BLE001 - see above
            reply = NOT_DONE
        send(reply, outgoing)


if __name__ == "__main__":
    replies = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a function prints must not come between
    read_environment()  # what is secret is masked here, too, should anything be logged
    all_as_they_come()
    count_tokens("what most functions need is loaded now")
    gc.freeze()  # and stays: it need not be looked through again and again
    with suppress(BrokenPipeError):  # who asked has ended, perhaps before this was ready
        answer_calls(sys.stdin.buffer, replies)
