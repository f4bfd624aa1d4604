"""Pages of runs and money: the same decisions as over HTTP, by forms that a browser sends without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets_tests.web.conftest import Serve, Served
from caseforge_assets_tests.workbench import KEY

HTML = {"accept": "text/html"}
PAGES = ("/", "/money", "/plans", "/batches", "/failed", "/alerts", "/report", "/search?q=advertisements", "/keys")


def get(client: TestClient, path: str) -> str:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, (path, answer.text)
    return answer.text


def post(client: TestClient, path: str, **fields: Any) -> Any:
    return client.post(path, data=fields, headers=HTML, follow_redirects=False)


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve()


def test_a_plan_is_made_approved_and_watched_on_pages(served: Served) -> None:
    planner, reader = served.client(Role.planner), served.client(Role.reader)
    assert "Plan something" in get(planner, "/plans")
    assert "Plan something" not in get(reader, "/plans")
    assert post(reader, "/plans/new", framework=KEY).status_code == 403
    made = post(planner, "/plans/new", framework=KEY, nodes="1.1.1")
    assert "Nothing of it is sent before somebody approves it" in get(planner, made.headers["location"])
    plan_id = served.bench.column("select max(id) from caseforge.plan")[0]
    assert f'<a href="/plans/{plan_id}">' in get(reader, "/")
    expected = re.search(r'name="expected" value="([^"]*)"', get(planner, f"/plans/{plan_id}"))[1]  # type: ignore[index]
    assert "Approve at" not in get(reader, f"/plans/{plan_id}")
    cheaper = post(planner, f"/plans/{plan_id}/approve", expected="0.000001")
    assert (cheaper.status_code, "Nothing was approved" in cheaper.text) == (409, True)
    assert post(planner, f"/plans/{plan_id}/approve", expected="much").status_code == 422
    assert post(planner, f"/plans/{plan_id}/approve", expected=expected).headers["location"] == f"/plans/{plan_id}"
    served.bench.work()
    assert "approved by token" in get(reader, f"/plans/{plan_id}")
    batch_id = served.bench.column("select min(id) from caseforge.batch")[0]
    assert "simulated" in get(reader, f"/batches/{batch_id}")
    assert "Process documents" in get(reader, f"/money?framework={KEY}&days=")
    assert get(reader, "/search?q=advertisements").count('class="sheet"') >= 1
    mistyped = get(reader, "/search?q=advertsie")
    assert '<a href="/use-cases?q=advertsie">' in mistyped
    assert "Shown is what has" in get(reader, "/use-cases?q=advertsie")
    called = get(reader, "/search?q=1.1.1-UC01")
    assert "<h1>Called “1.1.1-UC01”</h1>" in called  # found by its name, whatever words say
    assert 'href="/use-cases/1"' in called
    again = post(planner, f"/batches/{batch_id}/cancel")
    assert (again.status_code, "tick that you are sure" in again.text) == (422, True)
    for path in PAGES:
        get(reader, path)


def test_a_framework_that_is_not_seen_is_on_no_page(served: Served) -> None:
    served.bench.generate("1.1.1")
    stranger = served.client(Role.reader, "elsewhere")
    for path in ("/", "/plans", "/batches", "/alerts", "/search?q=advertisements"):
        assert KEY not in get(stranger, path).replace("keyboard", "")
    for path in (
        f"/failed?framework={KEY}",
        "/plans/1",
        "/batches/1",
        f"/money?framework={KEY}",
        f"/search?q=advertisements&framework={KEY}",
    ):
        assert stranger.get(path, headers=HTML).status_code == 404, path


def test_what_failed_is_planned_again(serve: Serve) -> None:
    served = serve()
    planner = served.client(Role.planner)
    served.bench.approve("1.1.1")
    served.bench.change("update caseforge.request set state = 'failed', not_sent_because = 'too long' where is_current")
    page = get(planner, "/failed")
    assert "Plan to ask all of them again" in page
    assert "Plan to ask" not in get(served.client(Role.reader), "/failed")
    answer = post(planner, "/failed/retry", framework=KEY)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].startswith("/plans/")
