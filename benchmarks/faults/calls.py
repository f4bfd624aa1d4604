"""The service, killed while it answers: `serve` ends itself with SIGKILL at a named moment, another one is started, and the same call is made again, as who got no answer does."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

from standardwebhooks import Webhook

from benchmarks.faults import databases
from benchmarks.faults.hook import Moment
from benchmarks.faults.rows import Case, NotInjected, Row, each, judged
from benchmarks.faults.world import KEY, PATIENCE_S, WEBHOOK_SECRET, Project, World
from benchmarks.ports import free_port

NODES = 5
APPROVE, MESSAGE = "approve over HTTP", "webhook"
CALLS = {APPROVE: (("commit idempotency.answer", 1), ("commit idempotency.answer", 2)), MESSAGE: (("commit take_message.take_message", 1),)}
OPERATIONS = tuple(operation for operations in CALLS.values() for operation in operations)
MOMENTS = tuple(
    (what, Moment(when, *operation)) for what, operations in CALLS.items() for operation in operations for when in ("before", "after")
)
SHORT = ((APPROVE, Moment("after", "commit idempotency.answer", 2)), (MESSAGE, Moment("before", "commit take_message.take_message")))
ONCE = {
    APPROVE: (
        "select count(*) from caseforge.plan",
        "select count(*) from caseforge.plan_change where change = 'approved'",
        "select count(*) from caseforge.audit_entry where action = 'plan.approved'",
        "select count(*) from caseforge.event where kind = 'plan.approved'",
        "select count(*) from caseforge.work_wish where wish = 'submit'",
    ),
    MESSAGE: ("select count(*) from caseforge.webhook_message", "select count(*) from caseforge.work_wish where wish = 'collect'"),
}


def kill_call(world: World, what: str, moment: Moment) -> Row:
    """Kills the service at a moment of a call, makes the call again, and brings what follows from it to its end.

    Raises:
        NotInjected: the moment never came.
    """
    began = time.monotonic()
    with world.project(f"loaded_{NODES}" if what == APPROVE else f"pending_{NODES}") as project, project.served():
        call = _approval(project) if what == APPROVE else _message(project)
        with _serving(project, fatal=[moment.when, moment.operation, moment.nth]) as (address, pid):
            with suppress(OSError):  # who is killed does not answer
                call(address)
            killed = project.wait(pid)
        if not killed.killed:
            raise NotInjected(f"{what}, {moment}: ended with {killed.status}: {killed.output}{killed.errors}")
        with _serving(project) as (address, pid):
            call(address)
            project.forks.stop(pid)
        often = [(query, databases.scalar(project.database_url, query)) for query in ONCE[what]]
        wrong = [f"{count} times, not once: {query}" for query, count in often if count != 1]
        return judged(_name(what, moment), project, [project.run("submit", "--wait")], began, also=wrong)


@contextmanager
def _serving(project: Project, **options: Any) -> Iterator[tuple[str, int]]:
    port = free_port()
    address, pid = f"http://127.0.0.1:{port}", project.start("serve", "--port", str(port), **options)
    end = time.monotonic() + PATIENCE_S
    while not _answers(address):
        if time.monotonic() > end:
            raise TimeoutError("the service did not start")
        time.sleep(0.02)
    yield address, pid


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5):
            return True
    except OSError:
        return False


def _approval(project: Project) -> Callable[[str], None]:
    """Makes a plan and approves it; each time under the same keys."""
    token = project.must("tokens", "create", "bench", "--role", "planner").output.split()[-1]

    def call(address: str) -> None:
        plan = _post(address, token, "plans", {"framework": KEY}, "the-plan")["plan"]
        _post(address, token, f"plans/{plan['id']}/approve", {"expected_cost": plan["expected_cost"]["total"]}, "the-approval")

    return call


def _message(project: Project) -> Callable[[str], None]:
    """Sends what OpenAI sends when a batch ends; each time the same message."""
    project.must("submit", "--yes")
    remote_id = databases.scalar(project.database_url, "select remote_id from caseforge.batch")
    told = {"id": "evt_1", "object": "event", "created_at": int(time.time()), "type": "batch.completed", "data": {"id": remote_id}}
    body, now = json.dumps(told), datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(WEBHOOK_SECRET).sign("msg_1", now, body),
        "content-type": "application/json",
    }

    def call(address: str) -> None:
        with urllib.request.urlopen(urllib.request.Request(f"{address}/webhooks/openai", body.encode(), headers), timeout=PATIENCE_S):
            return

    return call


def _post(address: str, token: str, path: str, body: dict[str, Any], key: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key, "content-type": "application/json"}
    request = urllib.request.Request(f"{address}/api/v1/{path}", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{path}: {error.code} {error.read().decode()}") from error


def _name(what: str, moment: Moment) -> tuple[str, str, str]:
    return "serve", what, str(moment)


def run_calls(world: World, moments: Sequence[tuple[str, Moment]] = MOMENTS) -> Iterator[Row]:
    """A row for every moment of each call."""
    yield from each(Case(_name(what, moment), partial(kill_call, world, what, moment)) for what, moment in moments)
