"""Programs watch the service: health, readiness, metrics."""

from __future__ import annotations

import shutil
import time
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.batches.states import Wish
from caseforge_assets.store.database.engine import HEAD
from caseforge_assets.store.serving import wishes
from caseforge_assets.web.watching import health, metrics
from caseforge_assets_tests.web.conftest import Serve, Served, listening
from caseforge_assets_tests.workbench import KEY, PROCESS, OpenBench


def from_elsewhere(served: Served, address: str = "203.0.113.7", **headers: str) -> TestClient:
    return TestClient(served.app, base_url="http://127.0.0.1", client=(address, 50_000), headers=headers, raise_server_exceptions=False)


def test_the_service_alone_looks_for_alerts(serve: Serve) -> None:
    served = serve()
    served.bench.draft()
    served.bench.change("update caseforge.plan set created_at = now() - interval '30 days'")
    with listening(served, "on") as url:
        client, deadline = httpx.Client(base_url=url, headers={"authorization": f"Bearer {served.token()}"}), time.monotonic() + 20
        while not (alerts := client.get("/api/v1/alerts").json()["items"]) and time.monotonic() < deadline:
            time.sleep(0.1)
    assert "plan" in alerts[0]["subject"], alerts


def figures(answer: Any) -> dict[tuple[str, ...], float]:
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_health_needs_nobody_and_tells_nothing(serve: Serve) -> None:
    served = serve()
    assert from_elsewhere(served, host="10.0.0.1").get("/healthz").json() == {"status": "ok"}
    assert from_elsewhere(served, host="10.0.0.1").get("/readyz").json() == {
        "ready": True,
        "parts": {"database": True, "migrations": True, "artifacts": True},
    }
    assert list((served.bench.path / "artifacts").rglob("ready/*")) == []


def test_who_cannot_work_is_not_ready_and_says_which_part(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(health, "KEPT_S", 0.0)
    served = serve()
    client = from_elsewhere(served)
    assert client.get("/readyz").status_code == 200
    served.bench.change("update caseforge.schema_version set version_num = '0001'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]) == (503, {"database": True, "migrations": False, "artifacts": True})
    served.bench.change(
        "update caseforge.schema_version set version_num = :head",
        head=HEAD,
    )
    folder = served.bench.path / "artifacts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("a file stands in the way")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]) == (503, {"database": True, "migrations": True, "artifacts": False})
    assert "not ready: artifacts" in caplog.text


def test_figures_are_those_of_the_store_and_of_this_process(serve: Serve, bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "KEPT_S", 0.0)
    opened = bench(faults=["content_filter:match=1.1.2"], budget_usd=5)
    opened.generate("1.1.1", "1.1.2", stages=[PROCESS])
    opened.approve("2.1.1", stages=[PROCESS])
    with opened.store.begin() as connection:
        wishes.ask(connection, Wish.poll, "anna")
    served = serve(opened)
    client = served.client()
    client.get("/api/v1/frameworks")
    client.get("/api/v1/frameworks/nothing")
    client.get("/nothing/at/all")
    found = figures(client.get("/metrics"))
    assert found["caseforge_requests", "answered"] == 1
    assert found["caseforge_requests", "failed"] == 1
    assert found["caseforge_requests", "pending"] == 2
    assert found["caseforge_batches", "collected"] == 1
    assert found["caseforge_attempts_total", "ok", "simulated"] == 1
    assert found["caseforge_attempts_total", "content_filtered", "simulated"] == 1
    assert found["caseforge_tokens_total", "output", "simulated"] == opened.column("select sum(output_tokens) from caseforge.attempt")[0]
    assert found["caseforge_cost_usd_total", "simulated"] == pytest.approx(
        float(opened.column("select sum(cost_usd) from caseforge.attempt")[0])
    )
    assert found["caseforge_budget_left_usd", ""] == 5
    assert found["caseforge_queue_length", "wishes"] == 1
    assert found["caseforge_queue_length", "outbox"] > 0
    assert found["caseforge_queue_length", "events"] > 0
    assert found["caseforge_http_requests_total", "GET", "/api/v1/frameworks", "200"] == 1
    assert found["caseforge_http_requests_total", "GET", "none", "404"] == 1
    assert not any("/nothing" in label for key in found for label in key)


def test_figures_are_for_readers_and_for_watchers_that_are_known(serve: Serve) -> None:
    served = serve()

    def status(client: TestClient) -> int:
        return client.get("/metrics").status_code

    assert status(from_elsewhere(served)) == 401
    assert status(from_elsewhere(served, authorization=f"Bearer {served.token()}")) == 200
    assert status(from_elsewhere(served, authorization=f"Bearer {served.token(Role.reader, KEY)}")) == 403
    assert status(from_elsewhere(served, "127.0.0.1")) == 200
    for header in ("forwarded", "x-forwarded-for", "x-real-ip"):
        assert status(from_elsewhere(served, "127.0.0.1", **{header: "127.0.0.1"})) == 401
    with_settings(served, metrics_peers=("203.0.113.0/24",))
    assert (status(from_elsewhere(served)), status(from_elsewhere(served, "198.51.100.1"))) == (200, 401)
    with_settings(served, behind_tls_proxy=True)
    assert status(from_elsewhere(served, "127.0.0.1")) == 401


def with_settings(served: Served, **values: Any) -> None:
    settings = served.service.settings
    service = settings.configuration.service.model_copy(update=values)
    served.service.use(settings.model_copy(update={"configuration": settings.configuration.model_copy(update={"service": service})}))
