"""Asks the application for pages, in this process and without a network, as a reader of one framework."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.types import Message

from caseforge_assets.access.roles import Caller, Grant, Role
from caseforge_assets.web.access.callers import caller_of
from caseforge_assets.web.app import make_app
from caseforge_assets.web.service import Service

READER = "a copy"


def app_for_reader(service: Service, key: str) -> FastAPI:
    """The application, to which everybody is one who may read a framework and do nothing else."""
    app = make_app(service)
    app.dependency_overrides[caller_of] = lambda: Caller(READER, (Grant(Role.reader, key),))
    return app


async def ask_page(app: FastAPI, address: str) -> tuple[int, bytes, str]:
    """Status, body, and, of an answer that leads elsewhere, where."""
    parts = urlsplit(address)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"accept", b"text/html")],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    status, body, place = 0, bytearray(), ""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, place
        if message["type"] == "http.response.start":
            status = message["status"]
            place = dict(message["headers"]).get(b"location", b"").decode()
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(scope, receive, send)
    return status, bytes(body), place
