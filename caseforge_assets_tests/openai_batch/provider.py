"""A provider that answers what it is told to, over real HTTP: for answers that no well-behaved server gives."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler

from caseforge_assets_tests.http_servers import answered_by

BATCH = {"id": "batch_1", "object": "batch", "status": "validating", "input_file_id": "file-1", "created_at": 1790705881}
FILE = {"id": "file-1", "object": "file", "filename": "caseforge-s.jsonl", "bytes": 3, "created_at": 1790705881}


@dataclass(frozen=True)
class Sent:
    """A call as it came: `GET /v1/batches?limit=100`, its headers by their names in small letters, its body."""

    call: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of an upload, the file's content among them."""
        message = message_from_bytes(b"content-type: " + self.headers["content-type"].encode() + b"\r\n\r\n" + self.body)
        parts = [part for part in message.walk() if not part.is_multipart()]
        return {str(part.get_param("name", header="content-disposition")): bytes(part.get_payload(decode=True)).decode() for part in parts}


@dataclass
class Provider:
    """Answers every call alike: status, body, its kind, and how many bytes more than that it announces.

    With `reset`, the connection is dropped in the middle of the body; with `stall_s`, half of it comes and the rest so much later. `answers` may
    say for a call, such as `GET /v1/batches?limit=100`, what status and body it gets; None is as all.
    """

    base_url: str = ""
    status: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    missing_bytes: int = 0
    reset: bool = False
    stall_s: float = 0.0
    retry_after_ms: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    answers: Callable[[str], tuple[int, object] | None] = lambda _call: None
    calls: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def refuse(self, status: int, message: str, code: str | None = None) -> None:
        """From now on, an error as OpenAI words it."""
        self.status, self.body = status, json.dumps({"error": {"message": message, "code": code}}).encode()


@contextmanager
def answering() -> Iterator[Provider]:
    """Serves while the block runs."""
    provider, stopped = Provider(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            provider.calls.append(call := f"{self.command} {self.path}")
            provider.keys.append(self.headers.get("authorization"))
            received = self.rfile.read(int(self.headers.get("content-length") or 0))
            provider.sent.append(Sent(call, {name.lower(): value for name, value in self.headers.items()}, received))
            own = provider.answers(call)
            status, body = (provider.status, provider.body) if own is None else (own[0], json.dumps(own[1]).encode())
            self.send_response(status)
            self.send_header("content-type", provider.content_type)
            self.send_header("content-length", str(len(body) + provider.missing_bytes))
            for name, value in provider.headers.items():
                self.send_header(name, value)
            if provider.retry_after_ms is not None:
                self.send_header("retry-after-ms", str(provider.retry_after_ms))
            self.end_headers()
            half = len(body) // 2
            self.wfile.write(body[:half])
            if provider.reset:
                self.wfile.flush()
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.connection.close()
                return
            if provider.stall_s:
                self.wfile.flush()
                stopped.wait(provider.stall_s)
            with suppress(OSError):  # a caller that has given up is what this is about
                self.wfile.write(body[half:])

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            pass

    with answered_by(Handler) as url:
        provider.base_url = f"{url}/v1"
        yield provider
        stopped.set()
