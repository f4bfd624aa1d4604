"""What runs in the second process: functions come in, results go out, until nobody is there any more to ask.

Started by `work_ahead`, with `python -m`: nothing of the program that started it is run again.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from typing import IO, Any

from caseforge_assets.costs.estimates import count_tokens
from caseforge_assets.stages.stage import all_stages

Question = tuple[Callable[[Any], Any], Any]
Reply = tuple[bool, Any]


def answer_questions(incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Calls each function with its argument and replies; (False, None) where it fails: who asked does it again, and sees how.

    Args:
        incoming: pickled pairs of a function and its argument.
        outgoing: a pickled reply for each.
    """
    while True:
        try:
            function, argument = pickle.load(incoming)  # noqa: S301 - from the process that started this one
        except EOFError:  # it has ended
            return
        try:
            reply: Reply = (True, function(argument))
        except Exception:  # noqa: BLE001 - see above
            reply = (False, None)
        outgoing.write(pickle.dumps(reply, pickle.HIGHEST_PROTOCOL))
        outgoing.flush()


def get_ready(_: None) -> None:
    """Loads what most functions need."""
    all_stages()
    count_tokens("ready")


if __name__ == "__main__":
    results = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a function prints must not come between
    answer_questions(sys.stdin.buffer, results)
