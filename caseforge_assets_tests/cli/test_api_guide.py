"""The guide to the service: its commands work, one after the other, with curl and a token and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pandas
import pytest
from standardwebhooks import Webhook

from caseforge_assets_tests.cli.conftest import OpenCommandLine
from caseforge_assets_tests.http_servers import answered_by
from caseforge_assets_tests.workbench import SHOP
from docs.generate import FOLDER

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")]
PROGRAMS = Path(sys.executable).parent
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
ADDRESS, RECEIVER = "http://127.0.0.1:8321", "https://hooks.example.org/caseforge"


@contextmanager
def receiving() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A program that is told by a webhook: its address, and the messages that came."""
    messages: list[tuple[dict[str, str], bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append((dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    with answered_by(Receiver) as url:
        yield f"{url}/hook", messages


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A service that works, too, in processes of its own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "serve.log").open("w") as log:
        service = subprocess.Popen([PROGRAMS / "caseforge", "serve", "--work", "--port", str(port)], cwd=folder, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/readyz", service, folder / "serve.log")
        yield address
    finally:
        service.terminate()
        service.wait(30)


def until(condition: Callable[[], bool], patience_s: float = 30.0) -> None:
    """Waits until something is so."""
    end = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def _wait_for(url: str, service: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert service.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(log.read_text())


def test_the_whole_job_by_curl_alone(command_line: OpenCommandLine) -> None:
    folder = command_line('[service]\nwebhook_allow = ["127.0.0.0/8"]').folder
    pandas.DataFrame(SHOP, columns=["code", "id", "name", "description"]).to_excel(folder / "framework.xlsx", index=False)
    script = "set -eu\n" + "".join(BLOCK.findall((FOLDER / "api.md").read_text(encoding="utf-8")))
    assert ADDRESS in script
    assert RECEIVER in script
    with receiving() as (receiver, messages), serving(folder) as address:
        environment = os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        script = script.replace(ADDRESS, address).replace(RECEIVER, receiver)
        done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
        until(lambda: len(messages) >= 4)  # two batches were collected
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}\n{(folder / 'serve.log').read_text()[-3000:]}"
    sheets = pandas.read_excel(folder / "use-cases.xlsx", sheet_name=None)
    assert sum(len(sheet) for sheet in sheets.values()) > 20
    signed_by = Webhook(json.loads((folder / "webhook.json").read_text())["secret"])
    told = [signed_by.verify(body, {name.lower(): value for name, value in headers.items()}) for headers, body in messages]
    assert [message["type"] for message in told[:2]] == ["plan.waiting", "plan.approved"]
