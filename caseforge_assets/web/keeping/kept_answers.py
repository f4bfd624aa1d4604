"""Answers and pages that are kept until anything changes, and given again to the same program or browser that asks the same. Nothing depends on their being here.

Whether they still hold is looked up for each request, together with its token or session; so several processes keep their own, and none gives what another has changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caseforge_assets.store.database.engine import StoreUnavailable
from caseforge_assets.web.access.callers import caller_of_session, shown_by
from caseforge_assets.web.keeping.etags import KEEP, matches
from caseforge_assets.web.keeping.looks import SEEN, Seen, Shown
from caseforge_assets.web.service import Service

LARGEST = 2 * 1024 * 1024
_OF_NOBODY = ("/static/", "/healthz", "/readyz", "/metrics", "/docs", "/sign-in", "/webhooks/")  # whoever asks is answered alike
_OF_BODIES = (b"content-length", b"content-type", b"content-encoding")
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as it went out, with the state that it was made in."""

    state: str
    tag: str
    start: Message
    body: bytes
    route: Any

    @property
    def size(self) -> int:
        return len(self.body) + 1_000


class KeptAnswers:
    """Middleware: gives what is kept, and keeps what endpoints say holds until something changes."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        """Takes the application."""
        self._app, self._service = app, service
        self._most = service.settings.configuration.service.kept_answers_mb * 1024 * 1024
        self._kept: OrderedDict[Key, _Answer] = OrderedDict()
        self._size, self._lock = 0, threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or has the application answer."""
        shown = self._shown(scope)
        seen = None if shown is None else await self._look(shown)
        who = None if seen is None or shown is None else self._who(seen, shown)
        if seen is None or who is None:
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})[SEEN] = seen
        headers = Headers(scope=scope)
        key, state = _key(scope, headers, who), f"{self._service.described} {seen.state}"
        answer = self._find(key, state)
        if answer is None:
            await self._app(scope, receive, self._keeping(scope, send, key, state) if self._most else send)
            return
        scope["route"] = answer.route
        if matches(headers.get("if-none-match"), answer.tag):
            headers_then = [(name, value) for name, value in answer.start["headers"] if name not in _OF_BODIES]
            await send({"type": "http.response.start", "status": 304, "headers": headers_then})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({**answer.start, "headers": list(answer.start["headers"])})  # others add to them
        await send({"type": "http.response.body", "body": answer.body})

    def _shown(self, scope: Scope) -> Shown | None:
        """Gives what a request that reads shows of who calls: a program's token, or a browser's session."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].startswith(_OF_NOBODY):
            return None
        return shown_by(Request(scope), self._service)

    def _who(self, seen: Seen, shown: Shown) -> Key | None:
        """Says who calls, with all rights that an answer may depend on; None: what is shown does not hold."""
        if not shown.is_session:
            token = seen.tokens.get(shown.digest)
            return None if token is None else ("token", token.id)
        session = seen.sessions.get(shown.digest)
        caller = None if session is None else caller_of_session(self._service, session)
        return None if session is None or caller is None else ("session", session.row.id, caller)

    async def _look(self, shown: Shown) -> Seen | None:
        try:
            return await self._service.looks.look(shown)
        except StoreUnavailable:
            return None  # the application says so

    def _find(self, key: Key, state: str) -> _Answer | None:
        with self._lock:
            answer = self._kept.get(key)
            if answer is None or answer.state != state:
                return None
            self._kept.move_to_end(key)
            return answer

    def _keeping(self, scope: Scope, send: Send, key: Key, state: str) -> Send:
        start: Message | None = None
        pieces: list[bytes] = []

        async def keep(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = {**message, "headers": list(message["headers"])} if scope["state"].get(KEEP) and message["status"] == 200 else None
            elif start is not None:
                pieces.append(message.get("body", b""))
                if not message.get("more_body", False):
                    self._keep(key, _Answer(state, scope["state"][KEEP], start, b"".join(pieces), scope.get("route")))
            await send(message)

        return keep

    def _keep(self, key: Key, answer: _Answer) -> None:
        if answer.size > min(LARGEST, self._most):
            return
        with self._lock:
            before = self._kept.pop(key, None)
            self._size += answer.size - (before.size if before else 0)
            self._kept[key] = answer
            while self._size > self._most:
                self._size -= self._kept.popitem(last=False)[1].size


def _key(scope: Scope, headers: Headers, who: Key) -> Key:
    """All that an answer depends on but the state: what is asked for, by whom, how it may be packed."""
    packed = "gzip" in headers.get("accept-encoding", "")
    return scope["path"], scope["query_string"], who, packed, headers.get("accept", "")
