"""A stage of one's own, as docs/templates.md has it: one folder and one line in caseforge.toml, and it is everywhere."""

from __future__ import annotations

import csv
from typing import Any

import dagster as dg
import pytest
from openpyxl import load_workbook

from caseforge_assets.definitions import build_defs
from caseforge_assets.settings import load_settings
from caseforge_assets_tests.cli.conftest import CommandLine, OpenCommandLine
from caseforge_assets_tests.documented import write_documented
from caseforge_assets_tests.workbench import CODES

pytestmark = pytest.mark.slow

STAGES = ["process_details", "risk_register", "usecases"]
RISK_ASSETS = ("risk_batch_inputs", "risk_batch_outputs", "risk_registers")
OWN = 'own_stages = "my_stages"'


@pytest.fixture
def shop(command_line: OpenCommandLine) -> Any:
    """Opens a project with the documented stage and the small framework."""

    def start(toml: str = OWN, **options: Any) -> CommandLine:
        cli = command_line(toml, **options)
        write_documented(cli.folder, "my_stages/")
        cli.load_shop()
        return cli

    return start


def test_a_folder_makes_a_third_stage_from_plan_to_export(shop: Any) -> None:
    cli = shop()
    plan = cli.json("plan")
    assert [(part["stage"], part["now"], part["later"]) for part in plan["stages"]] == [
        ("process_details", 6, 0),
        ("risk_register", 0, 6),
        ("usecases", 0, 6),
    ]
    cli.run("generate", "--yes", "--wait")
    status = cli.json("status")["frameworks"][0]
    assert status["stages"] == {stage: {"done": 6} for stage in STAGES}
    assert status["items"]["risk_register"] >= 18
    assert status["candidates"] == status["items"]["usecases"]
    shown = cli.json("show", "1.1.1")
    assert [content["stage"] for content in shown["contents"]] == STAGES
    risks = [item for item in shown["candidates"] if item["stage"] == "risk_register"]
    assert [risk["candidate_uid"] for risk in risks] == [f"1.1.1-R{number:02d}" for number in range(1, len(risks) + 1)]
    assert set(risks[0]["fields"]) == {"cause", "likelihood", "impact", "control"}
    assert cli.json("failed") == []
    assert "Nothing is stale" in cli.run("stale")
    said = cli.run("status")
    assert f"Risks: {status['items']['risk_register']}" in said
    assert f"Candidates: {status['candidates']}" in said
    export(cli, status["items"])


def export(cli: CommandLine, items: dict[str, int]) -> None:
    said = cli.run("export", str(cli.folder / "out.csv"), "--format", "csv")
    assert f"6 documents and {items['usecases']} candidates, {items['risk_register']} risks in" in said
    with (cli.folder / "out-risks.csv").open(encoding="utf-8-sig", newline="") as file:
        risks = list(csv.DictReader(file))
    assert len(risks) == items["risk_register"]
    assert {risk["likelihood"] for risk in risks} <= {"Low", "Medium", "High"}
    cli.run("export", str(cli.folder / "out.xlsx"), "--format", "xlsx")
    assert load_workbook(cli.folder / "out.xlsx").sheetnames[-4:] == ["candidates", "documents", "risks", "costs"]
    cli.run("export", str(cli.folder / "out"))
    assert sorted(path.name for path in (cli.folder / "out" / "risk_register").iterdir())[0] == "1.1.1_c.md"


def test_its_assets_stand_in_dagster_with_their_lineage(shop: Any) -> None:
    cli = shop()
    cli.run("generate", "--yes", "--wait")
    definitions = build_defs(load_settings(cli.folder))
    graph = definitions.resolve_asset_graph()
    above = {name: {key.path[-1] for key in graph.get(dg.AssetKey(["shop", name])).parent_keys} for name in RISK_ASSETS}
    assert above == {
        "risk_batch_inputs": {"node_contexts", "process_documents"},
        "risk_batch_outputs": {"risk_batch_inputs"},
        "risk_registers": {"risk_batch_outputs"},
    }
    with dg.DagsterInstance.from_config(str(cli.folder)) as instance:
        for name in RISK_ASSETS:
            key = dg.AssetKey(["shop", name])
            assert len(instance.get_materialized_partitions(key)) == len(CODES)
            (record,) = instance.fetch_materializations(dg.AssetRecordsFilter(key, asset_partitions=["1.1.1_c"]), limit=1).records
            tags = record.asset_materialization.tags
            assert {tag.rpartition("/")[2] for tag in tags if tag.startswith("dagster/input_event_pointer/")} == above[name]
            assert tags["dagster/code_version"] == graph.get(key).code_version
        table = record.asset_materialization.metadata["risks"]
        assert [column.name for column in table.schema.columns] == ["id", "title", "likelihood", "control"]
        assert table.records[0].data["id"] == "1.1.1-R01"
        report = instance.get_latest_materialization_event(dg.AssetKey(["shop", "run_report"]))
    assert report is not None
    assert_reported(report.asset_materialization.metadata, cli.json("status")["frameworks"][0]["items"])


def assert_reported(figures: Any, items: dict[str, int]) -> None:
    """Each stage's items are counted as its own, wherever it stands in the order of stages."""
    for stage, name in (("risk_register", "risks"), ("usecases", "candidates")):
        by_node = {int(row.data["a node has"].split()[0]): row.data["nodes"] for row in figures[f"{name}_by_node"].records}
        assert sum(count * nodes for count, nodes in by_node.items()) == items[stage] == figures[name].value
        assert figures[f"{name}_per_node"].value == pytest.approx(items[stage] / len(CODES), abs=1e-4)
    an_item = {row.data["stage"]: row.data["an item"] for row in figures["cost"].records}
    assert an_item["process_details"] == ""
    assert an_item["risk_register"].startswith("$")
    assert an_item["usecases"].startswith("$")


def test_it_fails_and_is_retried_like_the_others_and_only_what_reads_a_change_is_stale(shop: Any) -> None:
    cli = shop(faults=["truncate_content:batch=2,match=^risk_register-1-1-1-"])
    cli.run("generate", "--yes", "--wait", "--stage", "process_details", "--stage", "risk_register", expected=3)
    (failed,) = cli.json("failed", expected=3)
    assert (failed["stage"], failed["code"], failed["outcome"]) == ("risk_register", "1.1.1", "truncated")
    cli.run("retry", "--wait")
    assert cli.json("failed") == []
    template = cli.folder / "my_stages" / "risk_register" / "user.jinja"
    template.write_text(template.read_text().replace("List the risks", "Name the risks"))
    stages = cli.json("status")["frameworks"][0]["stages"]
    assert (stages["process_details"], stages["risk_register"]) == ({"done": 6}, {"stale": 6})
    assert "Name the risks of this process." in cli.run("preview", "1.1.1", "--stage", "risk_register")


def test_a_judge_with_an_error_loses_no_answer(shop: Any) -> None:
    cli = shop()
    code = cli.folder / "my_stages" / "risk_register" / "__init__.py"
    good = code.read_text()
    code.write_text(good.replace("if answer.cut:", "if answer.cut_off:"))
    cli.run("generate", "--yes", "--nodes", "1.1.1", "--wait", "--stage", "process_details")
    cli.run("generate", "--yes", "--nodes", "1.1.1", "--stage", "risk_register")
    cli.run("collect", expected=4)
    newest = cli.json("status")["batches"][0]
    assert (newest["state"], newest["stage"]) == ("final", "risk_register")
    assert "cannot be collected before its stage is mended: the judge of the stage risk_register failed: AttributeError" in newest["reason"]
    code.write_text(good)
    cli.run("collect")
    assert cli.json("status")["frameworks"][0]["stages"]["risk_register"]["done"] == 1
    assert cli.json("status")["batches"][0]["reason"] == ""
    assert cli.stats()["requests_accepted"] == 2


def test_its_settings_are_those_of_its_table(shop: Any) -> None:
    cli = shop(f'{OWN}\n[stages.risk_register]\nmodel = "gpt-4o"\nmax_completion_tokens = 20_000')
    assert "stages.risk_register.max_completion_tokens: gpt-4o writes 16,384 tokens at most" in cli.run("plan", expected=2)
    assert cli.run("--set", "stages.risk_register.max_completion_tokens=9000", "plan")


def test_a_stage_that_is_taken_out_again_holds_up_nothing_and_loses_nothing(shop: Any) -> None:
    cli = shop()
    cli.run("generate", "--yes", "--wait", "--nodes", "1.1.1", "--stage", "process_details")
    cli.run("generate", "--yes", "--nodes", "1.1.1", "--stage", "risk_register")
    whole = cli.configuration()
    (cli.folder / "caseforge.toml").write_text(whole.replace(OWN, ""))
    said = cli.run("generate", "--yes", "--wait", "--nodes", "1.1.2", "--stage", "process_details")
    assert "Collected process_details" in said
    assert cli.json("status")["frameworks"][0]["stages"]["process_details"]["done"] == 2
    waiting = next(batch for batch in cli.json("status")["batches"] if batch["stage"] == "risk_register")
    assert "cannot be collected before its stage is mended: There is no stage risk_register" in waiting["reason"]
    (cli.folder / "caseforge.toml").write_text(whole)
    cli.run("collect")
    assert cli.json("status")["frameworks"][0]["stages"]["risk_register"]["done"] == 1
