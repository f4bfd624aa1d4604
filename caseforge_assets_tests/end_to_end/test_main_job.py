"""From a workbook to documents and use cases, by command line, as its user would; Dagster shows every node."""

from __future__ import annotations

from pathlib import Path

import pytest
from dagster import AssetKey

from caseforge_assets.frameworks import sample_path
from caseforge_assets.stages.stages import all_assets
from caseforge_assets_tests.cli.conftest import COMMENT
from caseforge_assets_tests.end_to_end.conftest import Project
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

ROWS = "^node_\\d+_(?P<code>.+)$"


def materialized(project: Project, key: str) -> dict[str, int]:
    return {
        asset.name: len(project.instance.get_materialized_partitions(AssetKey([key, asset.name])))
        for asset in all_assets(stages_as_they_come())
    }


def test_the_sample_goes_all_the_way(project: Project) -> None:
    project.run("load", str(sample_path()), "--framework", "sample")
    assert COMMENT in (project.folder / "caseforge.toml").read_text()
    result = project.json("generate", "--framework", "sample", "--yes", "--wait")
    assert result["failed_nodes"] == 0
    assert materialized(project, "sample") == {asset.name: 60 for asset in all_assets(stages_as_they_come())}
    [report] = project.json("status")["frameworks"]
    assert report["stages"] == {"process_details": {"done": 60}, "usecases": {"done": 60}}
    assert 360 <= report["candidates"] <= 600
    shown = project.json("show", "1.1.1.1")
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["ok", "ok"]
    assert "Simulated" in shown["contents"][0]["body"]
    assert project.json("generate", "--framework", "sample", "--yes", "--wait")["plan"]["nodes"] == 0
    assert project.stats()["accepted"] == {"requests": 120, "distinct_bodies": 120, "max_multiplicity": 1}


@pytest.mark.slow
def test_a_killed_run_goes_on_and_nothing_is_paid_twice(project: Project) -> None:
    project.run("load", str(sample_path()), "--framework", "sample")
    for seconds in (1.2, 1.8, 2.4):
        project.kill_after(seconds, "generate", "--framework", "sample", "--yes", "--wait")
    project.run("generate", "--framework", "sample", "--yes", "--wait")
    assert project.stats()["accepted"] == {"requests": 120, "distinct_bodies": 120, "max_multiplicity": 1}
    assert materialized(project, "sample") == {asset.name: 60 for asset in all_assets(stages_as_they_come())}


@pytest.mark.slow
def test_a_file_that_is_not_in_order_changes_nothing(project: Project) -> None:
    bad = project.folder / "bad.csv"
    bad.write_text("code,name,description\n1,One,first\n1,Again,second\n2.1,Orphan,third\n")
    before = (project.folder / "caseforge.toml").read_text()
    found = project.json("load", str(bad), "--framework", "bad", "--check", expected=2)
    assert set(found) == {
        "framework", "version", "nodes", "targets", "levels", "without_description", "kpis", "problems", "warnings"
    }  # fmt: skip
    assert {problem["row"] for problem in found["problems"]} >= {3}
    project.run("load", str(bad), "--framework", "bad", expected=2)
    assert (project.folder / "caseforge.toml").read_text() == before
    assert project.json("frameworks") == []


@pytest.mark.slow
def test_answers_paid_elsewhere_are_taken_over(project: Project, shared: Path) -> None:
    key = "cross_industry"
    project.run("load", str(shared / "apqc" / "cross-industry-v7.4.xlsx"), "--framework", key)
    files, options = shared / "openai_batches", ("--framework", key, "--custom-id")
    details = ("--stage", "process_details")
    good = project.json("import-results", str(files / "process_details_ok.output.jsonl"), *options, ROWS, *details)
    assert good["outcomes"] == {"ok": 3}
    empty = project.json("import-results", str(files / "process_details_truncated.output.jsonl"), *options, ROWS, *details, expected=3)
    assert empty["outcomes"] == {"truncated_reasoning": 3}
    usecases = (str(files / "usecases_mixed.output.jsonl"), *options, "^usecases_" + ROWS[1:], "--stage", "usecases")
    assert project.json("import-results", *usecases, expected=3)["outcomes"] == {"ok": 5, "truncated_reasoning": 1}
    assert project.json("import-results", *usecases, expected=3)["already_imported"] is True
    failed = project.json("failed", "--framework", key, expected=3)
    assert {row["detail"] for row in failed} == {"reasoning used all 4,000 tokens of the budget; no text was left"}
    attempts = [
        attempt for code in ("1.2.4", "1.2.9", "1.3.5") for attempt in project.json("show", code, "--stage", "usecases")["attempts"]
    ]
    assert len(attempts) == 6
    assert materialized(project, key)["process_documents"] == materialized(project, key)["usecase_candidates"] == 3


@pytest.mark.slow
def test_cross_industry_at_full_size(project: Project, shared: Path) -> None:
    key = "cross_industry"
    project.run("load", str(shared / "apqc" / "cross-industry-v7.4.xlsx"), "--framework", key)
    assert project.json("generate", "--framework", key, "--yes", "--wait")["failed_nodes"] == 0
    assert materialized(project, key) == {asset.name: 1_545 for asset in all_assets(stages_as_they_come())}
    assert 9_270 <= project.json("status", "--framework", key)["frameworks"][0]["candidates"] <= 15_450
