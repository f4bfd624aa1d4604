"""Requests that change something take turns: readers are answered however many of these wait."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from caseforge_assets.access.roles import Role
from caseforge_assets.store.requests.requests import lock_making
from caseforge_assets.web.service import WRITERS_AT_ONCE
from caseforge_assets.web.wire.turns import Turns
from caseforge_assets.web.wire.writers import WritersInTurn
from caseforge_assets_tests.web.conftest import Serve, listening


class Counting:
    """An application that reads the body, notes who came, and waits."""

    def __init__(self) -> None:
        self.came, self.go_on = list[str](), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        if scope["headers"]:
            while (await receive()).get("more_body", False):
                continue
        self.came.append(scope["path"])
        await self.go_on.wait()


async def send(_message: Message) -> None:
    raise AssertionError("nothing is answered here")


def test_one_at_a_time_changes_something_and_nobody_who_reads_or_signs_in_waits() -> None:
    async def act() -> None:
        app = Counting()
        in_turn = WritersInTurn(app, Turns(1), ["/sign-in"])

        def call(method: str, path: str, *pieces: Message) -> asyncio.Task[None]:
            left = list(pieces)

            async def receive() -> Message:
                return left.pop(0) if left else await asyncio.Event().wait() and {}

            headers = [(b"content-length", b"9")] if pieces else []
            return asyncio.create_task(in_turn({"type": "http", "method": method, "path": path, "headers": headers}, receive, send))

        piece, end = {"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.request", "body": b"x"}
        slow = call("POST", "/slow", piece)  # and nothing more: it keeps no turn
        await asyncio.sleep(0)
        calls = [
            call("POST", "/1", piece, end),
            call("PUT", "/2", end),
            call("DELETE", "/3"),
            call("GET", "/read"),
            call("POST", "/sign-in", end),
        ]
        for _ in range(20):
            await asyncio.sleep(0)
        assert sorted(app.came) == ["/1", "/read", "/sign-in"]
        app.go_on.set()
        await asyncio.gather(*calls)
        assert sorted(app.came) == ["/1", "/2", "/3", "/read", "/sign-in"]
        slow.cancel()

    asyncio.run(act())


@pytest.mark.slow
def test_readers_are_answered_while_fifty_wait_for_whoever_makes_a_large_plan(serve: Serve) -> None:
    served = serve()
    draft = served.bench.draft().id
    headers = {"Authorization": f"Bearer {served.token(Role.planner)}"}
    with (
        listening(served) as address,
        ThreadPoolExecutor(50) as pool,
        httpx2.Client(base_url=address, headers=headers, timeout=20) as client,
    ):

        def cancel(_: int) -> int:
            return httpx2.post(f"{address}/api/v1/plans/{draft}/cancel", headers=headers, timeout=60).status_code

        with served.bench.store.begin() as connection:
            lock_making(connection)
            waiting = [pool.submit(cancel, number) for number in range(50)]
            while served.bench.column("select count(*) from pg_locks where locktype = 'advisory' and not granted")[0] < WRITERS_AT_ONCE:
                time.sleep(0.02)
            time.sleep(1)  # the others have come, too
            assert [client.get(f"/{path}").status_code for path in ("api/v1/frameworks", "readyz") * 5] == [200] * 10
            assert not any(one.done() for one in waiting)
        assert {one.result() for one in waiting} == {409}  # it is a draft
