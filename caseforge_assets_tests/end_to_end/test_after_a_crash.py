"""kill -9 of everything that is Dagster, as a machine's restart does it, and a new start: what its UI shows, and what was sent and kept."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.stages.stages import all_assets
from caseforge_assets_tests.browser.conftest import LOCATION, Ui, made_project, running, until
from caseforge_assets_tests.databases import new_database
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.workbench import serving, stats

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")]
ASSETS = [asset.name for asset in all_assets(stages_as_they_come())]
LATENCY_S = 30.0  # long enough for a run to be killed while it waits
_RUNS = """{ runsOrError { ... on Runs { results { runId jobName status
  eventConnection { events { __typename ... on MessageEvent { message } } } } } } }"""
_SENSOR = "query($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor { sensorState { id } } } }"
_STOP = "mutation($id: String!) { stopSensor(id: $id) { __typename } }"
_SLOTS = "{ runsOrError(filter: {statuses: [STARTING, STARTED, CANCELING]}) { ... on Runs { results { runId } } } }"
_LAUNCH = """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) { __typename ... on LaunchRunSuccess { run { runId } } } }"""
_TERMINATE = """mutation($ids: [String!]!) { terminateRuns(runIds: $ids, terminatePolicy: SAFE_TERMINATE) {
  ... on TerminateRunsResult { terminateRunResults { __typename } } } }"""


@pytest.fixture
def project(postgres_url: str, dagster_template: str, tmp_path: Path) -> Iterator[Ui]:
    """A project whose Dagster does not run yet."""
    with serving(tmp_path / "provider", latency_s=LATENCY_S) as provider_url, new_database(postgres_url, dagster_template) as url:
        project = made_project(tmp_path, {"shop": "1"}, url, provider_url)
        yield project
        kill_all(project)


def kill_all(project: Ui, *, only: str = "") -> int:
    """Kill -9 of all processes of a project's Dagster, its runs among them; of those, if given, whose command holds a text."""
    mark, killed = f"CASEFORGE_PROJECT={project.folder}\0".encode(), 0
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdecimal() and mark in (process / "environ").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
                killed += 1
        except OSError:
            continue
    return killed


def runs(ui: Ui, job: str) -> list[dict[str, Any]]:
    """Runs of a job, newest first."""
    return [run for run in ui.webserver.ask(_RUNS)["results"] if run["jobName"] == job]


def why(run: dict[str, Any]) -> str:
    """The reason why a run failed."""
    return next(str(event["message"]) for event in run["eventConnection"]["events"] if event["__typename"] == "RunFailureEvent")


def launch(ui: Ui, job: str, config: dict[str, Any]) -> str:
    """Launches a job, as its form does; returns the run's id."""
    selector = {"repositoryLocationName": LOCATION, "repositoryName": "__repository__", "jobName": job}
    return str(ui.webserver.ask(_LAUNCH, p={"selector": selector, "runConfigData": config})["run"]["runId"])


def test_after_all_was_killed_dead_runs_end_and_the_work_goes_on(project: Ui) -> None:
    with running(project) as ui:
        ui.materialize("shop", *ASSETS)
        until(lambda: ui.sent() == 6, "the first stage is sent")
        launch(ui, "poll", {})
        assert kill_all(ui) >= 4  # dev, webserver, daemon, code server, run
    with running(project) as ui:
        until(lambda: runs(ui, "__ASSET_JOB")[-1]["status"] == "FAILURE", "the dead run is ended")
        assert "This run died: its process (pid " in why(runs(ui, "__ASSET_JOB")[-1])
        until(lambda: ui.newest_backfill() not in ("REQUESTED", ""), "the backfill ends")
        assert ui.newest_backfill() == "COMPLETED_SUCCESS"
        assert [run["status"] for run in runs(ui, "__ASSET_JOB")] == ["SUCCESS", "FAILURE"]  # started anew, by itself
        for asset in ASSETS:
            assert ui.partitions("shop", asset)["good"] == set(ui.partitions("shop", asset)["all"])
        until(lambda: not ui.webserver.ask(_SLOTS)["results"], "nothing is in progress")
        assert stats(ui.provider_url)["accepted"] == {"requests": 12, "distinct_bodies": 12, "max_multiplicity": 1}


def test_a_dead_run_can_be_terminated(project: Ui) -> None:
    with running(project) as ui:
        sensor = {"repositoryLocationName": LOCATION, "repositoryName": "__repository__", "sensorName": "dead_run_sensor"}
        state = ui.webserver.ask(_SENSOR, s=sensor)["sensorState"]
        ui.webserver.ask(_STOP, id=state["id"])  # it would be quicker
        run_id = launch(ui, "regenerate", {"stage": "process_details", "wait_s": 3_600})
        until(lambda: ui.sent() == 6, "it waits")
        kill_all(ui)
    with running(project) as ui:
        assert runs(ui, "regenerate")[-1]["status"] == "STARTED"
        (ended,) = ui.webserver.ask(_TERMINATE, ids=[run_id])["terminateRunResults"]
        assert ended["__typename"] == "TerminateRunSuccess"
        assert runs(ui, "regenerate")[-1]["status"] == "CANCELED"
