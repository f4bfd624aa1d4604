"""Bodies over a real connection: too large, too slow, never ending."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.types import Scope

from caseforge_assets.web.portal.shared.problems import problem_page
from caseforge_assets.web.wire.bodies import MEBIBYTE, BoundedBodies, Largest
from caseforge_assets.web.wire.problems import answer_with_problems
from caseforge_assets_tests.http_servers import running, sizing_app


async def one_mebibyte(_scope: Scope) -> Largest:
    return Largest(MEBIBYTE)


@contextmanager
def bounded() -> Iterator[tuple[str, int]]:
    app = sizing_app()
    answer_with_problems(app, problem_page)
    with running(uvicorn.Config(BoundedBodies(app, one_mebibyte, pause_s=0.3), log_level="critical")) as address:
        yield address


def exchange(address: tuple[str, int], headers: str, *pieces: bytes) -> bytes:
    """Sends a request as it stands, and takes what comes until the answer is there."""
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(f"POST /size HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{headers}\r\n\r\n".encode())
        try:
            for piece in pieces:
                connection.sendall(piece)
        except OSError:  # refused meanwhile
            pass
        answer = b""
        try:
            while piece := connection.recv(65_536):
                answer += piece
        except OSError:
            pass
        return answer


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with bounded() as found:
        yield found


def test_a_body_that_fits_is_read(address: tuple[str, int]) -> None:
    assert exchange(address, "Content-Length: 4", b"four").endswith(b"4")


def test_what_says_that_it_is_too_large_is_not_read(address: tuple[str, int]) -> None:
    assert exchange(address, f"Content-Length: {MEBIBYTE + 1}").startswith(b"HTTP/1.1 413")


def test_what_turns_out_to_be_too_large_is_cut_off(address: tuple[str, int]) -> None:
    piece = b"%x\r\n%s\r\n" % (1 << 16, b"x" * (1 << 16))
    assert exchange(address, "Transfer-Encoding: chunked", *[piece] * 32).startswith(b"HTTP/1.1 413")


def test_what_comes_too_slowly_is_cut_off(address: tuple[str, int]) -> None:
    answer = exchange(address, "Content-Length: 1000", b"a bit")  # and nothing more
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in answer
