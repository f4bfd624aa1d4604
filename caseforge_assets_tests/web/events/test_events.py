"""Events over HTTP: lists, and streams that lose nothing and repeat nothing."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.telling.number_events import number_events
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.serving import events
from caseforge_assets.store.serving.events import Told, tell, tell_all
from caseforge_assets.web.events import stream
from caseforge_assets.web.service import Service
from caseforge_assets_tests.web.conftest import Serve, Served, listening
from caseforge_assets_tests.workbench import KEY

PATH = "/api/v1/events"


def told(served: Served, *subjects: str, kind: EventKind = EventKind.plan_waiting, key: str | None = KEY) -> None:
    with served.bench.store.begin() as connection:
        tell_all(connection, [Told(kind, subject, key, {"n": number}) for number, subject in enumerate(subjects)])


@contextmanager
def following(base_url: str, token: str, last: int | None = None, **asked: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The events of a stream, each with its id."""
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    headers |= {} if last is None else {"last-event-id": str(last)}
    with httpx2.stream("GET", f"{base_url}{PATH}", params=asked, headers=headers, timeout=20) as answer:
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
        lines = answer.iter_lines()
        assert next(lines).startswith(":")  # it listens from here on
        yield _events(lines)


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield json.loads(fields["data"]) | {"id": int(fields["id"]), "event": fields["event"]}
            fields = {}


def test_a_list_goes_on_where_it_ended(serve: Serve) -> None:
    served = serve()
    client = served.client()
    told(served, "plan 1", "plan 2", "plan 3")
    first = client.get(PATH, params={"limit": 2}).json()
    assert [item["kind"] for item in first["items"]] == ["framework.loaded", "plan.waiting"]
    second = client.get(PATH, params={"after": first["last"]}).json()
    assert [(item["subject"], item["framework"], item["data"]) for item in second["items"]] == [
        ("plan 2", KEY, {"n": 1}),
        ("plan 3", KEY, {"n": 2}),
    ]
    assert client.get(PATH, params={"after": second["last"]}).json() == {"items": [], "last": second["last"]}
    told(served, "batch 1", kind=EventKind.batch_created)
    assert [item["subject"] for item in client.get(PATH, params={"kind": ["batch.created", "plan.raised"]}).json()["items"]] == ["batch 1"]


def test_who_sees_one_framework_is_told_of_that_one_only(serve: Serve) -> None:
    served = serve()
    told(served, "plan 1")
    told(served, "plan 2", key="elsewhere")
    told(served, "alert 1", key=None)
    elsewhere = served.client(Role.planner, "elsewhere")
    assert [item["subject"] for item in elsewhere.get(PATH).json()["items"]] == ["plan 2"]
    assert elsewhere.get(PATH, params={"framework": KEY}).status_code == 404
    assert [item["subject"] for item in served.client().get(PATH, params={"framework": "elsewhere"}).json()["items"]] == ["plan 2"]
    assert len(served.client().get(PATH).json()["items"]) == 4
    with listening(served) as url, following(url, served.token(Role.reader, "elsewhere"), last=0) as found:
        assert next(found)["subject"] == "plan 2"
        told(served, "plan 3")
        told(served, "plan 4", key="elsewhere")
        assert next(found)["subject"] == "plan 4"


def test_what_cannot_be_asked_is_refused(serve: Serve) -> None:
    client = serve().client()
    for params in ({"after": -1}, {"kind": "nothing"}, {"limit": 0}):
        assert client.get(PATH, params=params).status_code == 422
    answer = client.get(PATH, headers={"accept": "text/event-stream", "last-event-id": "x1"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/last-event-id")
    assert client.get(PATH, headers={"authorization": "Bearer wrong", "accept": "text/event-stream"}).status_code == 401


def test_a_stream_begins_now_goes_on_and_has_what_is_wanted_only(serve: Serve) -> None:
    served = serve()
    token = served.token()
    told(served, *(f"plan {number}" for number in range(1, 1_200)))
    number_events(served.bench.store)
    with listening(served) as url:
        with following(url, token) as found:
            told(served, "batch 1", kind=EventKind.batch_created)
            event = next(found)
            assert (event["subject"], event["event"], event["id"]) == ("batch 1", "batch.created", event["position"])
        with following(url, token, last=1_000) as found:
            behind = [next(found)["position"] for _ in range(201)]
            assert behind == list(range(1_001, 1_202))
        with following(url, token, last=5, kind="batch.created") as found:
            assert next(found)["subject"] == "batch 1"
        with following(url, token, last=10**9) as found:  # of a database that was restored since
            told(served, "batch 2")
            assert next(found)["subject"] == "batch 2"


def test_a_stream_ends_with_its_token(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.1)
    served = serve()
    token = served.token()
    with listening(served) as url, following(url, token) as found:
        told(served, "plan 1")
        assert next(found)["subject"] == "plan 1"
        served.bench.change("update caseforge.api_token set revoked_at = now()")
        assert list(found) == []


def test_a_stream_tells_nothing_once_its_token_is_revoked(serve: Serve) -> None:
    """Not even what comes before the next time that it would have been looked at anyway."""
    served = serve()
    token = served.token()
    with listening(served) as url, following(url, token) as found:
        told(served, "plan 1")
        assert next(found)["subject"] == "plan 1"
        served.bench.change("update caseforge.api_token set revoked_at = now()")
        told(served, "plan 2")
        assert list(found) == []


def test_nothing_is_lost_or_repeated_when_listeners_and_servers_come_and_go(serve: Serve) -> None:
    """Four writers, two services that number and read, and listeners who are cut off at any point and come again to either."""
    served = serve()
    token = served.token()
    other = Served(served.bench, Service(served.service.settings), served.app)
    writing = threading.Event()
    seen: dict[int, list[int]] = {number: [] for number in range(3)}

    def write(writer: int) -> None:
        chance = random.Random(writer)
        for number in range(40):
            with served.bench.store.begin() as connection:
                tell(connection, EventKind.batch_progress, f"{writer}-{number}", KEY, {})
                connection.execute(text("select pg_sleep(:s)"), {"s": chance.random() / 50})

    def listen(listener: int, urls: list[str]) -> None:
        chance, got = random.Random(listener), seen[listener]
        for turn in itertools.count():
            with following(urls[turn % 2], token, last=got[-1] if got else 0) as found:
                for _ in range(chance.randint(1, 40)):
                    event = next(found)
                    got.append(event["id"])
                    if event["subject"] == "the end":
                        return

    from caseforge_assets.web.app import make_app

    other.app = make_app(other.service)
    try:
        with listening(served) as one, listening(other) as two, ThreadPoolExecutor(7) as pool:
            listeners = [pool.submit(listen, listener, [one, two]) for listener in seen]
            for writer in [pool.submit(write, writer) for writer in range(4)]:
                writer.result()
            writing.set()
            told(served, "the end")
            for listener in listeners:
                listener.result(30)
    finally:
        other.service.close()
    with served.bench.store.connect() as connection:
        positions = [row.position for row in events.after(connection, 0, 10_000)]
    assert len(positions) == 1 + 160 + 1
    for got in seen.values():
        assert got == positions


def test_two_hundred_listeners_cost_no_thread_and_no_connection_each(serve: Serve) -> None:
    served = serve()
    token = served.token()
    call = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n".encode()

    async def listen(port: int, ready: asyncio.Semaphore) -> bytes:
        reading, writing = await asyncio.open_connection("127.0.0.1", port)
        writing.write(call)
        await reading.readuntil(b": \n")
        ready.release()
        got = await reading.readuntil(b"data: ") + await reading.readline()
        writing.close()
        return got

    async def listen_all(port: int) -> list[bytes]:
        ready = asyncio.Semaphore(0)
        listeners = [asyncio.create_task(listen(port, ready)) for _ in range(200)]
        for _ in listeners:
            await ready.acquire()
        assert threading.active_count() - threads <= 45  # the pool that endpoints are run in has 40
        assert (
            served.bench.column("select count(*) from pg_stat_activity where datname = current_database()")[0] <= 36
        )  # the pools of the service and of this test
        told(served, "plan 1")
        return await asyncio.gather(*listeners)

    with listening(served) as url:
        threads = threading.active_count()
        got = asyncio.run(listen_all(int(url.rpartition(":")[2])))
    assert all(b'"subject":"plan 1"' in body for body in got)
