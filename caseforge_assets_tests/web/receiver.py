"""A program that listens to webhooks, for tests: keeps what comes, and answers as it is told."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LOOPBACK = ("127.0.0.0/8",)


class Receiver(ThreadingHTTPServer):
    """Somebody who listens: keeps what comes, and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], str]] = []
        self.answer: Callable[[Any], None] = lambda handler: answered(handler, 204)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook/of-a-rather-secret-name"

    def speak_tls(self, certificate: Path) -> None:
        """Answers over TLS from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = self.url.replace("http://127.0.0.1", "https://localhost")


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))  # type: ignore[attr-defined]
        self.server.answer(self)  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Nothing."""


def answered(handler: Any, status: int, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("content-length", "0")
    handler.end_headers()


OPENSSL = shutil.which("openssl")


def certified(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate with its key for a name, and that of the authority that signed it: one of our own."""
    assert OPENSSL is not None
    authority, key, own = (folder / f"{name}-{part}.pem" for part in ("authority", "authority-key", "own"))
    new = [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([*new, "-subj", "/CN=Authority", "-keyout", key, "-out", authority], check=True, capture_output=True)
    named = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run([*new, "-CA", authority, "-CAkey", key, *named, "-keyout", own, "-out", f"{own}.crt"], check=True, capture_output=True)
    own.write_text(own.read_text() + Path(f"{own}.crt").read_text())
    return own, authority
