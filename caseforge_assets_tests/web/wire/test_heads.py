"""Heads of requests over a real connection: without end, slow, several on one connection."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import uvicorn

from caseforge_assets.web.wire import heads
from caseforge_assets.web.wire.heads import LARGEST_BYTES, BoundedHeads
from caseforge_assets_tests.http_servers import running, sizing_app

HEAD = b"POST /size HTTP/1.1\r\nHost: here\r\n"
PIECE = b"x" * 16_384


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setattr(heads, "HEAD_S", 0.5)
    configured = uvicorn.Config(sizing_app(), http=BoundedHeads, ws="none", log_level="critical", timeout_graceful_shutdown=1)
    with running(configured) as address:
        yield address


def answers(address: tuple[str, int], *pieces: bytes, pause_s: float = 0) -> bytes:
    """Sends pieces as long as they are taken, and takes what comes until the connection is closed."""
    answer = b""
    with socket.create_connection(address, timeout=20) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause_s)
        except OSError:  # closed meanwhile
            pass
        try:
            while piece := connection.recv(65_536):
                answer += piece
        except OSError:
            pass
    return answer


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD + b"X-Long: ", *[PIECE] * 40),
        (HEAD, *[b"X-Many: " + PIECE + b"\r\n"] * 40),
        (b"GET /", *[PIECE] * 40),
        (b"\r\n" * 8_192,) * 40,
    ],
    ids=["one header", "many headers", "an address", "empty lines"],
)
def test_a_head_without_end_is_refused(address: tuple[str, int], pieces: tuple[bytes, ...]) -> None:
    answer = answers(address, *pieces, pause_s=0.002)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431"), answer  # what was not read when it was closed may take the refusal with it


def test_headers_without_end_behind_a_body_are_refused(address: tuple[str, int]) -> None:
    sent = []

    def trailers() -> Iterator[bytes]:
        yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n"
        for number in range(400):
            sent.append(number)
            yield b"X-Many: " + PIECE + b"\r\n"

    assert not answers(address, *trailers(), pause_s=0)
    assert answers(address, HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n4\r\nfour\r\n0\r\nX-One: a\r\n\r\n").endswith(
        b"4"
    )


def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(address: tuple[str, int]) -> None:
    """Neither is one of which a byte comes now and then, nor the second one of a connection."""
    whole = HEAD + b"Content-Length: 4\r\n\r\nfour"
    assert answers(address) == b""
    assert answers(address, *[HEAD[place : place + 1] for place in range(30)], pause_s=0.05) == b""
    second = answers(address, whole, *[HEAD[place : place + 1] for place in range(30)], pause_s=0.05)
    assert second.count(b"HTTP/1.1 200") == 1


def test_what_fits_is_answered(address: tuple[str, int]) -> None:
    large = b"Content-Length: %d\r\n\r\n" % (40 * len(PIECE))
    first = HEAD + b"X-Long: " + b"x" * (LARGEST_BYTES - 500) + b"\r\n" + large
    last = HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n"
    answer = answers(address, first, *[PIECE] * 40, HEAD + b"Content-Length: 4\r\n\r\nfour" + last)
    assert answer.count(b"HTTP/1.1 200") == 3
    assert b"655360" in answer
