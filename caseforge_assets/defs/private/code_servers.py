"""Asking code servers for the processes of runs: Dagster keeps, in a tag, which one a run was given to."""

from __future__ import annotations

import json

import grpc  # type: ignore[import-untyped]
from dagster import DagsterRun, DefaultRunLauncher
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster_shared.serdes import deserialize_value

ASK_S = 5


class CodeServerLauncher(DefaultRunLauncher):
    """Dagster's own launcher: runs are children of the code server."""

    def terminate(self, run_id: str) -> bool:
        """End a run by its code server; False where that is gone, or has no process of the run."""
        try:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        except DagsterUserCodeUnreachableError:
            return False


def is_with_code_server(run: DagsterRun) -> bool | None:
    """Ask the code server that a run was given to whether it has a process of it; None where that is gone, or the run was given to none."""
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
