"""Plans over HTTP: made, approved at the price that was seen, raised, declined, cancelled, and made of failed nodes."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.store.serving import wishes
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.workbench import CODES, KEY

PRICY: dict[str, Any] = {"bills": True, "budget_usd": Decimal(50)}


def post(client: TestClient, path: str, body: Any, key: str | None = None) -> Any:
    return client.post(f"/api/v1{path}", json=body, headers={"Idempotency-Key": key or uuid.uuid4().hex})


def make(client: TestClient, nodes: str | None = None, **wanted: Any) -> dict[str, Any]:
    answer = post(client, "/plans", {"framework": KEY, "nodes": nodes, **wanted})
    assert answer.status_code == 201, answer.text
    plan: dict[str, Any] = answer.json()["plan"]
    return plan


def count(served: Served, table: str, where: str = "true") -> int:
    return int(served.bench.column(f"select count(*) from caseforge.{table} where {where}")[0])


def test_a_plan_is_made_read_and_approved_at_its_price(serve: Serve) -> None:
    served = serve(**PRICY)
    client = served.client(Role.planner)
    answer = post(client, "/plans", {"framework": KEY, "nodes": "1.1.*", "stages": ["process_details"]})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    plan = made["plan"]
    assert (plan["state"], plan["to_send"], made["stages"][0]["now"], made["simulated"]) == ("draft", 3, 3, False)
    cost = plan["expected_cost"]["total"]
    assert cost["currency"] == "USD"
    assert Decimal(cost["amount"]) > 0
    assert made["budgets_left"] == {"all frameworks": {"left": {"amount": "50", "currency": "USD"}, "unknown_costs": 0}}
    read = client.get(f"/api/v1/plans/{plan['id']}")
    assert read.json() == plan
    unchanged = {"If-None-Match": read.headers["ETag"]}
    assert client.get(f"/api/v1/plans/{plan['id']}", headers=unchanged).status_code == 304
    assert client.get("/api/v1/plans", params={"state": "draft"}).json()["items"] == [plan]
    assert client.get("/api/v1/plans", params={"state": "approved"}).json()["items"] == []

    lower = {"amount": str(Decimal(cost["amount"]) / 2)}
    refused = post(client, f"/plans/{plan['id']}/approve", {"expected_cost": lower})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/price-risen")
    assert refused.json()["expected_cost"]["total"] == cost
    assert post(client, f"/plans/{plan['id']}/approve", {"expected_cost": None}).status_code == 409
    assert post(client, f"/plans/{plan['id']}/approve", {}).status_code == 422
    low = post(client, f"/plans/{plan['id']}/approve", {"expected_cost": cost, "max_cost": {"amount": "0.000001"}})
    assert (low.status_code, low.json()["type"]) == (409, "/problems/limit-too-low")
    assert count(served, "work_wish") == 0

    approved = post(client, f"/plans/{plan['id']}/approve", {"expected_cost": cost, "max_cost": {"amount": "5"}})
    assert approved.status_code == 200, approved.text
    now = approved.json()["plan"]
    assert client.get(f"/api/v1/plans/{plan['id']}", headers=unchanged).json() == now
    assert (now["state"], now["max_cost"]["amount"], now["for_simulated_only"]) == ("approved", "5.000000", False)
    assert [change["change"] for change in now["changes"]] == ["approved"]
    assert now["changes"][0]["by"].startswith("token test-")
    run = client.get(f"/api/v1/runs/{approved.json()['run']}").json()
    assert (run["wish"], run["done_at"]) == ("submit", None)
    assert served.bench.stats()["batches_created"] == 0  # nothing is sent inside the request
    again = post(client, f"/plans/{plan['id']}/approve", {"expected_cost": cost})
    assert (again.status_code, again.json()["detail"].startswith(f"plan {plan['id']} is approved already")) == (409, True)

    assert post(client, f"/plans/{plan['id']}/raise", {"max_cost": {"amount": "4"}}).status_code == 409
    assert post(client, f"/plans/{plan['id']}/raise", {"max_cost": {"amount": "6"}}).json()["plan"]["max_cost"]["amount"] == "6.000000"
    cancelled = client.post(f"/api/v1/plans/{plan['id']}/cancel").json()
    assert (cancelled["state"], cancelled["to_send"]) == ("cancelled", 0)
    other = make(client, "2.1.1")
    assert client.post(f"/api/v1/plans/{other['id']}/decline").json()["state"] == "declined"
    assert client.post(f"/api/v1/plans/{other['id']}/decline").status_code == 409
    actions = served.bench.column("select action from caseforge.audit_entry where subject like 'plan %' order by id")
    assert actions == ["plan.approved", "plan.raised", "plan.cancelled", "plan.declined"]
    first = client.get("/api/v1/plans", params={"limit": 1}).json()
    assert [item["id"] for item in first["items"]] == [other["id"]]
    second = client.get("/api/v1/plans", params={"limit": 1, "cursor": first["next"]}).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == ([plan["id"]], None)
    assert client.get("/api/v1/plans", params={"cursor": "nonsense"}).status_code == 422


def test_the_price_in_the_event_is_the_price_of_the_plan_and_is_enough_to_approve_it(serve: Serve) -> None:
    served = serve(**PRICY)
    client = served.client(Role.planner)
    made = post(client, "/plans", {"framework": KEY}).json()
    stages = {stage["stage"]: Decimal(stage["expected_cost"]["amount"]) for stage in made["stages"]}
    assert Decimal(made["plan"]["expected_cost"]["total"]["amount"]) == sum(stages.values())
    assert Decimal(made["plan"]["to_send_cost"]["total"]["amount"]) == stages["process_details"]
    waiting = next(event for event in client.get("/api/v1/events").json()["items"] if event["kind"] == "plan.waiting")
    assert post(client, f"/plans/{made['plan']['id']}/approve", {"expected_cost": waiting["data"]["expected_cost"]}).status_code == 200


def test_plans_of_other_frameworks_are_not_there_and_readers_do_not_plan(serve: Serve) -> None:
    served = serve()
    plan = make(served.client(Role.planner, KEY))
    reader, stranger = served.client(Role.reader), served.client(Role.admin, "elsewhere")
    body = {"expected_cost": plan["expected_cost"]["total"]}
    assert post(reader, "/plans", {"framework": KEY}).status_code == 403
    assert post(stranger, "/plans", {"framework": KEY}).status_code == 404
    assert stranger.get("/api/v1/plans").json()["items"] == []
    assert stranger.get("/api/v1/plans", params={"framework": KEY}).status_code == 404
    assert stranger.get(f"/api/v1/plans/{plan['id']}").status_code == 404
    for path, sent in (("approve", body), ("raise", {"max_cost": None}), ("decline", None), ("cancel", None)):
        assert post(stranger, f"/plans/{plan['id']}/{path}", sent).status_code == 404, path
        assert post(reader, f"/plans/{plan['id']}/{path}", sent).status_code == 403, path
    assert reader.get(f"/api/v1/plans/{plan['id']}").json()["state"] == "draft"
    assert reader.get("/api/v1/plans/99").json()["detail"] == "there is no plan 99, or you may not see it"
    contradictory = post(served.client(Role.planner), "/plans", {"framework": KEY, "limit": 3})
    assert (contradictory.status_code, "--limit goes with --select" in contradictory.json()["detail"]) == (422, True)


def test_a_planner_keeps_to_a_limit_of_their_own(serve: Serve) -> None:
    served = serve(**PRICY)
    plan = make(served.client(Role.planner), "1.1.1")
    body = {"expected_cost": plan["expected_cost"]["total"]}
    poor, rich = served.client(Role.planner, limit_usd=Decimal("0.0001")), served.client(Role.planner, limit_usd=Decimal(5))
    refused = post(poor, f"/plans/{plan['id']}/approve", body)
    assert (refused.status_code, "may approve up to $0.0001" in refused.json()["detail"]) == (403, True)
    assert post(rich, f"/plans/{plan['id']}/approve", {**body, "max_cost": {"amount": "5"}}).status_code == 200
    assert post(rich, f"/plans/{plan['id']}/raise", {"max_cost": {"amount": "6"}}).status_code == 403


def test_a_plan_is_approved_once_whatever_happens_between(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    served = serve(**PRICY)
    client = served.client(Role.planner)
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: post(client, "/plans", {"framework": KEY}, "one-plan-please"), range(4)))
    assert {answer.status_code for answer in made} == {201}
    assert count(served, "plan") == 1
    plan = made[0].json()["plan"]
    body, path = {"expected_cost": plan["expected_cost"]["total"]}, f"/plans/{plan['id']}/approve"
    with monkeypatch.context() as patched:  # killed after the effect, before the answer
        patched.setattr(wishes, "ask", lambda *_: 1 / 0)
        assert post(client, path, body, "approve-once").status_code == 500
    assert client.get(f"/api/v1/plans/{plan['id']}").json()["state"] == "draft"
    assert count(served, "plan_change") == 0
    answers = [post(client, path, body, "approve-once") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[1].json() == answers[0].json()
    assert answers[2].headers["Idempotent-Replayed"] == "true"
    assert (count(served, "plan_change"), count(served, "work_wish"), count(served, "audit_entry", "action = 'plan.approved'")) == (1, 1, 1)


def test_failed_nodes_and_low_scores_are_planned_again(serve: Serve) -> None:
    served = serve(faults=["no_text:rate=1"])
    served.bench.generate("1.1.1")
    client = served.client(Role.planner)
    answer = post(client, "/retries", {"framework": KEY})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["nodes"], made["plan"]["state"], made["plan"]["made_by"]) == (1, "draft", "retry")
    assert post(client, "/retries", {"framework": KEY, "quality_below": 50, "max_tokens": 300}).status_code == 422
    low = post(client, "/retries", {"framework": KEY, "quality_below": 100})
    assert (low.status_code, low.json()["nodes"]) == (201, 0)


def test_runs_are_asked_for_and_listed(serve: Serve) -> None:
    served = serve()
    client, other = served.client(Role.planner), served.client(Role.planner, KEY)
    asked = post(client, "/runs", {"wish": "collect"})
    assert (asked.status_code, asked.json()["outcome"]) == (202, None)
    run_id = asked.json()["id"]
    served.bench.change("update caseforge.work_wish set done_at = now(), outcome = 'nothing to collect'")
    assert client.get(f"/api/v1/runs/{run_id}").json()["outcome"] == "nothing to collect"
    assert [item["id"] for item in client.get("/api/v1/runs").json()["items"]] == [run_id]
    assert other.get("/api/v1/runs").json()["items"] == []
    assert other.get(f"/api/v1/runs/{run_id}").status_code == 404
    assert post(client, "/runs", {"wish": "spend"}).status_code == 422
    assert post(served.client(Role.editor), "/runs", {"wish": "submit"}).status_code == 403


def test_everything_may_be_planned_of_a_simulated_provider(serve: Serve) -> None:
    served = serve()
    plan = make(served.client(Role.planner))
    assert plan["to_send"] + plan["follow"] == 2 * len(CODES)
    assert Decimal(plan["expected_cost"]["total"]["amount"]) > 0  # what a provider that bills would ask
