"""Jobs for upkeep once in a while: a backup, and old history; and schedules for them and for the reports, off until somebody switches them on."""

from collections.abc import Iterable
from datetime import UTC, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from caseforge_assets.commands.backing_up.backup import backup
from caseforge_assets.defs.figures.reports import STALE_REPORT
from caseforge_assets.defs.mirroring.prune import HistoryInUse, prune_history
from caseforge_assets.defs.names import RUN_REPORT, tags_of
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.store.database import clock
from caseforge_assets.wording import counted

BACKUPS = "backups"  # in CASEFORGE_HOME
UnresolvedJob = Any  # a job, or what `define_asset_job` gives; Dagster exports no name for that


class BackupForm(dg.Config):
    """The form of the job `back_up`."""

    folder: str = Field(
        default="",
        description="Folder for the backup, which is named by its time; relative to caseforge.toml. Empty: backups in CASEFORGE_HOME (var/backups).",
    )


class PruneForm(dg.Config):
    """The form of the job `prune`."""

    older_than_days: int = Field(default=90, ge=1, description="What is younger stays. Every state, reason and staleness stays as it is.")


@dg.op(out=dg.Out(dg.Nothing))
def write_backup(context: dg.OpExecutionContext, config: BackupForm, caseforge: Caseforge) -> None:
    """Writes everything that the project needs to one file, as `caseforge backup` does."""
    settings = caseforge.settings
    folder = settings.project_folder / config.folder if config.folder else settings.home / BACKUPS
    folder.mkdir(parents=True, exist_ok=True)
    written = backup(caseforge.store, caseforge.folder, settings, folder)
    context.log.info(
        f"{counted(written.files, 'file')} in {written.path}, {written.size_bytes / 1e6:,.1f} MB. No backup is removed by itself."
    )
    for name in written.masked:
        context.log.warning(f"{name} holds what looks like a secret; it is masked in the backup. Secrets belong into the environment.")


@dg.op(out=dg.Out(dg.Nothing))
def remove_old_history(context: dg.OpExecutionContext, config: PruneForm, caseforge: Caseforge) -> None:
    """Removes old runs and events from Dagster, as `caseforge dagster prune` does."""
    limit = clock.now_in(caseforge.store).astimezone(UTC) - timedelta(days=config.older_than_days)
    try:
        removed = prune_history(context.instance, caseforge.store, limit, dry_run=False).removed
    except HistoryInUse as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    context.log.info(
        f"Older than {limit:%Y-%m-%d %H:%M} UTC, and not needed any more: {counted(removed.runs, 'run')}, {counted(removed.events, 'event')}, "
        f"{counted(removed.check_evaluations, 'check evaluation')}, {counted(removed.outbox_rows, 'outbox row')} removed."
    )


@dg.config_mapping
def backup_form(form: BackupForm) -> dg.RunConfig:
    """A flat form in the launchpad."""
    return dg.RunConfig(ops={write_backup.name: form})


@dg.config_mapping
def prune_form(form: PruneForm) -> dg.RunConfig:
    """A flat form in the launchpad."""
    return dg.RunConfig(ops={remove_old_history.name: form})


@dg.job(config=backup_form, executor_def=dg.in_process_executor, tags=tags_of("back up"))
def back_up() -> None:
    """Write everything that the project needs to one file: the way back is `caseforge restore --from-backup FILE`."""
    write_backup()


@dg.job(config=prune_form, executor_def=dg.in_process_executor, tags=tags_of("prune"))
def prune() -> None:
    """Remove old runs and events from Dagster, of all code locations, that nothing which is shown depends on."""
    remove_old_history()


def reports_job(keys: Iterable[str]) -> UnresolvedJob:
    """The reports of these frameworks as a job."""
    reports = [dg.AssetKey([key, name]) for key in keys for name in (RUN_REPORT, STALE_REPORT)]
    return dg.define_asset_job(
        "write_reports",
        selection=dg.AssetSelection.assets(*reports),
        executor_def=dg.in_process_executor,
        tags=tags_of("report"),
        description="Write the reports of every framework anew. They are also written whenever something of the framework is made.",
    )


def _schedule(name: str, job: UnresolvedJob, cron: str, description: str) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=name, job=job, cron_schedule=cron, description=description, default_status=dg.DefaultScheduleStatus.STOPPED
    )


BACKUP_SCHEDULE = _schedule(
    "backup_schedule", back_up, "0 2 * * *", "Every day at 2:00 UTC a backup into var/backups. Old ones stay: remove them yourself."
)
PRUNE_SCHEDULE = _schedule(
    "prune_schedule", prune, "0 3 * * 0", "Every Sunday at 3:00 UTC history of Dagster goes that is older than 90 days."
)


def report_schedule(job: UnresolvedJob) -> dg.ScheduleDefinition:
    """The schedule of the reports."""
    return _schedule(
        "report_schedule", job, "0 6 * * *", "Every day at 6:00 UTC the reports of every framework, to compare one day with another."
    )
