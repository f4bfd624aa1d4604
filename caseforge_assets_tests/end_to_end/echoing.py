"""A Batch API server that repeats every secret it can get hold of, in every place and form: it stands before the local one and adds to what that says."""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from caseforge_assets_tests.http_servers import answered_by

HOP_BY_HOP = {"transfer-encoding", "connection", "content-length", "content-encoding", "date", "server"}


def forms(secret: str) -> list[str]:
    """A secret as it may be repeated; none of these may be found anywhere."""
    coded = [
        base64.b64encode(f"{before}{secret}{after}".encode()).decode() for before in ("", "u:", "us:", "use:") for after in ("", "!", "!!")
    ]
    found = [secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], secret.upper(), secret.encode().hex()]
    return list(dict.fromkeys([*found, *coded, base64.urlsafe_b64encode(secret.encode()).decode()]))


@dataclass
class Echo:
    """The secrets that are repeated, and the calls that came. With `refusing`, every call gets this status and nothing else."""

    secrets: tuple[str, ...] = ()
    base_url: str = ""
    refusing: int | None = None
    authorizations: set[str] = field(default_factory=set)
    refused_once: bool = False

    @property
    def text(self) -> str:
        """All forms of all secrets, and keys as providers show them."""
        shown = [f"Incorrect API key provided: {secret[:5]}****{secret[-5:]}." for secret in self.secrets]
        return " ".join([*shown, *(form for secret in self.secrets for form in forms(secret))])

    def error(self) -> bytes:
        """A refusal as OpenAI words it."""
        return json.dumps({"error": {"message": f"you sent {self.text}", "code": "invalid_request", "param": self.text}}).encode()


@contextmanager
def echoing(upstream: str) -> Iterator[Echo]:
    """Serves before another server while the block runs."""
    echo, there = Echo(), urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            echo.authorizations.add(self.headers.get("authorization", ""))
            if echo.refusing or self.path.startswith("/hook"):
                self._send(echo.refusing or 400, [("content-type", "application/json")], echo.error())
            elif self.command == "POST" and self.path == "/v1/batches" and not echo.refused_once:
                echo.refused_once = True
                self._send(400, [("content-type", "application/json")], echo.error())
            else:
                self._pass_on(body)

        def _pass_on(self, body: bytes) -> None:
            connection = http.client.HTTPConnection(there.hostname or "", there.port or 0)
            kept = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("host", "accept-encoding", "connection", "authorization")
            }
            kept |= {"authorization": "Bearer any"}  # as a proxy that lets people in by name and knows the key
            connection.request(self.command, self.path, body, kept)
            answer = connection.getresponse()
            content = answer.read()
            if self.path.endswith("/content"):
                content = _echoed_lines(content, echo.text)
            elif re.fullmatch(r"/v1/files/[^/?]+", self.path) and answer.status == 200:
                connection.request("GET", f"{self.path}/content", headers=kept)  # it has more than the server knows of
                lines = _echoed_lines(connection.getresponse().read(), echo.text)
                content = json.dumps(json.loads(content) | {"bytes": len(lines)}).encode()
            elif "/batches" in self.path:
                content = json.dumps(_echoed(json.loads(content), echo.text)).encode()
            headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
            self._send(answer.status, headers, content)
            connection.close()

        def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in [*headers, ("x-echo", echo.text), ("content-length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            pass

    with answered_by(Handler) as url:
        echo.base_url = f"{url}/v1"
        yield echo


def _echoed(value: Any, text: str) -> Any:
    """A batch, or a list of them, with more in it than was asked for."""
    if isinstance(value, dict) and value.get("object") == "batch":
        message = {"code": "odd", "message": text, "param": text, "line": None}
        return value | {"you_sent": {text: text}, "errors": {"object": "list", "data": [message]}}
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        return value | {"data": [_echoed(listed, text) for listed in value["data"]], "you_sent": text}
    return value


def _echoed_lines(content: bytes, text: str) -> bytes:
    """Result lines that repeat it: in a field of their own, in the answer and, in the first of them, as the error."""
    lines = [json.loads(line) for line in content.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        line["you_sent"] = text
        if number == 0:
            line["response"], line["error"] = None, {"code": "server_error", "message": text}
        elif line.get("response") and (choices := line["response"]["body"].get("choices")):
            answer = choices[0]["message"]["content"]
            if not answer.startswith("{"):
                choices[0]["message"]["content"] = f"{answer}\n\n{text}"
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
