"""Failed runs that list failed partitions: Dagster shows a partition as failed by a run that planned it and failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dagster import AssetKey, DagsterInstance, DagsterRun, JobDefinition

from caseforge_assets.defs.private.event_storage import Writer, insert_entries, planned_entry
from caseforge_assets.defs.private.records import Repository, write_record


def write_failures(
    instance: DagsterInstance,
    job: JobDefinition,
    message: str,
    partitions: Sequence[tuple[tuple[str, ...], str]],
    *,
    tags: Mapping[str, str] | None = None,
    repository: Repository | None = None,
) -> str:
    """Show partitions as failed for one reason, through a failed run of their own. A later materialization makes them good again.

    To Dagster, a partition failed when it was planned, after its last materialization, in a run that failed. The run is failed before
    anything is planned in it: killed at any point, nothing is left "in progress" (a run that never started has no time-out, either).

    Args:
        instance: Dagster's instance, on PostgreSQL.
        job: The job that the run is shown under, without assets of its own; its configuration must have defaults for everything.
        message: The reason, for people; shown as the run's failure, short things first (the page cuts it after 11 lines).
        partitions: Asset keys and partition keys.
        tags: Further tags of the run.
        repository: Where the job is loaded from, when known (of `context.run.remote_job_origin`); otherwise as workspace.yaml has it. Dagster
            re-executes a run by it.

    Returns:
        The run's id.

    Raises:
        ValueError: There are no partitions.
    """
    if not partitions:
        raise ValueError("A failed run without partitions would say nothing about any of them.")
    run = write_record(instance, job, tags or {}, repository, message=message)
    _plan(instance, run, partitions)
    return run.run_id


def add_to_failures(
    instance: DagsterInstance, run_id: str, message: str, partitions: Sequence[tuple[tuple[str, ...], str]], tags: Mapping[str, str]
) -> None:
    """Show more partitions as failed through a failed run that is there already.

    Args:
        instance: Dagster's instance, on PostgreSQL.
        run_id: As `write_failures` gave it.
        message: What is to be added to what the run says; empty: nothing.
        partitions: As in `write_failures`.
        tags: Tags of the run that become others.
    """
    run = instance.get_run_by_id(run_id)
    if run is None:
        raise LookupError(f"Dagster has no run {run_id} any more, which was to list failed nodes")
    if message:
        instance.report_engine_event(message, run)
    instance.add_run_tags(run_id, tags)
    _plan(instance, run, partitions)


def _plan(instance: DagsterInstance, run: DagsterRun, partitions: Sequence[tuple[tuple[str, ...], str]]) -> None:
    writer = Writer(run.run_id, run.job_name, next(iter(run.step_keys_to_execute or []), None))
    insert_entries(instance, [planned_entry(writer, AssetKey(asset), partition) for asset, partition in partitions])
