"""Decides whether a flush is due: rows that nobody showed, another definition of a stage, another choice, partitions that are no nodes, old reports."""

from __future__ import annotations

from dagster import AssetKey, DagsterInstance

from caseforge_assets.batches.due import Due
from caseforge_assets.commands.mirroring.note_outdated import choices_to_note
from caseforge_assets.commands.requests.remember_definitions import definitions_are_new, shown_definitions
from caseforge_assets.defs.mirroring.foreign_partitions import foreign_partitions
from caseforge_assets.defs.names import RUN_REPORT
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.canonical import fingerprint
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.mirroring import outbox

REPORTS_EVERY_S = 86_400.0
AFTER_S = 60.0
AGAIN_AFTER_S = 600.0
LEFT_TO_RUNS_S = 1_800.0  # what runs at work have made they show themselves; one that has not by then waits for something


def decide_flush(instance: DagsterInstance, store: Engine, project: Project, *, at_work: bool) -> Due:
    """Due while Dagster's picture is not true, and nobody else is going to make it so.

    Args:
        at_work: runs are, which show what they make.
    """
    with store.connect() as connection:
        count, age_s = outbox.count_unflushed(connection), outbox.unflushed_since_s(connection)
        newest = outbox.highest_id(connection)
        now = clock.now(connection)
        period = now.timestamp() // AGAIN_AFTER_S
        definitions_changed = definitions_are_new(connection, project)
        chosen = any(choices_to_note(connection, project, key) for key in project.configuration.frameworks)
    if count and age_s >= (LEFT_TO_RUNS_S if at_work else AFTER_S):
        return Due(f"flush-{newest}-{age_s // AGAIN_AFTER_S:.0f}")
    if definitions_changed:
        return Due(f"definitions-{shown_definitions(project)}-{period:.0f}")
    if chosen:
        return Due(f"choices-{newest}-{period:.0f}")
    if foreign := foreign_partitions(instance, store, project):
        return Due(f"partitions-{fingerprint(foreign)[:12]}-{period:.0f}")
    if _reports_are_old(instance, project, now.timestamp()):
        return Due(f"daily-{period:.0f}")
    left = "runs are at work, which show what they made" if at_work else "rows are still young"
    return Due(why_not=left if count else "Dagster is up to date")


def _reports_are_old(instance: DagsterInstance, project: Project, now_s: float) -> bool:
    """Tells whether a report was written more than a day ago: a fresh one says that Dagster still looks."""
    events = [instance.get_latest_materialization_event(AssetKey([key, RUN_REPORT])) for key in project.configuration.frameworks]
    return any(event is not None and now_s - event.timestamp > REPORTS_EVERY_S for event in events)
