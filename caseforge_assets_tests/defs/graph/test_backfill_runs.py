"""Scattered partitions: Dagster makes a run of each range of a backfill, and what they want goes to the provider together, once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import dagster as dg
import pytest
from dagster import AssetKey
from dagster._core.execution.backfill import PartitionBackfill

from caseforge_assets.commands.materializing.ask_together import Backfill
from caseforge_assets.commands.materializing.await_answers import Waiting
from caseforge_assets.commands.materializing.materialize_assets import materialize_assets
from caseforge_assets_tests.defs.project import (
    ASSETS,
    CANDIDATES,
    DOCUMENTS,
    FAILED,
    MATERIALIZED,
    OUTPUTS,
    PARTITIONS,
    OpenProject,
    Project,
)
from caseforge_assets_tests.workbench import KEY

SCATTERED = PARTITIONS[::2]
ANSWERED = "select r.node_id, r.stage, count(*) from caseforge.attempt a join caseforge.request r on r.id = a.request_id group by 1, 2"


def open_backfill(project: Project, partitions: Sequence[str], name: str = "scattered") -> str:
    """A backfill as the dialog makes it."""
    keys = [AssetKey([KEY, asset]) for asset in ASSETS]
    graph = project.definitions.resolve_asset_graph()
    made = PartitionBackfill.from_asset_partitions(
        name,
        graph,
        partitions,
        keys,
        time.time(),
        {},
        project.instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    project.instance.add_backfill(made)
    return made.backfill_id


def run(project: Project, backfill: str, partition: str, assets: Sequence[str] = ASSETS, wait_s: float = 20.0) -> dg.ExecuteInProcessResult:
    """One of its runs."""
    tags = {
        "dagster/backfill": backfill,
        "dagster/asset_partition_range_start": partition,
        "dagster/asset_partition_range_end": partition,
    }
    config = {"ops": {f"{KEY}_flow": {"config": {"wait_s": wait_s}}}}
    return project.run_selected([AssetKey([KEY, asset]) for asset in assets], tags, config)


def batches(project: Project) -> list[int]:
    """The number of requests in each batch."""
    return project.bench.column("select request_count from caseforge.batch order by id")


@pytest.mark.slow
def test_the_runs_of_a_backfill_come_to_one_batch_a_stage(project: OpenProject) -> None:
    opened = project()
    opened.load()
    backfill = open_backfill(opened, SCATTERED)
    for partition in SCATTERED:
        assert run(opened, backfill, partition).success
    assert batches(opened) == [len(SCATTERED), len(SCATTERED)]
    for asset in ASSETS:
        assert {name for name, state in opened.states(asset).items() if state == MATERIALIZED} >= set(SCATTERED)
    assert {name for name, state in opened.states(CANDIDATES).items() if state == MATERIALIZED} == set(SCATTERED)


@pytest.mark.slow
def test_what_a_run_that_died_had_asked_for_is_sent_together_by_the_next(project: OpenProject) -> None:
    opened = project()
    opened.load()
    backfill = open_backfill(opened, SCATTERED)
    run(opened, backfill, SCATTERED[0], wait_s=0)  # asks, and ends before anything is sent
    assert batches(opened) == []
    for partition in SCATTERED[1:]:
        assert run(opened, backfill, partition).success
    assert batches(opened) == [len(SCATTERED), len(SCATTERED)]
    assert {name for name, state in opened.states(CANDIDATES).items() if state == MATERIALIZED} >= set(SCATTERED[1:])


@pytest.mark.slow
def test_what_failed_is_asked_for_once_in_a_backfill_and_has_one_record(project: OpenProject) -> None:
    opened = project(faults=["http_400"])
    opened.load()
    backfill = open_backfill(opened, SCATTERED)
    for partition in SCATTERED:
        run(opened, backfill, partition)
    assert batches(opened) == [len(SCATTERED)]
    assert {count for _, _, count in opened.bench.query(ANSWERED)} == {1}
    assert {name for name, state in opened.states(OUTPUTS).items() if state == FAILED} == set(SCATTERED)
    outcomes = [outcome for outcome, _ in opened.failure_runs()]
    assert outcomes.count("invalid_request") == 1
    assert len(outcomes) == len(set(outcomes))


@pytest.mark.slow
def test_another_backfill_asks_again_for_what_failed(project: OpenProject) -> None:
    opened = project(faults=["http_500:batch=1"])
    opened.load()
    backfill = open_backfill(opened, SCATTERED)
    run(opened, backfill, SCATTERED[0])
    assert opened.states(DOCUMENTS)[SCATTERED[0]] != MATERIALIZED
    assert run(opened, open_backfill(opened, SCATTERED, "another"), SCATTERED[0]).success
    assert opened.states(DOCUMENTS)[SCATTERED[0]] == MATERIALIZED


@pytest.mark.slow
def test_a_record_names_the_nodes_that_other_runs_find(project: OpenProject) -> None:
    opened = project(bills=True, budget_usd=5)
    opened.load()
    backfill = open_backfill(opened, SCATTERED)
    for partition in SCATTERED:
        run(opened, backfill, partition, wait_s=0)
    records = opened.instance.get_runs(dg.RunsFilter(job_name="failed_nodes", tags={"caseforge/outcome": "waiting"}))
    assert [record.tags["caseforge/record"] for record in records] == [f"{len(SCATTERED)} nodes failed"]
    said = " ".join(str(entry.dagster_event.message) for entry in opened.instance.all_logs(records[0].run_id) if entry.dagster_event)
    assert all(partition in said for partition in SCATTERED)


def test_runs_at_once_ask_once(project: OpenProject) -> None:
    opened = project()
    opened.load()
    bench = opened.bench

    def materialize(partition: str) -> None:
        waiting = Waiting(bench.provider, 20)
        done = materialize_assets(bench.project, KEY, ASSETS, [partition], waiting, Backfill("at once", SCATTERED))
        assert done.unfinished == {}

    with ThreadPoolExecutor(len(SCATTERED)) as runs:
        list(runs.map(materialize, SCATTERED))
    assert sum(batches(opened)) == 2 * len(SCATTERED)
    assert {count for _, _, count in bench.query(ANSWERED)} == {1}
