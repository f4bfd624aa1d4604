"""Bodies, headers and forms that no client of good will sends: refused while they come, and the server goes on."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from caseforge_assets.batch_server import RunningServer, serve_in_thread
from caseforge_assets.batch_server.limits import Limits
from caseforge_assets.batch_server.request_body import MOST_DEPTH, parsed_object

KEY = {"Authorization": "Bearer any"}
MEBIBYTE = 1 << 20
CALLS = ["/batches", "/chat/completions"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """With small limits, so that little is enough."""
    limits = Limits(json_body_bytes=MEBIBYTE, file_bytes=2 * MEBIBYTE, body_grace_s=1.0, body_bytes_per_s=1_000_000)
    with serve_in_thread(tmp_path_factory.mktemp("server"), limits=limits) as running:
        yield running


@pytest.fixture(autouse=True)
def _goes_on(server: RunningServer) -> Iterator[None]:
    yield
    assert httpx2.get(f"{server.base_url}/models", headers=KEY, trust_env=False).status_code == 200


def connected(server: RunningServer, *lines: str) -> socket.socket:
    parts = urlsplit(server.base_url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=20)
    head = [*lines, f"Host: {parts.netloc}", "Authorization: Bearer any", "Content-Type: application/json", "", ""]
    connection.sendall("\r\n".join(head).encode())
    return connection


def status(connection: socket.socket) -> int:
    said = b""
    while b"\r\n" not in said and (more := connection.recv(4_096)):
        said += more
    return int(said.split()[1]) if said else 0


def pieces(count: int, size: int = MEBIBYTE) -> Iterator[bytes]:
    for _ in range(count):
        yield b" " * size


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(server: RunningServer, call: str, chunked: bool) -> None:
    content = pieces(8) if chunked else b" " * 8 * MEBIBYTE
    answer = httpx2.post(f"{server.base_url}{call}", content=content, headers=KEY, trust_env=False, timeout=30)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "body_too_large"


def test_a_body_up_to_the_limit_is_read(server: RunningServer) -> None:
    body = json.dumps({"model": "gpt-5", "messages": [{"role": "user", "content": "x" * (MEBIBYTE - 100)}]})
    assert httpx2.post(f"{server.base_url}/chat/completions", content=body, headers=KEY, trust_env=False).status_code == 200


def sent_bytes(connection: socket.socket, piece: bytes, most_bytes: int) -> int:
    """Counts the bytes that a server takes until it hangs up."""
    sent = 0
    while sent < most_bytes:
        try:
            connection.sendall(piece)
        except OSError:
            break
        sent += len(piece)
    return sent


def test_what_is_said_of_the_size_is_not_believed(server: RunningServer) -> None:
    with connected(server, "POST /v1/batches HTTP/1.1", f"Content-Length: {1 << 50}") as connection:
        assert sent_bytes(connection, b" " * MEBIBYTE, 300 * MEBIBYTE) < 200 * MEBIBYTE


@pytest.mark.parametrize("call", ["/batches", "/files", "/models", "/nothing"])
def test_a_stream_without_end_is_ended(server: RunningServer, call: str) -> None:
    with connected(server, f"POST /v1{call} HTTP/1.1", "Transfer-Encoding: chunked", *_form(call)) as connection:
        piece = b"100000\r\n" + b" " * MEBIBYTE + b"\r\n"
        assert sent_bytes(connection, piece, 300 * MEBIBYTE) < 200 * MEBIBYTE


@pytest.mark.parametrize("call", [*CALLS, "/files"])
def test_a_body_that_trickles_is_not_waited_for(server: RunningServer, call: str) -> None:
    began = time.monotonic()
    with connected(server, f"POST /v1{call} HTTP/1.1", "Content-Length: 1000", *_form(call)) as connection:
        connection.settimeout(0.1)
        if call == "/files":
            connection.sendall(b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n')
        answered = 0
        while not answered and time.monotonic() - began < 15:
            connection.sendall(b"{")
            try:
                answered = status(connection)
            except TimeoutError:
                continue
    assert answered == 408
    assert time.monotonic() - began < 10


def _form(call: str) -> list[str]:
    return ["Content-Type: multipart/form-data; boundary=x"] if call == "/files" else []


@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 900, 100_000])
@pytest.mark.parametrize("call", CALLS)
def test_json_that_is_nested_deeply_is_no_json(server: RunningServer, call: str, depth: int) -> None:
    nested = '{"a":' * depth + "1" + "}" * depth
    body = f'{{"model": "gpt-5", "messages": [{{"role": "user", "content": {nested}}}], "input_file_id": {nested}}}'
    answer = httpx2.post(f"{server.base_url}{call}", content=body[: MEBIBYTE - 1], headers=KEY, trust_env=False)
    assert answer.status_code == 400


def test_lists_are_nested_as_deeply_as_objects() -> None:
    assert parsed_object(b'{"a": ' + b"[" * (MOST_DEPTH - 2) + b"]" * (MOST_DEPTH - 2) + b"}") is not None
    assert parsed_object(b'{"a": ' + b"[" * MOST_DEPTH + b"]" * MOST_DEPTH + b"}") is None
    assert parsed_object(b"[]") is None


def test_headers_without_end_are_refused(server: RunningServer) -> None:
    lines = [f"X-Header-{number}: {'x' * 100}" for number in range(2_000)]
    with connected(server, "GET /v1/models HTTP/1.1", *lines) as connection:
        assert status(connection) in (0, 400, 431)


@pytest.mark.parametrize("calls_before", [0, 1])
def test_headers_that_trickle_are_not_waited_for(server: RunningServer, calls_before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caseforge_assets.batch_server.server.HEADERS_S", 0.5)
    parts = urlsplit(server.base_url)
    began = time.monotonic()
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        for _ in range(calls_before):
            connection.sendall(f"GET /v1/_caseforge/stats HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
            assert status(connection) == 200
        piece = b"GET /v1/models HTTP/1.1\r\nX-Slow: "
        while time.monotonic() - began < 10:
            try:
                connection.sendall(piece)
            except OSError:
                break
            piece = b"x"
            time.sleep(0.05)
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("part", ['name="field{}"', 'name="file"; filename="{}.jsonl"'])
def test_a_form_of_very_many_parts_is_refused(server: RunningServer, part: str) -> None:
    parts = "".join(f"--x\r\nContent-Disposition: form-data; {part.format(number)}\r\n\r\nv\r\n" for number in range(1_000))
    headers = {**KEY, "Content-Type": "multipart/form-data; boundary=x"}
    answer = httpx2.post(f"{server.base_url}/files", content=f"{parts}--x--\r\n", headers=headers, trust_env=False)
    assert answer.status_code == 400
