"""Starting and ending runs: Dagster's own launcher, with which a run can be terminated although nothing of it is left.

Uses Dagster's less public parts: where it keeps which code server a run was given to, and the question whether that one has it.
"""

from __future__ import annotations

import json

import grpc  # type: ignore[import-untyped]
from dagster import DagsterInstance, DagsterRun, DefaultRunLauncher
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster_shared.serdes import deserialize_value

ASK_S = 5
TERMINATED = "Terminated by a person. Nothing of the run was left: {why}."


class CaseforgeRunLauncher(DefaultRunLauncher):
    """Runs are children of the code server, as usual. *Terminate* ends those, too, that neither it nor anybody else has any more."""

    def terminate(self, run_id: str) -> bool:
        """Ends a run: by its code server, or, where that is gone or does not have it, by what is known of its process.

        Returns:
            Whether it ends; False for one that was ended, or that may be at work somewhere out of reach: it is canceled as soon as it is known to be gone.
        """
        try:
            if super().terminate(run_id):  # type: ignore[no-untyped-call]
                return True
        except DagsterUserCodeUnreachableError:
            pass  # whether there is a process is found out without it
        run = self._instance.get_run_by_id(run_id)
        return run is not None and not run.is_finished and _cancel_if_gone(self._instance, run)


def is_with_code_server(run: DagsterRun) -> bool | None:
    """Whether the code server that a run was given to has a process of it; None where that is gone, or the run was given to none."""
    if GRPC_INFO_TAG not in run.tags:
        return None
    place = json.loads(run.tags[GRPC_INFO_TAG])
    client = DagsterGrpcClient(
        port=place.get("port"), socket=place.get("socket"), host=place.get("host"), use_ssl=bool(place.get("use_ssl", False))
    )
    try:
        answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=ASK_S)
    except DagsterUserCodeUnreachableError as error:
        is_gone = isinstance(error.__cause__, grpc.Call) and error.__cause__.code() is grpc.StatusCode.UNAVAILABLE
        return None if is_gone else True  # one that is slow to answer is there, and may have it
    return deserialize_value(answer, CanCancelExecutionResult).can_cancel


def _cancel_if_gone(instance: DagsterInstance, run: DagsterRun) -> bool:
    from caseforge_assets.defs.runs.dead_runs import why_dead_now
    from caseforge_assets.settings import load_settings
    from caseforge_assets.store.database.location import open_project_store

    store = open_project_store(load_settings())
    try:
        why = why_dead_now(store, run)
    finally:
        store.dispose()
    if why:
        instance.report_run_canceled(run, TERMINATED.format(why=why))
    return why is not None
