"""Messages of providers: believed by their signature alone, taken once, and followed by work."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from caseforge_assets.commands.rounds.work_beside import work_beside
from caseforge_assets_tests.web.conftest import Serve, Served, listening
from caseforge_assets_tests.workbench import CODES, PATIENCE_S, PROCESS, OpenBench, open_workbench, serving

PATH = "/webhooks/openai"
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, yes").decode()


def with_secret(served: Served) -> Served:
    served.service.use(served.service.settings.model_copy(update={"openai_webhook_secret": SecretStr(SECRET)}))
    return served


def message(
    about: str, *, id: str = "wh_1", kind: str = "batch.completed", age: timedelta = timedelta(), secret: str = SECRET
) -> tuple[bytes, dict[str, str]]:
    at = datetime.now(UTC) - age
    body = json.dumps({"id": "evt_1", "object": "event", "created_at": int(at.timestamp()), "type": kind, "data": {"id": about}})
    headers = {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": Webhook(secret).sign(id, at, body)}
    return body.encode(), headers


def sent(served: Served, body: bytes, headers: dict[str, str]) -> Any:
    return served.client(None).post(PATH, content=body, headers=headers)


def test_a_message_counts_once_and_wishes_for_its_batch(serve: Serve, bench: OpenBench) -> None:
    opened = bench()
    opened.approve("1.1.1", stages=[PROCESS])
    opened.round()
    served = with_secret(serve(opened))
    ((batch_id, remote_id),) = opened.query("select id, remote_id from caseforge.batch")
    for _ in range(3):
        assert sent(served, *message(remote_id)).status_code == 204
    assert opened.query("select message_id, kind, remote_id, batch_id from caseforge.webhook_message") == [
        ("wh_1", "batch.completed", remote_id, batch_id)
    ]
    assert opened.query("select wish, batch_id, asked_by from caseforge.work_wish") == [("collect", batch_id, "provider")]
    assert sent(served, *message("batch_of_others", id="wh_2")).status_code == 204
    assert sent(served, *message("resp_1", id="wh_3", kind="response.completed")).status_code == 204
    assert opened.column("select batch_id from caseforge.webhook_message order by id") == [batch_id, None, None]
    assert opened.column("select count(*) from caseforge.work_wish") == [1]
    opened.change("update caseforge.batch set state = 'creating', remote_id = null")
    assert sent(served, *message(remote_id, id="wh_4")).status_code == 204  # it came before the answer to the creation
    assert opened.query("select wish, batch_id from caseforge.work_wish")[1:] == [("collect", None)]


def test_what_is_forged_old_or_broken_is_refused_without_a_word_of_why(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    served = with_secret(serve())
    body, headers = message("batch_1")
    other = "whsec_" + base64.b64encode(b"another secret of some length").decode()
    bad = [
        message("batch_1", secret=other),
        message("batch_1", age=timedelta(minutes=6)),
        message("batch_1", age=timedelta(minutes=-6)),
        (body.replace(b"batch_1", b"batch_2"), headers),
        (body, headers | {"webhook-id": "wh_9"}),
        (body, headers | {"webhook-timestamp": "now"}),
        (body, headers | {"webhook-signature": "v1,!!"}),
        (body, headers | {"webhook-signature": ""}),
        (body, {}),
        (b"\xff\xfe" + body, headers),
        message("b" * 300),
        message("batch\n1"),
        message("", id="wh_7"),
    ]
    for text in (
        "not json",
        "[]",
        '{"type": 1}',
        '{"type": "batch.completed", "data": {"id": null}}',
        '{"type": "batch.completed", "data": 5}',
        "[" * 10_000,
    ):
        at = datetime.now(UTC)
        bad.append(
            (
                text.encode(),
                {
                    "webhook-id": "wh_8",
                    "webhook-timestamp": str(int(at.timestamp())),
                    "webhook-signature": Webhook(SECRET).sign("wh_8", at, text),
                },
            )
        )
    with caplog.at_level(logging.WARNING):
        for forged in bad:
            answer = sent(served, *forged)
            assert (answer.status_code, answer.json()["detail"]) == (400, "This message is refused."), forged
    assert "signature or time is wrong" in caplog.text
    assert SECRET not in caplog.text
    assert sent(served, b"x" * 70_000, headers).status_code == 413
    assert served.bench.column("select count(*) from caseforge.webhook_message") == [0]


def test_without_a_secret_nobody_is_believed_and_the_log_says_why(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    served = serve()
    with caplog.at_level(logging.WARNING):
        assert sent(served, *message("batch_1")).status_code == 404
    assert "OPENAI_WEBHOOK_SECRET is not set" in caplog.text


FAULTS = (
    "message_repeated:times=4,batch=1",
    "message_late:seconds=0.3,batch=1",
    "message_forged:how=secret,batch=2",
    "message_old:batch=2",
    "message_forged:how=body,batch=3",
    "message_of_another:batch=3",
    "message_forged:how=id,batch=4",
    "message_forged:how=unsigned,batch=4",
    "message_lost:batch=5",
)


@pytest.mark.slow
def test_the_local_server_tells_and_the_worker_collects_once(serve: Serve, bench: OpenBench) -> None:
    """The interval is an hour: only messages bring the answers, whatever comes beside them; where none comes, polling does."""
    first, enough = bench(), threading.Event()
    with listening(with_secret(serve(first))) as url:
        options = {"webhook": f"{url}{PATH}", "webhook_secret": SECRET, "faults": FAULTS}
        with serving(first.path / "telling", bills=True, latency_s=0.2, **options) as base_url:
            asked = {"poll_interval_s": 3_600, "max_requests_per_batch": 1, "budget_usd": Decimal(10)}
            opened = open_workbench(first.store, first.path / "telling", base_url, **asked)
            opened.approve(*CODES[:5], stages=[PROCESS])
            worker = threading.Thread(
                target=lambda: work_beside(opened.store, lambda: opened.project, enough, announce=lambda _: None, after_work=lambda _: None)
            )
            worker.start()
            try:
                _until(lambda: opened.column("select count(*) from caseforge.batch where state = 'collected'") >= [4])
                _until(lambda: opened.stats()["faults"].get("message_lost") == 1)
            finally:
                enough.set()
                worker.join()
            opened.round()
            assert opened.column("select state from caseforge.batch") == ["collected"] * 5
            assert opened.column("select count(*) from caseforge.content where is_current") == [5]
            assert opened.stats()["batches_created"] == 5
            known = "select count(*) from caseforge.webhook_message where batch_id is not null"
            assert (opened.column(known), opened.column(f"{known[:-8]}null")) == ([4], [1])


def _until(condition: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
