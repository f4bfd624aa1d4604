"""Measures the time from a provider's webhook until the documents can be read over HTTP: `python -m benchmarks.webhook_latency [NODES …]`.

Processes as a user has them: `caseforge serve --work`, and a local server that bills (another one answers for it) and tells of the end of each batch. The interval of looks
is an hour, so that nothing but a message brings the answers.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.ports import free_port
from caseforge_assets.batch_server import serve_in_thread
from caseforge_assets.store.database.embedded_postgres import stop

PATIENCE_S = 300.0
CONFIGURATION = "poll_interval_s = 3600\nquiet_period_s = 0\nbudget_usd = 1000\n"
CASEFORGE = (sys.executable, "-m", "caseforge_assets.cli")


def main() -> None:
    """Measures for each number of nodes and prints a line."""
    for nodes in [int(text) for text in sys.argv[1:]] or [20, 500]:
        with TemporaryDirectory(prefix="caseforge-webhook-") as folder:
            print(measure(Path(folder), nodes), flush=True)


def measure(folder: Path, nodes: int) -> str:
    """One project, from its plan to its documents."""
    secret, port = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(), free_port()
    with ExitStack() as stack:
        answering = stack.enter_context(serve_in_thread(folder / "answering"))
        options: dict[str, Any] = {"upstream": answering.base_url, "upstream_key": "any", "upstream_concurrency": 16, "latency_s": 3.0}
        options |= {"webhook": f"http://127.0.0.1:{port}/webhooks/openai", "webhook_secret": secret}
        told = stack.enter_context(serve_in_thread(folder / "server", **options))
        project = folder / "project"
        project.mkdir()
        (project / "caseforge.toml").write_text(CONFIGURATION)
        environment = os.environ | {
            "CASEFORGE_PROJECT": str(project),
            "CASEFORGE_HOME": str(project / "var"),
            "OPENAI_BASE_URL": told.base_url,
            "OPENAI_API_KEY": "7Hq2v9TzXw4LmN8pRk3Yb",
            "OPENAI_WEBHOOK_SECRET": secret,
        }
        stack.callback(stop, project / "var")
        _run(environment, "load", str(_table(folder / "shop.csv", nodes)), "--framework", "shop")
        token = _run(environment, "tokens", "create", "watcher", "--role", "reader").split()[-1]
        plan = json.loads(_run(environment, "plan", "--framework", "shop", "--stage", "process_details", "--keep", "--json"))["plan"]
        stack.enter_context(_serving(environment, port))
        _run(environment, "approve", str(plan))
        return _watch(f"http://127.0.0.1:{port}/api/v1", token, nodes)


def _watch(api: str, token: str, nodes: int) -> str:
    """Times are those of the wall: when the message came is when the wish for the batch was asked for."""
    end = time.monotonic() + PATIENCE_S
    readable = None
    while readable is None:
        if time.monotonic() > end:
            raise TimeoutError("no documents")
        found = _get(f"{api}/frameworks/shop/documents?stage=process_details&limit=1", token)
        readable = time.time() if found["items"] else None
        time.sleep(0.02)
    while not (done := _get(f"{api}/events?kind=batch.collected", token)["items"]):
        time.sleep(0.02)
    (run,) = [run for run in _get(f"{api}/runs", token)["items"] if run["wish"] == "collect"]
    came = _seconds(run["asked_at"])
    return f"{nodes:,} nodes: first document readable {readable - came:.2f} s after the message, batch collected after {_seconds(done[0]['happened_at']) - came:.2f} s"


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


def _get(url: str, token: str) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@contextmanager
def _serving(environment: dict[str, str], port: int) -> Iterator[None]:
    process = subprocess.Popen([*CASEFORGE, "serve", "--work", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                break
            except OSError:  # it listens before it answers
                if time.monotonic() > end or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run([*CASEFORGE, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"caseforge {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def _table(path: Path, nodes: int) -> Path:
    lines = ["code,id,name,description", '"1","a","Sell","Finds customers and serves them."']
    lines += [f'"1.{number}","c{number}","Offer {number}","Makes offer {number}."' for number in range(1, nodes + 1)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
