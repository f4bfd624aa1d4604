"""Runs whose process is gone: ended, in whatever state they were, by what is certain; all others are left alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from caseforge_assets.commands.mirroring.find_dead_runs import SILENT_S, this_process
from caseforge_assets.defs.launcher import CaseforgeRunLauncher
from caseforge_assets.defs.liveness.dead_runs import Look, end_dead_runs
from caseforge_assets.defs.liveness.heartbeat import Heartbeat
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.mirroring import run_processes
from caseforge_assets.store.mirroring.run_processes import ProcessIdentity
from caseforge_assets_tests import chart
from caseforge_assets_tests.defs.batch_inputs import with_inputs
from caseforge_assets_tests.defs.project import OpenProject, Project

NOWHERE = {".dagster/grpc_info": json.dumps({"host": "localhost", "socket": "/tmp/there-is-no-such-socket"})}
ELSEWHERE = replace(this_process(), boot_id="another", host="beta", pid=4_194_305)
STARTING, STARTED, CANCELING = DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING
FAILURE, CANCELED = DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED


@pytest.fixture
def opened(project: OpenProject) -> Project:
    return with_inputs(project())


@pytest.fixture(scope="module")
def gone() -> ProcessIdentity:
    """A process of this machine that was killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        stat = Path(f"/proc/{process.pid}/stat").read_text()
        process.kill()
    return replace(this_process(), pid=process.pid, started=int(stat.rpartition(")")[2].split()[19]))


def run_in(opened: Project, status: DagsterRunStatus, process: ProcessIdentity | None, **tags: str) -> str:
    """A run in a state, as a crash leaves it, and what it said of its process."""
    job = opened.definitions.resolve_job_def("submit")
    run_id = opened.instance.create_run_for_job(job, status=status, tags={**NOWHERE, **tags}, remote_job_origin=_origin()).run_id
    if process is not None:
        with opened.bench.store.begin() as connection:
            run_processes.begin(connection, run_id, process)
    return run_id


def silent_for(store: Engine, seconds: float) -> None:
    from sqlalchemy import text

    with store.begin() as connection:
        connection.execute(text("update caseforge.run_process set seen_at = seen_at - make_interval(secs => :s)"), {"s": seconds})


def look(opened: Project, before: Look | None = None) -> Look:
    return end_dead_runs(opened.instance, opened.bench.store, None, before or Look())


def status_of(opened: Project, run_id: str) -> DagsterRunStatus:
    run = opened.instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def said(instance: DagsterInstance, run_id: str) -> str:
    return " ".join(str(entry.dagster_event.message) for entry in instance.all_logs(run_id) if entry.dagster_event)


@pytest.mark.parametrize(("status", "ends"), [(STARTING, FAILURE), (STARTED, FAILURE), (CANCELING, CANCELED)])
def test_a_run_whose_process_was_killed_ends_at_the_first_look(
    opened: Project, gone: ProcessIdentity, status: DagsterRunStatus, ends: DagsterRunStatus
) -> None:
    run_id = run_in(opened, status, gone)
    assert look(opened).ended == (f"submit {run_id[:8]}: its process (pid {gone.pid} on {gone.host}) is gone",)
    assert status_of(opened, run_id) is ends
    assert f"its process (pid {gone.pid} on {gone.host}) is gone" in said(opened.instance, run_id)
    assert look(opened).ended == ()


@pytest.mark.parametrize("status", [STARTING, STARTED, CANCELING])
def test_a_run_at_work_is_left_alone(opened: Project, status: DagsterRunStatus) -> None:
    run_id = run_in(opened, status, this_process())
    silent_for(opened.bench.store, 9_999)  # its database may have been away
    assert look(opened, look(opened)).ended == ()
    assert status_of(opened, run_id) is status


def test_a_run_on_another_machine_lives_as_long_as_it_is_heard_of(opened: Project) -> None:
    run_id = run_in(opened, STARTED, ELSEWHERE)
    assert look(opened, look(opened)).ended == ()
    silent_for(opened.bench.store, SILENT_S + 1)
    first = look(opened)
    assert (first.ended, list(first.suspects)) == ((), [run_id])
    assert status_of(opened, run_id) is STARTED
    earlier = replace(first, at_s=(first.at_s or 0) - 20, suspects={run_id: (first.at_s or 0) - 20})
    assert "pid 4194305 on beta" in look(opened, earlier).ended[0]
    assert status_of(opened, run_id) is FAILURE


def test_one_that_is_heard_of_again_is_not_suspected_any_more(opened: Project) -> None:
    run_id = run_in(opened, STARTED, ELSEWHERE)
    silent_for(opened.bench.store, SILENT_S + 1)
    first = look(opened)
    with opened.bench.store.begin() as connection:
        run_processes.beat(connection, run_id)
    second = look(opened, replace(first, suspects={run_id: (first.at_s or 0) - 20}))
    assert (second.ended, second.suspects) == ((), {})


def test_what_is_queued_or_over_is_nobodys_business(opened: Project, gone: ProcessIdentity) -> None:
    before = {status: run_in(opened, status, gone) for status in DagsterRunStatus if status not in (STARTING, STARTED, CANCELING)}
    assert look(opened).ended == ()
    assert {status: status_of(opened, run_id) for status, run_id in before.items()} == {status: status for status in before}


@pytest.mark.slow
def test_one_that_never_began_ends_when_its_code_server_is_gone(
    opened: Project, dagster_instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = opened.definitions.resolve_job_def("submit")
    run = dagster_instance.create_run_for_job(job, status=STARTING, tags=NOWHERE, remote_job_origin=_origin())
    assert look(opened).ended == ()  # it may still begin
    monkeypatch.setattr("caseforge_assets.defs.liveness.dead_runs.BEGINS_WITHIN_S", 0.0)
    time.sleep(0.1)
    assert end_dead_runs(opened.instance, opened.bench.store, "another location", Look()).ended == ()  # not ours
    assert "the code server that it was given to is gone" in look(opened).ended[0]
    assert status_of(opened, run.run_id) is FAILURE


def test_one_that_another_launcher_is_to_start_is_that_launchers_matter(
    opened: Project, dagster_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pod waits for its image, a worker of Celery for its turn; no code server has them."""
    monkeypatch.setenv(chart.PASSWORD, "any")
    monkeypatch.setattr("caseforge_assets.defs.liveness.dead_runs.BEGINS_WITHIN_S", 0.0)
    job = opened.definitions.resolve_job_def("submit")
    with DagsterInstance.from_config(str(chart.write_instance(tmp_path / "chart", dagster_database_url))) as instance:
        run = instance.create_run_for_job(job, status=STARTING, remote_job_origin=_origin())
        found = end_dead_runs(instance, opened.bench.store, None, Look())
        assert (found.ended, list(found.suspects)) == ((), [run.run_id])
    assert "gone" in look(opened).ended[0]  # with code servers it would be dead by then


def test_a_run_says_who_it_is_and_that_it_has_ended(opened: Project) -> None:
    run = opened.run_job("poll")
    with opened.bench.store.connect() as connection:
        process = run_processes.of_runs(connection, [run.run_id])[run.run_id]
    assert (process.identity, process.is_through) == (this_process(), True)


def test_a_heart_beats_while_there_is_work(opened: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caseforge_assets.defs.liveness.heartbeat.BEAT_S", 0.01)
    heartbeat = Heartbeat(opened.bench.store, "a run")
    silent_for(opened.bench.store, 1_000)
    end = time.monotonic() + 20
    while (
        silent_s := opened.bench.column(
            "select extract(epoch from clock_timestamp() - seen_at) from caseforge.run_process where run_id = 'a run'"
        )[0]
    ) > 100:
        assert time.monotonic() < end, silent_s
        time.sleep(0.02)
    heartbeat.stop()


def test_the_sensor_ends_dead_runs_in_its_tick_and_remembers_what_it_suspects(opened: Project, gone: ProcessIdentity) -> None:
    assert opened.tick("dead_run_sensor").skip_message == "no run is certainly dead"
    run_id = run_in(opened, STARTED, gone)
    far = run_in(opened, STARTED, ELSEWHERE)
    silent_for(opened.bench.store, SILENT_S + 1)
    tick = opened.tick("dead_run_sensor")
    assert tick.skip_message.startswith(f"ended submit {run_id[:8]}: ")
    assert list(json.loads(tick.cursor)["suspects"]) == [far]
    assert (
        opened.tick("dead_run_sensor").skip_message == "no run is certainly dead; 1 may be dead, or have not begun, and are looked at again"
    )


# Terminate


def terminate(opened: Project, run_id: str) -> bool:
    launcher = CaseforgeRunLauncher()
    launcher.register_instance(opened.instance)
    return launcher.terminate(run_id)


def test_terminate_ends_a_run_that_nothing_is_left_of(opened: Project, gone: ProcessIdentity) -> None:
    run_id = run_in(opened, STARTED, gone)
    assert terminate(opened, run_id)
    assert status_of(opened, run_id) is CANCELED
    assert "Terminated by a person" in said(opened.instance, run_id)
    assert not terminate(opened, run_id)  # it is over


def test_terminate_does_not_call_a_run_dead_that_is_at_work_out_of_reach(opened: Project) -> None:
    run_id = run_in(opened, STARTED, ELSEWHERE)
    assert not terminate(opened, run_id)
    assert status_of(opened, run_id) is CANCELING


def _origin() -> Any:
    from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

    return RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("caseforge_assets.definitions"), "__repository__"), "submit")
