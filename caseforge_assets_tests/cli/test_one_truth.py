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
from caseforge_assets.commands.mirroring.read_statuses import read_statuses
from caseforge_assets.commands.money.sum_budgets import ALL, all_budgets_left
from caseforge_assets.commands.reporting.check_framework import check_framework
from caseforge_assets.commands.reporting.summarize_run import summarize_run
from caseforge_assets.costs.sums import Cost, total, usd
from caseforge_assets.defs.figures.alerts import alert_evaluation
from caseforge_assets.defs.figures.reports import run_figures
from caseforge_assets.reports.checks import Check
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.stages.process_details.sections import BUILT_IN
from caseforge_assets.store.access.tokens import digest_of
from caseforge_assets.store.schema.access_tables import api_token
from caseforge_assets.web.app import make_app
from caseforge_assets.web.service import Service
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.web.portal_pages import page, words
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
    cli = command_line("budget_usd = 50\n[alerts]\nfailed_share = 0.1\nshare_min_count = 1")
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
    count, simulated = len(candidates), sum(row["simulated"] for row in candidates)
    assert 0 < simulated < count
    assert status["simulated_items"]["usecases"] == simulated
    assert f"Candidates: {count}, {simulated} of them simulated" in eventful.run("status")
    with session.store.connect() as connection:
        spread = summarize_run(connection, KEY).items_per_node["usecases"]
    assert spread == Counter(Counter(row["code"] for row in candidates).values())
    assert in_dagster(session)["candidates"] == count
    assert in_dagster(session)["candidates_simulated"] == simulated
    with serviced(session) as service:
        (stage,) = [one for one in service.get(f"/api/v1/frameworks/{KEY}").json()["stages"] if one["is_list"]]
        assert (stage["items"], stage["simulated_items"]) == (count, simulated)
        facets = service.get(f"/api/v1/frameworks/{KEY}/candidates", params={"facets": True}).json()["facets"]
        assert (facets["total"], facets["simulated"]) == (count, simulated)
        assert f"{count} candidates, {simulated} of them simulated" in words(card(service))
        assert words(page(service, f"/use-cases?framework={KEY}"), "//h1") == f"{count} use cases"
        assert figure(page(service, f"/frameworks/{KEY}"), "Use-case candidates").startswith(f"{count} ")


def test_every_row_and_page_states_its_cost(eventful: CommandLine) -> None:
    eventful.run("export", str(eventful.folder / "out.xlsx"), "--framework", KEY)
    candidates, documents = (sheet(eventful.folder / "out.xlsx", name) for name in ("candidates", "documents"))
    assert {row["code"] for row in documents if row["edited"]} == {"1.1.3"}
    with serviced(Session()) as service:
        for row in documents:
            found = service.get(f"/api/v1/frameworks/{KEY}/documents/{row['code']}").json()
            assert cost_in(found) == row["cost_usd"], row["code"]
            (content,) = [
                one for one in eventful.json("show", row["code"], "--framework", KEY)["contents"] if one["id"] == row["content_id"]
            ]
            assert (None if content["cost_usd"] is None else float(content["cost_usd"])) == row["cost_usd"], row["code"]
        for row in candidates:
            found = service.get(f"/api/v1/frameworks/{KEY}/candidates/{row['candidate_uid']}").json()
            assert cost_in(found) == row["cost_usd"], row["candidate_uid"]
    assert [row["cost_usd"] for row in documents if row["edited"]] == [0]
    assert [row["code"] for row in documents if row["cost_usd"] is None] == ["2.1.3"], "an import says nothing of it"


def cost_in(answer: dict[str, Any]) -> float | None:
    return None if answer["cost"] is None else float(answer["cost"]["amount"])


def test_where_nodes_stand_is_the_same_wherever_it_is_said(eventful: CommandLine) -> None:
    (status,) = [framework for framework in eventful.json("status")["frameworks"] if framework["framework"] == KEY]
    expected = status["stages"]
    assert {"done", "failed", "missing"} <= set(expected["process_details"])
    assert {stage["stage"]: stage["states"] for stage in eventful.json("plan", "--framework", KEY)["stages"]} == expected
    session = Session()
    figures = in_dagster(session)
    of_dagster = {stage: {str(state): figures.get(f"{stage}_{state}", 0) for state in NodeState} for stage in expected}
    assert {stage: {state: count for state, count in counts.items() if count} for stage, counts in of_dagster.items()} == expected
    failures = eventful.json("failed", "--framework", KEY, expected=3)
    failed = Counter(row["stage"] for row in failures if row["state"] == "failed")
    assert failed == {stage: counts["failed"] for stage, counts in expected.items() if "failed" in counts}
    with serviced(session) as service:
        of_service = service.get(f"/api/v1/frameworks/{KEY}").json()
        assert {one["stage"]: one["states"] for one in of_service["stages"]} == expected
        assert {one["stage"]: one["items"] for one in of_service["stages"] if one["is_list"]} == status["items"]
        listed = service.get(f"/api/v1/frameworks/{KEY}/failed").json()["items"]
        assert [(row["code"], row["stage"], row["state"]) for row in listed] == [
            (row["code"], row["stage"], row["state"]) for row in failures
        ]
        tree = page(service, f"/frameworks/{KEY}")
        assert figure(tree, "Failed") == str(failed.total())
        assert f"all ({len(failures)})" in words(page(service, f"/failed?framework={KEY}"), "//select")
        shares = {one["stage"]: f"{100 * one['states'].get('done', 0) / one['asked']:.0f} %" for one in of_service["stages"]}
        assert shares["process_details"].replace(" ", "") in figure(tree, "Process documents").replace(" ", "")
    checks = {(check.asset, check.name): check for check in checked(session)}
    newest = {row["code"] for row in failures if row["stage"] == "process_details"}
    assert checks["process_documents", "failures_under_10_percent"].figures["failed"] == len(newest)


def test_quality_is_the_same_wherever_it_is_said(eventful: CommandLine) -> None:
    of_stages = {one["stage"]: one for one in eventful.json("quality", "--framework", KEY)["stages"]}
    session = Session()
    figures, checks = in_dagster(session), {(check.asset, check.name): check for check in checked(session)}
    with serviced(session) as service:
        of_service = {one["stage"]: one for one in service.get(f"/api/v1/frameworks/{KEY}/quality").json()["stages"]}
        of_home = [words(cell) for cell in card(service).xpath(".//tbody/tr/td[last()]")]
    assert [found for found in of_home if found != "–"] == [f"{one['summary']['mean']:.0f}" for one in of_stages.values()]
    for stage, asset in (("process_details", "process_documents"), ("usecases", "usecase_candidates")):
        summary = of_stages[stage]["summary"]
        assert of_service[stage]["summary"]["mean"] == summary["mean"]
        assert figures[f"score_mean_{stage}"] == checks[asset, "scores_sufficient"].figures["mean_score"] == round(summary["mean"], 1)
        assert checks[asset, "scores_sufficient"].figures["measured"] == summary["measured"]
    assert checks["process_documents", "no_near_duplicates"].figures["compared"] == of_stages["process_details"]["compared"]
    assert checks["usecase_candidates", "titles_distinct"].figures["compared"] == of_stages["usecases"]["titles"]
    assert checks["usecase_candidates", "levels_balanced"].figures["compared"] == of_stages["usecases"]["titles"]


def in_dagster(session: Session) -> dict[str, Any]:
    """The figures of the report that Dagster shows; nothing simulated counts as done."""
    return dict(run_figures(session.stored_project, KEY, simulated=False))


def checked(session: Session) -> list[Check]:
    """The verdicts that Dagster shows."""
    statuses = read_statuses(session.store, session.project, KEY)
    with session.store.connect() as connection:
        return check_framework(connection, session.project, KEY, statuses)


def card(service: TestClient) -> Any:
    """The framework's card on Home."""
    (found,) = page(service, "/").xpath(f"//li[h3/a/@href='/frameworks/{KEY}']")
    return found


def figure(tree: Any, name: str) -> str:
    """A figure of a page by its name."""
    return words(tree, f"//main//dl[@class='figures']/div[dt='{name}']/dd")


def test_the_service_and_its_pages_know_the_same_costs(eventful: CommandLine) -> None:
    expected = kinds(eventful.json("costs", "--framework", KEY, "--by", "stage"))
    amounts = {kind: amount for kind, (_, amount) in expected.items()}
    session = Session()
    with serviced(session) as service:
        for by in ("stage", "node", "branch", "model"):
            rows = service.get("/api/v1/costs", params={"framework": KEY, "by": by}).json()["rows"]
            assert kinds([row | of_sum(row["cost"]) for row in rows]) == expected, by
            if by != "node":
                foot = page(service, f"/money?framework={KEY}&by={by}").xpath("//tfoot/tr")
                assert {words(row, "th").removesuffix(", together"): words(row, "td") for row in foot} == amounts, by
        periods = service.get("/api/v1/report", params={"framework": KEY}).json()["periods"]
        assert kinds([row | of_sum(row["cost"]) for row in periods]) == expected
        said = words(card(service), "p")
        assert all(amount in said for amount in amounts.values())
        figures = in_dagster(session)
        attempts = {kind: sum(figures.get(f"{stage.key}_attempts_{kind}", 0) for stage in session.stages) for kind in expected}
        assert attempts == {kind: count for kind, (count, _) in expected.items()}


def test_programs_that_watch_are_told_the_same(eventful: CommandLine) -> None:
    expected = kinds(eventful.json("costs", "--by", "outcome"))
    session = Session()
    with serviced(session) as service:
        told = dict(line.rsplit(" ", 1) for line in service.get("/metrics").text.splitlines() if not line.startswith("#"))
        money = page(service, "/money")
    for kind, (attempts, cost) in expected.items():
        counted = sum(float(value) for name, value in told.items() if name.startswith("caseforge_attempts_total{") and f'"{kind}"' in name)
        unknown = int(float(told[f'caseforge_unknown_costs_total{{payment="{kind}"}}']))
        known = Decimal(told[f'caseforge_cost_usd_total{{payment="{kind}"}}'])
        assert (counted, str(Cost(known, unknown))) == (attempts, cost), kind
    with session.store.connect() as connection:
        left = all_budgets_left(connection, session.project)
    assert float(told['caseforge_budget_left_usd{framework=""}']) == pytest.approx(float(left[ALL].usd))
    assert figure(money, ALL) == usd(left[ALL].usd)


def test_alerts_are_the_same_wherever_they_stand(eventful: CommandLine) -> None:
    listed = eventful.json("alerts", expected=3)
    session = Session()
    with serviced(session) as service:
        of_service = service.get("/api/v1/alerts").json()["items"]
        texts = words(page(service, "/alerts"))
    assert {(row["rule"], row["subject"]) for row in of_service} == {(row["rule"], row["subject"]) for row in listed}
    assert listed
    assert all(row["text"] in texts for row in listed)
    verdict = alert_evaluation(session.store, KEY)
    concerned = [row for row in listed if row["framework_key"] in (KEY, None)]
    assert str(len(concerned)) in str(verdict.description)


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
    rows = eventful.json("costs", "--framework", KEY, "--by", "branch")
    gone = [row for row in rows if row["name"] == "gone from this edition"]
    assert [row["name"] for row in rows if row["kind"] == "simulated"] == ["1 Sell", "2 Repair", "gone from this edition"]
    assert {row["kind"]: row["attempts"] for row in gone} == {
        "simulated": 4,
        "billed": 2,
    }  # both stages of both nodes; those of 1.1.2 were paid for, too


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
