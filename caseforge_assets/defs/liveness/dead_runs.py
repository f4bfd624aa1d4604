"""Ending runs whose process is gone: killed with its code server, or with its machine. Dagster itself leaves them as they are for hours.

A run that says who it is, is judged by its process. One that does not yet (it was to start, or has hardly begun) is judged by its code server:
where that is gone, or does not have it, it will not begin any more. Should it begin all the same, Dagster has it stop at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

from caseforge_assets.commands.mirroring.find_dead_runs import LOOKED_AGAIN_S, is_silent, still_suspected, this_process, why_gone
from caseforge_assets.defs.private.code_servers import is_with_code_server
from caseforge_assets.defs.private.instances import launches_in_code_servers
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.mirroring import run_processes
from caseforge_assets.store.mirroring.run_processes import RunProcess

IN_PROGRESS = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
# A run that its code server does not have any more, and that has not said who it is by then, never will. It is counted from the first look that saw
# it, by the database's clock: what Dagster notes of a run is by the clock of whichever host did something with it.
BEGINS_WITHIN_S = 45.0
FORGOTTEN_AFTER_S = 3_600.0


@dataclass(frozen=True)
class Look:
    """Findings of one look, for the next one.

    Attributes:
        at_s: When it was, by the database's clock.
        suspects: Runs that may be dead, and since when.
        ended: Of each run that was ended, its job and why.
    """

    at_s: float | None = None
    suspects: Mapping[str, float] = field(default_factory=dict)
    ended: tuple[str, ...] = ()


def end_dead_runs(instance: DagsterInstance, store: Engine, location: str | None, before: Look) -> Look:
    """Ends runs that are certainly dead. Two who look at once do no harm: a run is ended once more at most.

    Args:
        location: name of the code location whose runs are judged although they have not said who they are; None: those of any.
        before: what the last look found.
    """
    records = instance.get_run_records(RunsFilter(statuses=IN_PROGRESS))
    asks = launches_in_code_servers(instance)
    with store.begin() as connection:
        ids = [record.dagster_run.run_id for record in records]
        processes, now_s = run_processes.of_runs(connection, ids), clock.now(connection).timestamp()
        run_processes.forget_others(connection, ids, FORGOTTEN_AFTER_S)
    doubtful = [
        record.dagster_run.run_id
        for record in records
        if _is_doubtful(record.dagster_run, processes.get(record.dagster_run.run_id), location)
    ]
    suspects = still_suspected(before.suspects, doubtful, now_s, before.at_s)
    ended = []
    for record in records:
        run = record.dagster_run
        since = suspects.get(run.run_id)
        if why := _why_dead(run, processes.get(run.run_id), None if since is None else now_s - since, asks=asks):
            ended += _end(instance, run, why)
            suspects.pop(run.run_id, None)
    return Look(now_s, suspects, tuple(ended))


def why_dead_now(store: Engine, run: DagsterRun) -> str | None:
    """Give the reason why a run that a person wants to end is dead, as far as one look can tell; None where it may be alive."""
    with store.connect() as connection:
        process = run_processes.of_runs(connection, [run.run_id]).get(run.run_id)
    return _why_dead(run, process, max(LOOKED_AGAIN_S, BEGINS_WITHIN_S), asks=True)


def _is_doubtful(run: DagsterRun, process: RunProcess | None, location: str | None) -> bool:
    if process is not None:
        return is_silent(process)
    return run.remote_job_origin is not None and location in (None, run.remote_job_origin.location_name)


def _why_dead(run: DagsterRun, process: RunProcess | None, suspected_s: float | None, *, asks: bool) -> str | None:
    """A run that has not begun is its launcher's matter, which may wait for an image or a worker; only of code servers it is known whether they have it."""
    if process is not None:
        return why_gone(process, this_process(), suspected_s)
    if suspected_s is None or suspected_s < BEGINS_WITHIN_S or not asks or is_with_code_server(run):
        return None
    return "it had not begun, and the code server that it was given to is gone"


def _end(instance: DagsterInstance, run: DagsterRun, why: str) -> list[str]:
    """Fails a run, or cancels one that was to be; returns it, unless it has ended by itself meanwhile."""
    current = instance.get_run_by_id(run.run_id)
    if current is None or current.is_finished:
        return []
    if current.status is DagsterRunStatus.CANCELING:
        instance.report_run_canceled(current, f"Canceled as it was asked for: {why}.")
    else:
        instance.report_run_failed(
            current, f"This run died: {why}, killed or with its machine. What it had stored is kept, and nothing is paid twice."
        )
    return [f"{current.job_name} {current.run_id[:8]}: {why}"]
