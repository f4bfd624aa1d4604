"""Calls that are answered once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import text

from caseforge_assets.access.roles import Role
from caseforge_assets.store.access.audit import note
from caseforge_assets.web.access.callers import Planner
from caseforge_assets.web.app import make_app
from caseforge_assets.web.wire.idempotency import REPLAYED, AnsweredOnce
from caseforge_assets_tests.web.conftest import Serve, Served

KEY = {"Idempotency-Key": "a-key-of-the-test"}


class Paid(BaseModel):
    amount: int


class Told(BaseModel):
    times: int
    at: str = "the till"


def with_till(app: FastAPI, before_answer: Any = None) -> None:
    """Adds an endpoint that notes each payment, and answers how many there were."""

    @app.post("/till")
    def pay(once: AnsweredOnce, caller: Planner, paid: Paid) -> JSONResponse:
        def act(connection: Any) -> Told:
            note(connection, caller.name, "till.paid", f"{paid.amount}")
            if before_answer is not None:
                before_answer()
            return Told(times=connection.scalar(text("select count(*) from caseforge.audit_entry where action = 'till.paid'")))

        return once.answer(act, status=201)


def payments(served: Served) -> int:
    with served.bench.store.connect() as connection:
        return int(connection.scalar(text("select count(*) from caseforge.audit_entry where action = 'till.paid'")) or 0)


@pytest.mark.slow
def test_a_call_is_answered_once_also_after_a_restart(serve: Serve) -> None:
    served = serve()
    with_till(served.app)
    client = served.client(Role.planner)
    assert client.post("/till", json={"amount": 1}).status_code == 422  # no key
    first = client.post("/till", json={"amount": 1}, headers=KEY)
    assert (first.status_code, first.json()["times"], first.headers[REPLAYED]) == (201, 1, "false")
    restarted = make_app(served.service)
    with_till(restarted)
    served.app = restarted
    again = type(client)(restarted, base_url="http://127.0.0.1", headers=client.headers).post("/till", json={"amount": 1}, headers=KEY)
    assert (again.status_code, again.content, again.headers[REPLAYED]) == (201, first.content, "true")
    other = client.post("/till", json={"amount": 2}, headers=KEY)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert payments(served) == 1
    assert served.client(Role.planner).post("/till", json={"amount": 1}, headers=KEY).json()["times"] == 2  # of another caller


def test_two_calls_at_once_are_one(serve: Serve) -> None:
    served = serve()
    with_till(served.app, lambda: time.sleep(0.05))
    client = served.client(Role.planner)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.post("/till", json={"amount": 1}, headers=KEY), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["times"] for answer in answers} == {1}
    assert sorted(answer.headers[REPLAYED] for answer in answers) == ["false", *["true"] * 7]
    assert payments(served) == 1


def test_what_breaks_before_it_answers_has_done_nothing_and_may_be_asked_again(serve: Serve) -> None:
    served = serve()
    faults = [RuntimeError("killed here"), ValueError("no such amount")]

    def break_once() -> None:
        if faults:
            raise faults.pop(0)

    with_till(served.app, break_once)
    client = served.client(Role.planner)
    statuses = [client.post("/till", json={"amount": 1}, headers=KEY).status_code for _ in range(4)]
    assert statuses == [500, 422, 201, 201]
    assert payments(served) == 1
