"""The whole way over HTTP, from a workbook to an Excel file; the work is done by the command that workers call."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.rounds.do_wishes import do_wishes
from caseforge_assets_tests.web.conftest import Serve
from caseforge_assets_tests.web.uploads import table

API = "/api/v1"


def test_from_upload_to_export(serve: Serve) -> None:
    served = serve()
    admin = served.client(Role.admin)
    upload = {"file": ("bicycles.csv", table())}
    looked = admin.post(f"{API}/frameworks/bicycles/editions", files=upload).json()
    assert (looked["new_framework"], looked["judged"]["targets"]) == (True, 6)
    assert admin.post(f"{API}/frameworks/bicycles/editions", files=upload, params={"dry_run": False}).status_code == 201

    planner = served.client(Role.planner, "bicycles", limit_usd=Decimal(5))
    wanted = {"framework": "bicycles", "nodes": "1.1.*"}
    plan = planner.post(f"{API}/plans", json=wanted, headers={"Idempotency-Key": "first-plan"}).json()["plan"]
    assert (plan["to_send"], plan["follow"]) == (3, 3)
    consent = {"expected_cost": plan["expected_cost"]["total"], "max_cost": {"amount": "5"}}
    approved = planner.post(f"{API}/plans/{plan['id']}/approve", json=consent, headers={"Idempotency-Key": "first-yes"})
    assert approved.status_code == 200, approved.text

    do_wishes(served.bench.project, announce=lambda _: None)  # as a worker beside the service does at once
    run = planner.get(f"{API}/runs/{approved.json()['run']}").json()
    assert run["outcome"], run
    served.bench.work()
    batches = planner.get(f"{API}/batches", params={"framework": "bicycles"}).json()["items"]
    assert [(batch["stage"], batch["state"], batch["done"]) for batch in batches] == [
        ("usecases", "collected", 3),
        ("process_details", "collected", 3),
    ]
    done = planner.get(f"{API}/plans/{plan['id']}").json()
    assert (done["to_send"], done["under_way"], done["follow"], done["spent"]["total"]["amount"]) == (0, 0, 0, "0")
    editor = served.client(Role.editor, "bicycles")
    document = editor.get(f"{API}/frameworks/bicycles/documents/1.1.1")
    changed = {"body": document.json()["body"] + "\n\nMind the rain."}
    path = f"{API}/frameworks/bicycles/documents/1.1.1"
    assert editor.put(path, json=changed, headers={"If-Match": document.headers["ETag"]}).status_code == 200

    asked = planner.post(f"{API}/exports", json={"framework": "bicycles", "format": "xlsx"}).json()
    book = openpyxl.load_workbook(io.BytesIO(planner.get(f"{API}/exports/{asked['id']}/file").content))
    bodies = {row["code"]: row["body"] for row in _rows(book["documents"])}
    assert set(bodies) == {"1.1.1", "1.1.2", "1.1.3"}
    assert bodies["1.1.1"].endswith("Mind the rain.")
    costs = planner.get(f"{API}/costs", params={"framework": "bicycles"}).json()
    assert Decimal(costs["together"]["simulated"]["total"]["amount"]) > 0


def _rows(sheet: object) -> list[dict[str, str]]:
    head, *rows = sheet.iter_rows(values_only=True)  # type: ignore[attr-defined]
    return [dict(zip(head, row, strict=True)) for row in rows]
