"""Heads of requests: bounded in size and in time, before there is a request that anything else could refuse.

The server has no bounds of its own: whoever sends one header without end, or a byte now and then, would be given memory and a connection for as long as they like.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_BYTES = 64 << 10  # of a head, or of the headers behind a body; somewhat more where it comes in one piece
HEAD_S = 20.0
_SAYS = b"The head of this request is too large."
_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(_SAYS), _SAYS)
)


class BoundedHeads(HttpToolsProtocol):
    """A connection that is closed when a head is too large (431), or does not come to its end in time."""

    _unread_bytes = 0  # since the last end of a head, or the last piece of a body
    _is_in_head = True
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Waits for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no more."""
        super().connection_lost(exc)
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        """Reads, and counts what is read."""
        self._unread_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unread_bytes > LARGEST_BYTES:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_REFUSAL)
            self.transport.close()
        elif self._is_in_head:
            self._wait()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        """The head is there."""
        super().on_headers_complete()
        self._is_in_head, self._unread_bytes = False, 0
        self._stop_waiting()

    def on_body(self, body: bytes) -> None:
        """A piece of a body, which others bound."""
        super().on_body(body)
        self._unread_bytes = 0

    def on_message_complete(self) -> None:
        """Counts anew: what comes now is of the next request."""
        super().on_message_complete()
        self._unread_bytes = 0

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
