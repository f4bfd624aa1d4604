"""A service is killed while it answers: a call that is made again under its key does what it says once, whether the first one was through or not."""

from __future__ import annotations

import multiprocessing
import random
import socket
import threading
import time
from decimal import Decimal
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from caseforge_assets.access.roles import Role
from caseforge_assets.store.database.engine import open_store
from caseforge_assets.web.app import make_app
from caseforge_assets.web.service import Service
from caseforge_assets_tests.web.conftest import NOTHING_MORE, Serve, settings_for
from caseforge_assets_tests.workbench import open_workbench

ROUNDS = 6
SETTINGS: dict[str, Any] = {"budget_usd": Decimal(100)}


def answer_until_killed(url: str, path: Path, base_url: str, port: int, ready: Event) -> None:
    """A service in a process of its own."""
    service = Service(settings_for(open_workbench(open_store(url), path, base_url, **SETTINGS), NOTHING_MORE))
    _ = service.store  # so that a call is killed and not the opening of the store
    server = uvicorn.Server(uvicorn.Config(make_app(service), port=port, log_config=None, lifespan="off"))
    threading.Thread(target=lambda: _say_when_started(server, ready), daemon=True).start()
    server.run()


def _say_when_started(server: uvicorn.Server, ready: Event) -> None:
    while not server.started:
        time.sleep(0.005)
    ready.set()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.slow
def test_a_plan_is_made_and_approved_once_however_often_the_service_is_killed(serve: Serve) -> None:
    served, chance = serve(bills=True, **SETTINGS), random.Random(7)
    opened, headers = served.bench, {"authorization": f"Bearer {served.token(Role.planner)}"}
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    url = opened.store.url.render_as_string(hide_password=False)
    killed_in = 0
    for number in range(ROUNDS):
        call = {"path": "/api/v1/plans", "json": {"framework": "shop"}}
        answers: list[Any] = []
        tries = 0
        while len(answers) < 1 + number % 2:  # of every other round the answer that came is asked for once more
            tries += 1
            port, ready = free_port(), processes.Event()
            child = processes.Process(target=answer_until_killed, args=(url, opened.path, opened.provider.base_url, port, ready))
            child.start()
            assert ready.wait(60)
            killer = threading.Timer(chance.random() * 0.6 * tries, child.kill)  # later each time, or a slow machine would never answer
            killer.start()
            try:
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
                    made = client.post(call["path"], json=call["json"], headers={"idempotency-key": f"killed-plan-{number}"})
                    assert made.status_code == 201, made.text
                    plan = made.json()["plan"]
                    said = {"expected_cost": plan["expected_cost"]["total"]}
                    key = {"idempotency-key": f"killed-approval-{number}"}
                    approved = client.post(f"/api/v1/plans/{plan['id']}/approve", json=said, headers=key)
                    assert approved.status_code == 200, approved.text
                    answers.append((made.json(), approved.json()))
            except httpx.TransportError:
                killed_in += 1
            finally:
                killer.join()
                child.join()
        assert all(answer == answers[0] for answer in answers)
        opened.change("update caseforge.plan set state = 'cancelled' where state = 'approved'")
        opened.change("update caseforge.request set plan_id = null, state = 'pending' where is_current")
    assert killed_in > ROUNDS / 3
    assert opened.column("select count(*) from caseforge.plan") == [ROUNDS]
    assert opened.column("select change from caseforge.plan_change") == ["approved"] * ROUNDS
    assert opened.column("select count(*) from caseforge.work_wish") == [ROUNDS]
    assert opened.column("select count(*) from caseforge.audit_entry where action = 'plan.approved'") == [ROUNDS]
    assert opened.column("select count(*) from caseforge.event where kind = 'plan.approved'") == [ROUNDS]
