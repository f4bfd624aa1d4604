"""Receivers of alerts in tests: a real SMTP server and a real webhook, both on this machine, and what reached them."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from caseforge_assets_tests.http_servers import answered_by

PASSWORD, TOKEN = "s3cret-Passw0rd", "hook-t0ken-9f8e7d"


@dataclass
class People:
    """A mailbox and a webhook: their addresses, what they got, and whether they take anything at the moment."""

    mail_url: str = ""
    hook_url: str = ""
    mails: list[tuple[str, str]] = field(default_factory=list)
    hooks: list[tuple[str, str]] = field(default_factory=list)
    hook_status: int = 200

    @property
    def urls(self) -> str:
        """As they stand in CASEFORGE_ALERT_URLS."""
        return f"{self.mail_url} {self.hook_url}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        body = message.get_body(("plain", "html"))
        self.mails.append((str(message["subject"]), body.get_content() if body else ""))
        return "250 OK"


@contextmanager
def reachable_people() -> Iterator[People]:
    """People who can be reached as long as the block lasts."""
    people = People()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if people.hook_status == 200:
                people.hooks.append((said["title"], said["message"]))
            self.send_response(people.hook_status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    mail_loop, mail_port = _start_mail_server(people)
    people.mail_url = f"mailto://forge:{PASSWORD}@127.0.0.1:{mail_port}?from=forge@example.test&to=ops@example.test&mode=insecure"
    try:
        with answered_by(Hook) as url:
            people.hook_url = f"json://{url.removeprefix('http://')}/{TOKEN}"
            yield people
    finally:
        mail_loop.call_soon_threadsafe(mail_loop.stop)


def _start_mail_server(people: People) -> tuple[asyncio.AbstractEventLoop, int]:
    """An SMTP server on any free port, in a loop of its own that stops when it is told to."""
    accepts = AuthResult(success=True)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(people, authenticator=lambda *_: accepts, auth_require_tls=False, loop=loop), "127.0.0.1", 0)
    )

    def serve() -> None:
        loop.run_forever()
        server.close()
        loop.close()

    threading.Thread(target=serve, daemon=True).start()
    return loop, server.sockets[0].getsockname()[1]
