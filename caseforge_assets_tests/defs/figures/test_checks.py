"""Checks and reports: one verdict an asset, with its nodes, after every way of making something."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster import AssetCheckKey, AssetKey

from caseforge_assets.cli.shared.dagster_bridge import flush
from caseforge_assets.settings import load_settings
from caseforge_assets_tests.defs.check_events import NAMES, evaluation, newest, report
from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    CONTEXTS,
    DOCUMENTS,
    INPUTS,
    OUTPUTS,
    USECASE_INPUTS,
    OpenProject,
    Project,
    eventually,
)
from caseforge_assets_tests.workbench import KEY, PROCESS, renamed


def verdicts(opened: Project) -> dict[tuple[str, str], bool]:
    """Tells of each check that was evaluated whether it passed."""
    return {where: evaluation(record).passed for where, record in newest(opened).items() if record.event}


def nodes_of(opened: Project, asset: str, name: str) -> dict[str, str]:
    """The nodes that a check lists."""
    table = evaluation(newest(opened)[asset, name]).metadata.get("nodes_not_in_order")
    return {record.data["node"]: record.data["why"] for record in table.records} if isinstance(table, dg.TableMetadataValue) else {}


def flush_by_command_line(opened: Project) -> None:
    flush(load_settings(opened.path).model_copy(update={"project": opened.path}), opened.bench.store)


def test_everything_in_order_passes_everything(project: OpenProject) -> None:
    opened = project()
    opened.load()
    assert opened.run(ASSETS).success
    assert verdicts(opened) == dict.fromkeys(NAMES, True)
    assert evaluation(newest(opened)[DOCUMENTS, "sections_complete"]).metadata["nodes"].value == 6


@pytest.mark.slow
def test_the_command_line_and_jobs_are_followed_by_checks_and_reports(project: OpenProject) -> None:
    opened = project()
    opened.bench.load()
    flush_by_command_line(opened)
    assert set(verdicts(opened)) == NAMES
    opened.bench.approve()
    for _ in range(2):
        assert opened.run_job("submit").success
        collected = eventually(
            lambda: (
                opened.run_job("poll").success
                and opened.run_job("collect").success
                and opened.bench.column("select 1 from caseforge.batch where state = 'collected'")
            )
        )
        assert collected
    assert report(opened, "run_report")["process_details_done"] == 6
    assert report(opened, "stale_report")["stale"] == 0
    run_ids = {record.run_id for record in newest(opened).values()}
    assert len(run_ids) == 1
    (run_id,) = run_ids
    assert opened.instance.get_run_by_id(run_id).job_name == "collect"  # type: ignore[union-attr]


def test_a_node_that_failed_in_two_ways_or_after_a_good_answer_counts_once(project: OpenProject) -> None:
    opened = project(faults=["truncate:batch=1,match=-2-1-2-r", "http_500:batch=2"])
    opened.bench.load()
    opened.bench.generate(stages=[PROCESS])
    opened.bench.generate("1.1.1", "2.1.2", stages=[PROCESS], ask_again=True)
    flush_by_command_line(opened)
    found = evaluation(newest(opened)[DOCUMENTS, "failures_under_10_percent"])
    assert found.description == "2 of 6 nodes failed (33.3%)"
    assert {node: why.partition(":")[0] for node, why in nodes_of(opened, DOCUMENTS, "failures_under_10_percent").items()} == {
        "1.1.1_c": "server_error",
        "2.1.2_i": "server_error",
    }


def test_failed_nodes_are_listed_where_they_failed(project: OpenProject) -> None:
    opened = project(faults=["http_500:batch=1,match=-1-1-1-r", "truncate:batch=1,match=-2-1-2-r"])
    opened.bench.load()
    opened.bench.generate(stages=[PROCESS])
    flush_by_command_line(opened)
    found = verdicts(opened)
    assert not found[DOCUMENTS, "failures_under_10_percent"]
    assert set(nodes_of(opened, DOCUMENTS, "failures_under_10_percent")) == {"1.1.1_c", "2.1.2_i"}
    assert not found[DOCUMENTS, "sections_complete"]
    ((node, why),) = nodes_of(opened, DOCUMENTS, "sections_complete").items()
    assert (node, why.partition(":")[0]) == ("2.1.2_i", "truncated_reasoning")
    assert found[CANDIDATES, "candidates_valid"]
    opened.bench.generate(stages=[PROCESS])
    flush_by_command_line(opened)
    assert verdicts(opened) == dict.fromkeys(NAMES, True)


def test_what_is_stale_is_listed_with_the_reason_by_check_and_report(project: OpenProject) -> None:
    opened = project()
    opened.bench.load()
    opened.bench.generate()
    opened.bench.load(renamed("1.1.2", "Answer whatever is asked"))
    flush_by_command_line(opened)
    assert [where for where, passed in verdicts(opened).items() if not passed] == [
        (INPUTS, "nothing_stale"),
        (DOCUMENTS, "nothing_stale"),  # outdated: what they would be made from has changed
        (USECASE_INPUTS, "nothing_stale"),
        (CANDIDATES, "nothing_stale"),
    ]
    assert nodes_of(opened, INPUTS, "nothing_stale") == {"1.1.2_d": "node_contexts changed"}
    shown = report(opened, "stale_report")
    assert (shown["stale"], shown["stale_process_batch_inputs"]) == (2, 1)
    assert shown["outdated"] == 2
    row = shown["list"][0]
    assert (row.data["step"], row.data["partition"], row.data["why"]) == (INPUTS, "1.1.2_d", "node_contexts changed")
    assert opened.run([CONTEXTS]).success
    assert [where for where, passed in verdicts(opened).items() if not passed] == [
        (INPUTS, "nothing_stale"),
        (DOCUMENTS, "nothing_stale"),
        ("usecase_batch_inputs", "nothing_stale"),
        (CANDIDATES, "nothing_stale"),
    ]


def test_what_waits_is_neither_failed_nor_in_order(project: OpenProject) -> None:
    opened = project(bills=True, budget_usd=100)
    opened.load()
    assert not opened.run(ASSETS).success  # nothing was sent
    assert verdicts(opened) == dict.fromkeys(NAMES, True)
    assert evaluation(newest(opened)[DOCUMENTS, "failures_under_10_percent"]).description == "no node was answered yet"


def test_batches_under_way_are_in_the_report(project: OpenProject) -> None:
    opened = project(latency_s=60)
    opened.bench.load()
    opened.bench.approve(stages=[PROCESS])
    opened.bench.round()
    flush_by_command_line(opened)
    shown = report(opened, "run_report")
    assert shown["batches_under_way"] == 1
    (row,) = shown["under_way"]
    assert (row.data["stage"], row.data["requests"], row.data["state"]) == ("process_details", 6, "open")


@pytest.mark.slow
def test_scores_are_shown_with_each_document_and_in_the_report(project: OpenProject) -> None:
    opened = project()
    opened.load()
    assert opened.run(ASSETS).success
    metadata = opened.latest(DOCUMENTS, "1.1.1_c").asset_materialization.metadata
    (score,) = opened.bench.column("""
    select q.score from caseforge.quality q join caseforge.content c on c.id = q.content_id join caseforge.node n on n.id = c.node_id
    where c.stage = 'process_details' and n.identity = 'c'
    """)
    assert metadata["quality_score"].value == score
    assert metadata["quality"].value.startswith("sections 100, order 100")
    shown = report(opened, "run_report")
    scores = opened.bench.column(
        "select q.score from caseforge.quality q join caseforge.content c on c.id = q.content_id where c.stage = 'usecases'"
    )
    assert shown["score_mean_usecases"] == pytest.approx(sum(scores) / len(scores), abs=0.06)
    assert (shown["score_low_process_details"], shown["unmeasured_process_details"]) == (0, 0)
    assert {record.data["branch"] for record in shown["levels"]} == {"all", "1 Sell", "2 Repair"}


@pytest.mark.slow
def test_low_scores_warn_and_name_the_nodes(project: OpenProject) -> None:
    opened = project(quality_warn_below=100, quality_fail_share=1.0)
    opened.load()
    assert opened.run(ASSETS).success
    found = evaluation(newest(opened)[DOCUMENTS, "scores_sufficient"])
    listed = nodes_of(opened, DOCUMENTS, "scores_sufficient")
    assert (found.passed, found.severity) == (not listed, dg.AssetCheckSeverity.WARN)
    assert listed
    assert found.metadata["low_scores"].value == len(listed)


@pytest.mark.parametrize(("asset", "name"), [(DOCUMENTS, "sections_complete"), (CONTEXTS, "nothing_stale")])
def test_a_check_can_be_run_alone(project: OpenProject, asset: str, name: str) -> None:
    opened = project()
    opened.load()
    job = opened.definitions.resolve_implicit_global_asset_job_def()
    key = AssetCheckKey(AssetKey([KEY, asset]), name)
    assert job.get_subset(asset_check_selection={key}, asset_selection=set()).execute_in_process(instance=opened.instance).success
    assert set(verdicts(opened)) == {(asset, name)}


def test_the_report_draws_what_a_run_came_to_and_leads_to_its_files(project: OpenProject) -> None:
    opened = project(faults=["http_500:batch=1,match=-1-1-1-r"])
    opened.bench.load()
    opened.bench.generate(stages=[PROCESS])
    flush_by_command_line(opened)
    shown = report(opened, "run_report")
    assert (shown["process_details_first_percent"], shown["process_details_coverage_percent"]) == (83.3333, 83.33)
    first, by_now = shown["success"]
    assert (first.data["good"], first.data["nodes"], by_now.data["answers"]) == ("83.3%", "5 of 6", "process_details, by now")
    assert set(first.data["chart"]) <= set("█▏▎▍▌▋▊▉")
    (failure,) = shown["failures"]
    assert (failure.data["outcome"], failure.data["attempts"]) == ("server_error", 1)
    (batch,) = shown["batches"]
    assert (batch.data["good"], batch.data["failed"], shown["newest_batch"]) == ("5/6", 1, batch.data["batch"])
    (file,) = shown["files_of_batches"]
    assert Path(file.data["file"]).read_text().count("\n") == 5
    record = opened.latest(OUTPUTS, "1.1.2_d")
    metadata = record.asset_materialization.metadata
    assert (metadata["batch"].value, metadata["file"].path) == (batch.data["batch"], file.data["file"])
    assert metadata["all_batches"].asset_key == AssetKey([KEY, "run_report"])


def test_a_report_on_nothing_shows_no_figures_of_answers(project: OpenProject) -> None:
    opened = project()
    opened.bench.load()
    flush_by_command_line(opened)
    shown = report(opened, "run_report")
    assert {"success", "failures", "cost", "batches", "candidates_per_node", "newest_batch"} & set(shown) == set()
    assert [row.data["done"] for row in shown["coverage"]] == ["0.0%", "0.0%"]
