"""Batches, figures, alerts, pairs and the configuration over HTTP."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.workbench import KEY


@pytest.mark.slow
def test_batches_are_listed_with_progress_and_cost_and_can_be_stopped(serve: Serve) -> None:
    served = serve(latency_s=60)
    served.bench.approve("1.1.1", "1.1.2")
    served.bench.round()
    client, reader, stranger = served.client(Role.planner), served.client(Role.reader, KEY), served.client(Role.admin, "elsewhere")
    (batch,) = client.get("/api/v1/batches").json()["items"]
    assert (batch["state"], batch["requests"], batch["frameworks"], batch["simulated"]) == ("open", 2, [KEY], True)
    assert Decimal(batch["expected_cost"]["amount"]) > 0
    path = f"/api/v1/batches/{batch['id']}"
    assert reader.get(path).json()["remote_id"] == batch["remote_id"]
    assert client.get("/api/v1/batches", params={"state": "collected"}).json() == {"items": [], "next": None}
    assert stranger.get("/api/v1/batches").json()["items"] == []
    assert stranger.get("/api/v1/batches", params={"framework": KEY}).status_code == 404
    for action in ("cancel", "collect-again", "give-up"):
        assert stranger.post(f"{path}/{action}").status_code == 404, action
        assert reader.post(f"{path}/{action}").status_code == 403, action
    assert stranger.get(path).status_code == 404
    assert client.post(f"{path}/adopt", json={"remote_id": "batch_other"}).status_code == 409
    assert client.post(f"{path}/collect-again").status_code == 409  # its provider is not through with it
    wish = {"wish": "poll", "batch": batch["id"]}
    assert stranger.post("/api/v1/runs", json=wish, headers={"Idempotency-Key": "poll-that"}).status_code in (403, 404)
    assert client.post("/api/v1/runs", json=wish, headers={"Idempotency-Key": "poll-that"}).json()["batch"] == batch["id"]
    stopped = client.post(f"{path}/cancel")
    assert (stopped.status_code, stopped.json()["batch"]["reason"]) == (200, "cancelled by a person")
    assert served.bench.column("select action from caseforge.audit_entry where subject like 'batch %'") == ["batch.cancelled"]


def test_costs_and_report_are_decimals_with_what_they_lack(serve: Serve) -> None:
    served = serve(given=["1.1.1", "1.1.2"])
    served.bench.change("update caseforge.attempt set cost_usd = null where id = (select min(id) from caseforge.attempt)")
    client, limited = served.client(Role.reader), served.client(Role.reader, KEY)
    costs = json.loads(client.get("/api/v1/costs").text, parse_float=Decimal)
    rows = {row["name"]: row for row in costs["rows"]}
    assert rows["process_details"]["cost"]["unknown"] == 1
    assert rows["process_details"]["cost"]["total"] is None
    assert Decimal(rows["usecases"]["cost"]["total"]["amount"]) > 0
    together = sum(Decimal(row["cost"]["known"]["amount"]) for row in costs["rows"])
    assert Decimal(costs["together"]["simulated"]["known"]["amount"]) == together
    for by in ("model", "day", "framework", "batch", "outcome"):
        assert client.get("/api/v1/costs", params={"by": by}).json()["rows"], by
    assert client.get("/api/v1/costs", params={"by": "node"}).status_code == 422  # of which framework?
    assert [row["name"] for row in client.get("/api/v1/costs", params={"by": "branch", "framework": KEY}).json()["rows"]] == ["1 Sell"]
    assert limited.get("/api/v1/costs").status_code == 422
    assert limited.get("/api/v1/costs", params={"framework": KEY}).status_code == 200
    report = limited.get("/api/v1/report", params={"framework": KEY, "days": 30}).json()
    assert {row["stage"] for row in report["periods"]} == {"process_details", "usecases"}
    assert served.client(Role.reader, "elsewhere").get("/api/v1/report", params={"framework": KEY}).status_code == 404
    models = client.get("/api/v1/models").json()
    used = models["items"][0]
    assert (set(used["stages"]), used["listed_by_provider"] is None) == ({"process_details", "usecases"}, False)
    assert Decimal(used["costs"][KEY]["amount"]) > 0
    assert served.client(Role.reader, "elsewhere").get("/api/v1/models", params={"offline": True}).json()["items"][0]["costs"] == {}


def test_alerts_are_listed_and_acknowledged(serve: Serve) -> None:
    served = serve()
    add = """insert into caseforge.alert (rule, subject, framework_key, severity, text, raised_at)
    values ('failure_rate', :subject, :key, 'warning', 'too many failed', now()) returning id"""
    served.bench.change(add.removesuffix(" returning id"), subject="here", key=KEY)
    served.bench.change(add.removesuffix(" returning id"), subject="everywhere", key=None)
    planner, limited = served.client(Role.planner), served.client(Role.reader, KEY)
    everywhere, here = planner.get("/api/v1/alerts").json()["items"]
    assert [alert["id"] for alert in limited.get("/api/v1/alerts").json()["items"]] == [here["id"]]
    path = f"/api/v1/alerts/{here['id']}/acknowledge"
    assert limited.post(path).status_code == 403
    assert limited.post(f"/api/v1/alerts/{everywhere['id']}/acknowledge").status_code == 403
    assert served.client(Role.planner, "elsewhere").post(path).status_code == 404
    known = planner.post(path)
    assert known.status_code == 200, known.text
    assert known.json()["acknowledged_by"].startswith("token test-")


def test_pairs_are_accepted_and_forgotten(serve: Serve) -> None:
    served = serve()
    client = served.client(Role.editor)
    wanted = {"node": {"framework": KEY, "node": "1.1.1"}, "like": {"framework": KEY, "node": "2.1.1"}}
    assert served.client(Role.planner).post("/api/v1/pairs", json=wanted).status_code == 403
    assert served.client(Role.editor, "elsewhere").post("/api/v1/pairs", json=wanted).status_code == 404
    pair = client.post("/api/v1/pairs", json=wanted)
    assert (pair.status_code, pair.json()["like_code"]) == (201, "2.1.1"), pair.text
    assert client.get("/api/v1/pairs").json()["items"] == [pair.json()]
    assert served.client(Role.reader, "elsewhere").get("/api/v1/pairs").json() == {"items": []}
    assert client.post("/api/v1/pairs", json={**wanted, "like": wanted["node"]}).status_code == 422
    assert client.delete(f"/api/v1/frameworks/{KEY}/pairs/1.1.1").status_code == 204
    assert client.delete(f"/api/v1/frameworks/{KEY}/pairs/1.1.1").status_code == 404


def test_the_configuration_is_for_admins_and_shows_no_secret(serve: Serve) -> None:
    served = serve()
    assert served.client(Role.planner).get("/api/v1/config").status_code == 403
    assert served.client(Role.admin, KEY).get("/api/v1/config").status_code == 403
    answer = served.client(Role.admin).get("/api/v1/config")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    places = {row["key"]: row["value"] for row in shown["places"]}
    assert (places["OPENAI_API_KEY"], "sk-test" in answer.text) == ("(set)", False)
    assert {row["stage"] for row in shown["stages"]} == {"process_details", "usecases"}
    assert "budget_usd" in {row["key"] for row in shown["values"]}
