"""Runs that are records: of nodes that failed, or of many events. Nobody executes them, they are over from the beginning."""

from __future__ import annotations

from collections.abc import Mapping

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, JobDefinition
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.runs.schema import RunsTable
from dagster._core.storage.tags import MAX_RETRIES_TAG
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster_postgres.run_storage import PostgresRunStorage

from caseforge_assets.defs.names import CODE_LOCATION

Repository = RemoteRepositoryOrigin  # where the code of a run is loaded from
WRITTEN_BY = "CaseForge"  # Dagster shows it as who launched a run
_OWN_REPOSITORY = RemoteRepositoryOrigin(
    ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(module_name=CODE_LOCATION), CODE_LOCATION), SINGLETON_REPOSITORY_NAME
)


def write_record(
    instance: DagsterInstance,
    job: JobDefinition,
    tags: Mapping[str, str],
    repository: Repository | None,
    *,
    message: str | None = None,
) -> DagsterRun:
    """Make a run that is a record: nobody executes it, it is over from the beginning.

    Args:
        instance: Dagster's instance, on PostgreSQL.
        job: The job that it is shown under; its configuration must have defaults for everything.
        tags: Tags of the run.
        repository: As in `write_failures`.
        message: Why it failed; None: it did not.
    """
    own_tags = {MAX_RETRIES_TAG: "0", "user": WRITTEN_BY}  # run retries would do the job again for real
    origin = RemoteJobOrigin(repository or _OWN_REPOSITORY, job.name)
    status = DagsterRunStatus.SUCCESS if message is None else DagsterRunStatus.FAILURE
    run = instance.create_run_for_job(job, status=status, tags={**tags, **own_tags}, remote_job_origin=origin)
    if message is None:
        ended = DagsterEvent(DagsterEventType.RUN_SUCCESS.value, job.name, message="This run is a list of events.")
        instance.report_dagster_event(ended, run.run_id)
    else:
        instance.report_run_failed(run, message)
    _set_start(instance, run.run_id)
    return run


def _set_start(instance: DagsterInstance, run_id: str) -> None:
    """Let a run have begun just before it ended: otherwise its page says that it failed to start."""
    storage = instance.run_storage
    if isinstance(storage, PostgresRunStorage):
        with storage.connect() as connection:
            connection.execute(RunsTable.update().where(RunsTable.c.run_id == run_id).values(start_time=RunsTable.c.end_time - 0.001))
