"""Webhooks: events reach other programs, signed, at least once, and nothing else is reached."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.telling.prune_events import prune_events
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.serving.events import Told, tell_all
from caseforge_assets_tests.web.conftest import Serve, Served, listening
from caseforge_assets_tests.web.hooks import added, allowing, delivered, told
from caseforge_assets_tests.web.receiver import OPENSSL, Receiver, answered, certified
from caseforge_assets_tests.workbench import KEY


def deliveries(served: Served, webhook: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = served.client(Role.admin).get(f"/api/v1/webhooks/{webhook}/deliveries").json()["items"]
    return found


def test_who_listens_is_told_of_what_it_wants_signed(serve: Serve, receiver: Receiver) -> None:
    served = allowing(serve())
    hook = added(served, receiver.url, kinds=["plan.waiting"], framework=KEY)
    told(served, "plan 1")
    told(served, "plan 2", key="elsewhere")
    told(served, "batch 1", kind=EventKind.batch_created)
    while delivered(served):
        continue
    ((headers, body),) = receiver.got
    assert Webhook(hook["secret"]).verify(body, headers)["subject"] == "plan 1"
    message = json.loads(body)
    assert (message["type"], message["framework"], message["data"]) == ("plan.waiting", KEY, {"subject": "plan 1"})
    ((delivery),) = deliveries(served, hook["id"])
    assert (delivery["state"], delivery["tries"], delivery["status"], delivery["event"]) == ("delivered", 1, 204, message["position"])
    rotated = served.client(Role.admin).post(f"/api/v1/webhooks/{hook['id']}/rotate").json()
    assert served.client(Role.admin).post(f"/api/v1/webhooks/deliveries/{delivery['id']}/redeliver").status_code == 202
    assert delivered(served) == 1
    again, body = receiver.got[1]
    assert again["webhook-id"] == headers["webhook-id"]
    assert Webhook(rotated["secret"]).verify(body, again)
    assert rotated["secret"] != hook["secret"]


def test_secrets_are_shown_once_and_kept_nowhere(serve: Serve, receiver: Receiver) -> None:
    served = allowing(serve())
    hook = added(served, receiver.url + "?token=abcdef")
    assert "rather-secret" not in hook["url"]
    assert "abcdef" not in hook["url"]
    shown = served.client(Role.admin).get("/api/v1/webhooks")
    assert "secret" not in shown.text.replace("rather-secret", "")
    kept = json.dumps(
        [str(row) for table in ("webhook", "audit_entry", "event") for row in served.bench.query(f"select * from caseforge.{table}")]
    )
    assert hook["secret"] not in kept
    assert "rather-secret" not in json.dumps(served.bench.query("select details::text from caseforge.audit_entry"))


def test_only_who_looks_after_all_may_have_others_told(serve: Serve, receiver: Receiver) -> None:
    served = allowing(serve())
    hook = added(served, receiver.url)
    told(served, "plan 1")
    calls = [
        ("GET", "/api/v1/webhooks"),
        ("POST", "/api/v1/webhooks"),
        ("DELETE", f"/api/v1/webhooks/{hook['id']}"),
        ("POST", f"/api/v1/webhooks/{hook['id']}/rotate"),
        ("POST", f"/api/v1/webhooks/{hook['id']}/test"),
        ("GET", f"/api/v1/webhooks/{hook['id']}/deliveries"),
        ("POST", "/api/v1/webhooks/deliveries/1/redeliver"),
    ]
    for role, key in ((Role.planner, None), (Role.admin, KEY)):
        client = served.client(role, key)
        assert [client.request(method, path, json={"url": receiver.url}).status_code for method, path in calls] == [403] * len(calls)
    admin = served.client(Role.admin)
    assert admin.get("/api/v1/webhooks/99/deliveries").status_code == 404
    assert admin.post("/api/v1/webhooks", json={"url": "http://user:pw@127.0.0.1/"}).status_code == 422
    assert admin.delete(f"/api/v1/webhooks/{hook['id']}").status_code == 200
    assert delivered(served) == 0
    assert served.bench.query("select state, problem from caseforge.webhook_delivery") == [("dead", "the webhook was removed")]


def test_what_is_not_taken_is_tried_again_for_three_days(serve: Serve, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    served = allowing(serve())
    hook = added(served, receiver.url)
    receiver.answer = lambda handler: answered(handler, 500)
    told(served, "plan 1")
    assert (delivered(served), delivered(served)) == (1, 0)
    (delivery,) = deliveries(served, hook["id"])
    assert (delivery["state"], delivery["status"], delivery["problem"], delivery["tries"]) == ("waiting", 500, "it answered 500", 1)
    assert delivery["next_try_at"] > delivery["created_at"]
    for _ in range(2):
        served.bench.change("update caseforge.webhook_delivery set next_try_at = now()")
        delivered(served)
    served.bench.change("update caseforge.webhook_delivery set next_try_at = now(), created_at = now() - interval '3 days'")
    delivered(served)
    (delivery,) = deliveries(served, hook["id"])
    assert (delivery["state"], delivery["tries"], delivery["next_try_at"]) == ("dead", 4, None)
    assert "was not delivered to webhook" in caplog.text
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert served.client(Role.admin).get("/api/v1/webhooks").json()["items"][0]["dead"] == 1


@pytest.mark.slow
def test_one_who_does_not_answer_is_asked_with_few_messages_and_holds_up_nobody(serve: Serve, receiver: Receiver) -> None:
    served = allowing(serve())
    gone, there = added(served, "http://127.0.0.1:9/"), added(served, receiver.url)
    told(served, *(f"plan {number}" for number in range(30)))
    while delivered(served):
        continue
    assert [delivery["state"] for delivery in deliveries(served, there["id"])] == ["delivered"] * 30
    waiting = deliveries(served, gone["id"])
    assert ([delivery["state"] for delivery in waiting], sum(delivery["tries"] for delivery in waiting)) == (["waiting"] * 30, 10)
    served.bench.change("update caseforge.webhook set url = :url", url=receiver.url)
    served.bench.change("update caseforge.webhook_delivery set next_try_at = now() where tries > 0 and state = 'waiting'")
    while delivered(served):  # the first that is taken brings the others
        continue
    assert [delivery["state"] for delivery in deliveries(served, gone["id"])] == ["delivered"] * 30


def test_redirects_are_not_followed_and_answers_not_read_to_their_end(serve: Serve, receiver: Receiver) -> None:
    served = allowing(serve())
    hook = added(served, receiver.url)

    def endless(handler: Any) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65_536)
        except OSError:
            return

    for answer, expected in ((lambda handler: answered(handler, 302, location="http://127.0.0.1:9/"), 302), (endless, 200)):
        receiver.answer = answer
        tried = served.client(Role.admin).post(f"/api/v1/webhooks/{hook['id']}/test").json()
        assert (tried["status"], tried["problem"]) == (expected, "" if expected == 200 else "it answered 302")
    assert len(receiver.got) == 2


@contextmanager
def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> Iterator[list[str]]:
    """Names are these addresses, one after the other."""
    asked: list[str] = []

    async def resolve(_: object, host: str, port: int, **__: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[min(len(asked), len(answers)) - 1], port))]

    with monkeypatch.context() as patch:
        patch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", resolve)
        yield asked


def test_the_address_that_was_looked_at_is_the_one_connected_to(serve: Serve, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    served = allowing(serve())
    port = receiver.server_address[1]
    hook = added(served, f"http://hooks.example.org:{port}/x")
    path = f"/api/v1/webhooks/{hook['id']}/test"
    admin = served.client(Role.admin)
    with resolving(monkeypatch, "127.0.0.1", "169.254.169.254") as asked:
        assert admin.post(path).json() == {"status": 204, "problem": ""}
        assert asked == ["hooks.example.org"]
        assert receiver.got[0][0]["host"] == f"hooks.example.org:{port}"
        assert "169.254.169.254, which is none of the public internet" in admin.post(path).json()["problem"]
    allowing(served, "10.0.0.0/8")
    with resolving(monkeypatch, "127.0.0.1"):
        assert "none of the public internet" in admin.post(path).json()["problem"]
    assert len(receiver.got) == 1


def test_events_are_numbered_and_delivered_beside_the_answers(serve: Serve, receiver: Receiver) -> None:
    served = allowing(serve())
    added(served, receiver.url)
    with listening(served, lifespan="on"):
        with served.bench.store.begin() as connection:
            tell_all(connection, [Told(EventKind.plan_waiting, "plan 1", KEY, {})])
        end = time.monotonic() + 20
        while not receiver.got:
            assert time.monotonic() < end
            time.sleep(0.02)


@pytest.mark.skipif(OPENSSL is None, reason="no openssl makes certificates here")
def test_over_tls_the_certificate_has_to_be_of_that_name_and_of_a_known_authority(
    serve: Serve, receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = allowing(serve())
    own, authority = certified(tmp_path, "localhost")
    receiver.speak_tls(own)
    path = f"/api/v1/webhooks/{added(served, receiver.url)['id']}/test"
    admin = served.client(Role.admin)
    assert "certificate" in admin.post(path).json()["problem"].lower()  # nobody knows this authority
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert admin.post(path).json() == {"status": 204, "problem": ""}
    other = f"/api/v1/webhooks/{added(served, receiver.url.replace('localhost', '127.0.0.1'))['id']}/test"
    assert "certificate" in admin.post(other).json()["problem"].lower()  # it is of another name
    assert len(receiver.got) == 1


def test_events_are_kept_for_a_stated_time_and_what_waits_for_longer(serve: Serve, receiver: Receiver) -> None:
    served = allowing(serve())
    hook = added(served, receiver.url)
    told(served, "plan 1", "plan 2", "plan 3")
    while delivered(served):
        continue
    told(served, "plan 4", "plan 5", "plan 6")
    kept = "update caseforge.event set happened_at = now() - interval '91 days' where subject <> :subject"
    served.bench.change(kept, subject="plan 3")
    assert prune_events(served.bench.store, timedelta(days=90)) == 3  # that the framework was loaded, too
    assert [delivery["subject"] for delivery in deliveries(served, hook["id"])] == ["plan 6", "plan 5", "plan 4", "plan 3"]
    while delivered(served):
        continue
    served.bench.change("update caseforge.event set happened_at = now() - interval '91 days'")
    prune_events(served.bench.store, timedelta(days=90))
    assert [delivery["subject"] for delivery in deliveries(served, hook["id"])] == [
        "plan 6"
    ]  # the newest one stays: by it the next one gets its position
    told(served, "plan 7")
    before, last = served.bench.column("select position from caseforge.event order by id")
    assert last == before + 1
