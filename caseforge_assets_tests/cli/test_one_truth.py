"""One truth: whatever shows a figure shows the same one, on a project in which everything has happened."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import insert, text
from starlette.testclient import TestClient

from caseforge_assets.access.roles import Role
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.commands.reporting.summarize_run import summarize_run
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.defs.figures.reports import run_figures
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.stages.process_details.sections import BUILT_IN
from caseforge_assets.store.access.tokens import digest_of
from caseforge_assets.store.schema.access_tables import api_token
from caseforge_assets.web.app import make_app
from caseforge_assets.web.service import Service
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.workbench import KEY, SHOP, serving, write_table

pytestmark = pytest.mark.slow

# 1.1.2 has a child now, 2.1.2 is gone, 1.1.3 is called differently.
NEXT_EDITION = sorted(
    [("1.1.3", "e", "Write quotations", row[3]) if row[1] == "e" else row for row in SHOP if row[1] != "i"]
    + [("1.1.2.1", "k", "Answer by phone", "Picks up the phone.")]
)
DOCUMENT = "\n\n".join(f"## {section.name}\n\nWhat the clerk does with it." for section in BUILT_IN.entries)
FAULTS = ["truncate:attempts=1,match=-1-1-1-r", "truncate:match=-2-1-1-r"]


@pytest.fixture
def eventful(command_line: OpenCommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommandLine]:
    """Simulated and billed answers, failures and retries, an import, an edit, two editions, nodes that are gone, reuse by another framework."""
    cli = command_line("budget_usd = 50")
    cli.load_shop()
    cli.json("generate", "--wait")
    cli.run("load", str(write_table(tmp_path / "other.csv", SHOP[:5])), "--framework", "other")
    cli.json("generate", "--framework", "other", "--wait")
    with serving(tmp_path / "billing", bills=True, faults=FAULTS) as base_url:
        monkeypatch.setenv("OPENAI_BASE_URL", base_url)
        cli.run("generate", "--framework", KEY, "--nodes", "1.1.1,1.1.2,1.1.3,2.1.1", "--wait", "--yes", expected=3)
        cli.run("retry", "--framework", KEY, "--wait", "--yes", expected=3)
        take_over(cli, "2.1.3")
        page = tmp_path / "edited.md"
        page.write_text(f"{DOCUMENT}\n\nAda knows it better.\n")
        cli.run("edit", "1.1.3", "--framework", KEY, "--file", str(page), "--by", "Ada")
        cli.run("load", str(write_table(cli.folder / "shop.csv", NEXT_EDITION)), "--framework", KEY)
        yield cli


def take_over(cli: CommandLine, code: str) -> None:
    """Imports an answer of somebody else's batch, without usage."""
    choice = {"message": {"role": "assistant", "content": DOCUMENT}, "finish_reason": "stop"}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-5", "choices": [choice]}
    file = cli.folder / "foreign.jsonl"
    file.write_text(json.dumps({"custom_id": f"n_{code}", "response": {"status_code": 200, "body": body}, "error": None}) + "\n")
    cli.run("import-results", str(file), "--framework", KEY, "--stage", "process_details", "--custom-id", r"^n_(?P<code>[\d.]+)$")


def kinds(rows: list[dict[str, Any]]) -> dict[str, tuple[int, str]]:
    """Per kind of provider: attempts, and their cost in words."""
    return {
        kind: (
            sum(row["attempts"] for row in rows if row["kind"] == kind),
            str(total(cost_of(row) for row in rows if row["kind"] == kind)),
        )
        for kind in {row["kind"] for row in rows}
    }


def kind_of(row: dict[str, Any]) -> str:
    return "simulated" if row["simulated"] else "imported" if row["imported"] else "billed"


def cost_of(row: dict[str, Any]) -> Cost:
    amount = row["cost_usd"]
    return Cost.of(None if amount is None else Decimal(str(amount)), row["unknown_costs"])


def sheet(file: Path, name: str) -> list[dict[str, Any]]:
    head, *rows = openpyxl.load_workbook(file)[name].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def test_costs_are_the_same_wherever_they_stand(eventful: CommandLine) -> None:
    by = {
        group: eventful.json("costs", "--framework", KEY, "--by", group)
        for group in ("stage", "day", "branch", "node", "batch", "outcome", "model")
    }
    expected = kinds(by["stage"])
    assert set(expected) == {"billed", "simulated", "imported"}
    assert {group: kinds(rows) for group, rows in by.items()} == dict.fromkeys(by, expected)
    eventful.run("export", str(eventful.folder / "out.xlsx"), "--framework", KEY)
    costs = sheet(eventful.folder / "out.xlsx", "costs")
    assert kinds(costs) == expected
    assert kinds(eventful.json("report", "--framework", KEY)["periods"]) == expected
    (status,) = [framework for framework in eventful.json("status")["frameworks"] if framework["framework"] == KEY]
    assert kinds([row | {"kind": kind_of(row)} for row in status["spent"]]) == expected
    in_file = [row for row in costs if row["answers"] == "in this file"]
    shown = [row for name in ("documents", "candidates") for row in sheet(eventful.folder / "out.xlsx", name)]
    assert sum(row["cost_usd"] or 0 for row in shown) == pytest.approx(sum(row["cost_usd"] or 0 for row in in_file), abs=1e-4)


def test_candidates_are_counted_the_same_wherever_they_stand(eventful: CommandLine) -> None:
    (status,) = [framework for framework in eventful.json("status")["frameworks"] if framework["framework"] == KEY]
    eventful.run("export", str(eventful.folder / "out.xlsx"), "--framework", KEY)
    candidates = sheet(eventful.folder / "out.xlsx", "candidates")
    (quality,) = [stage for stage in eventful.json("quality", "--framework", KEY)["stages"] if stage["stage"] == "usecases"]
    assert status["candidates"] == len(candidates) > 0
    assert {row["code"] for row in candidates} == {row["code"] for row in quality["contents"]}
    assert not {"1.1.2", "2.1.2"} & {row["code"] for row in candidates}
    eventful.run("export", str(eventful.folder / "gone.xlsx"), "--framework", KEY, "--retired")
    assert {row["code"] for row in sheet(eventful.folder / "gone.xlsx", "candidates")} == {"1.1.2", "2.1.2"}
    session = Session()
    figures = run_figures(session.stored_project, KEY)
    with session.store.connect() as connection:
        spread = summarize_run(connection, KEY).items_per_node["usecases"]
        real = summarize_run(connection, KEY, simulated=False).items_per_node.get("usecases", {})
    assert figures["candidates"] == sum(items * nodes for items, nodes in spread.items()) == len(candidates)
    assert spread == Counter(Counter(row["code"] for row in candidates).values())
    simulated = len(candidates) - sum(items * nodes for items, nodes in real.items())
    assert status["simulated_items"]["usecases"] == simulated > 0
    assert f"Candidates: {len(candidates)}, {simulated} of them simulated" in eventful.run("status")


def test_where_nodes_stand_is_the_same_wherever_it_is_said(eventful: CommandLine) -> None:
    (status,) = [framework for framework in eventful.json("status")["frameworks"] if framework["framework"] == KEY]
    expected = status["stages"]
    assert {"done", "failed", "missing"} <= set(expected["process_details"])
    assert {stage["stage"]: stage["states"] for stage in eventful.json("plan", "--framework", KEY)["stages"]} == expected
    session = Session()
    figures = run_figures(session.store, session.project, session.folder, KEY, simulated=False)
    in_dagster = {stage: {str(state): figures.get(f"{stage}_{state}", 0) for state in NodeState} for stage in expected}
    assert {stage: {state: count for state, count in counts.items() if count} for stage, counts in in_dagster.items()} == expected
    with serviced(session) as service:
        of_service = service.get(f"/api/v1/frameworks/{KEY}").json()
        assert {stage["stage"]: stage["states"] for stage in of_service["stages"]} == expected
        assert {stage["stage"]: stage["items"] for stage in of_service["stages"] if stage["is_list"]} == status["items"]
    failed = Counter(row["stage"] for row in eventful.json("failed", "--framework", KEY, expected=3))
    assert failed == {stage: counts["failed"] for stage, counts in expected.items() if "failed" in counts}


def test_the_service_knows_the_same_costs(eventful: CommandLine) -> None:
    expected = kinds(eventful.json("costs", "--framework", KEY, "--by", "stage"))
    with serviced(Session()) as service:
        for by in ("stage", "node", "branch", "model"):
            rows = service.get("/api/v1/costs", params={"framework": KEY, "by": by}).json()["rows"]
            assert kinds([row | of_sum(row["cost"]) for row in rows]) == expected, by
        periods = service.get("/api/v1/report", params={"framework": KEY}).json()["periods"]
        assert kinds([row | of_sum(row["cost"]) for row in periods]) == expected


def of_sum(cost: dict[str, Any]) -> dict[str, Any]:
    """A sum of the service as rows of the command line have it."""
    return {"cost_usd": cost["known"] and cost["known"]["amount"], "unknown_costs": cost["unknown"]}


@contextmanager
def serviced(session: Session) -> Iterator[TestClient]:
    """A client of the service on the session's project, with a token that reads everything."""
    secret = "one-truth"
    with session.store.begin() as connection:
        connection.execute(insert(api_token), {"name": "all", "digest": digest_of(secret), "role": Role.reader, "created_by": "test"})
    with ExitStack() as stack:
        service = Service(session.settings)
        stack.callback(service.close)
        headers = {"authorization": f"Bearer {secret}"}
        yield stack.enter_context(closing(TestClient(make_app(service), base_url="http://127.0.0.1", headers=headers)))


def test_nodes_that_are_gone_are_the_same_for_editions_and_costs(eventful: CommandLine) -> None:
    gone = [row for row in eventful.json("costs", "--framework", KEY, "--by", "branch") if row["name"] == "gone from this edition"]
    assert {row["kind"]: row["attempts"] for row in gone} == {
        "simulated": 4,
        "billed": 1,
    }  # both stages of both nodes; the billed one of 1.1.2


def test_a_plan_and_a_preview_expect_the_same_answer(eventful: CommandLine) -> None:
    plan = eventful.json("plan", "--framework", KEY)
    (part,) = [stage for stage in plan["stages"] if stage["stage"] == "process_details"]
    preview = eventful.json("preview", "1.1.2.1", "--framework", KEY)
    assert part["output_tokens"] == preview["output_tokens"] * (part["now"] + part["later"])


def test_a_report_of_days_without_answers_says_where_the_newest_is(eventful: CommandLine) -> None:
    session = Session()
    with session.store.begin() as connection:
        connection.execute(text("update caseforge.attempt set answered_at = answered_at - interval '20 days'"))
        connection.execute(
            text("update caseforge.batch set final_at = final_at - interval '20 days', created_at = created_at - interval '20 days'")
        )
    said = eventful.run("report", "--framework", KEY)
    assert "Nothing came back in the last 7 days; the newest answer is of" in said
    assert "What came back" in eventful.run("report", "--framework", KEY, "--since", said.split("--since ")[1].split("`")[0])
