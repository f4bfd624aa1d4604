"""Messages between a process and the one that it has started: calls and replies, each with its size before it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import IO, Any

Call = tuple[Callable[[Any], Any], Any]
Reply = tuple[bool, Any]

READY: Reply = (True, None)
NOT_DONE: Reply = (False, None)
SIZE_BYTES = 8


def send(message: object, outgoing: IO[bytes] | None) -> None:
    """Sends a message, its size before it: read in small parts, it would wait for the interpreter's lock at each of them."""
    if outgoing is None:
        raise BrokenPipeError
    packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    outgoing.write(len(packed).to_bytes(SIZE_BYTES, "big"))
    outgoing.write(packed)
    outgoing.flush()


def receive(incoming: IO[bytes] | None) -> Any:
    """Waits for a message.

    Raises:
        EOFError: the other side has ended.
    """
    if incoming is None:
        raise EOFError
    size = int.from_bytes(incoming.read(SIZE_BYTES), "big")
    packed = incoming.read(size)
    if not size or len(packed) < size:
        raise EOFError
    return pickle.loads(packed)  # noqa: S301 - one of the two has started the other
