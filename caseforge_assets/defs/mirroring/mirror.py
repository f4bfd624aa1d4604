"""Showing in Dagster what commands wrote: their events, and then what they mean for the frameworks that they touched."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.mirroring.note_outdated import choices_to_note, note_outdated
from caseforge_assets.commands.mirroring.read_statuses import read_statuses
from caseforge_assets.commands.mirroring.show_versions import repeat_under_new_versions
from caseforge_assets.commands.providing.open_project import StoredProject
from caseforge_assets.commands.requests.remember_definitions import remember_definitions
from caseforge_assets.defs.events import event_pages
from caseforge_assets.defs.events.event_pages import BACKFILL, RunOfEvents
from caseforge_assets.defs.figures.alerts import alert_evaluation, look_for_alerts
from caseforge_assets.defs.figures.checks import evaluate
from caseforge_assets.defs.figures.reports import STALE_REPORT, run_figures, stale_figures
from caseforge_assets.defs.mirroring.failed_nodes import failed_nodes
from caseforge_assets.defs.mirroring.flush import OTHERS_PATIENCE_S, Flushed, flush_outbox
from caseforge_assets.defs.mirroring.foreign_partitions import take_out_foreign_partitions
from caseforge_assets.defs.names import EVENTS_JOB, RUN_REPORT
from caseforge_assets.defs.private.lineage import AssetEvent, write_materializations
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.canonical import fingerprint
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import frameworks
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.wording import counted

_log = logging.getLogger(__name__)
Emit = Callable[[Any], None]  # of an evaluation: the signature of Dagster's log_event does not name it, but it takes one


def mirror(context: dg.OpExecutionContext | dg.AssetExecutionContext, caseforge: Caseforge, *, everything: bool = False) -> int:
    """Looks for alerts and flushes the outbox from within a run; the events belong to the run, so that its page shows them.

    Checks that a run was asked for are left to its step.

    Args:
        everything: sum up all frameworks, also those that nothing happened to.

    Returns:
        How many events were written.
    """
    operation = context.op_execution_context if isinstance(context, dg.AssetExecutionContext) else context
    origin = context.run.remote_job_origin
    run = RunOfEvents(
        context.run.run_id,
        operation.job_name,
        operation.get_step_execution_context().step.key,
        origin.repository_origin if origin else None,
        context.run.tags.get(BACKFILL),
    )
    project, everything = caseforge.stored_project, look_for_alerts(context.log, caseforge) or everything
    everything = _prepare(project, everything)
    write_journal(project.store, project.folder)
    flushed = flush_outbox(context.instance, project, failed_nodes, run) or Flushed()
    take_out_foreign_partitions(context.instance, project.store, project, context.log.warning)
    if flushed.events > event_pages.EVENTS_ON_A_PAGE:
        written = counted(flushed.events, "event was", "events were")
        context.log.info(f"{written} written; a run of the job {EVENTS_JOB} lists them, and the assets show them.")
    own = context.selected_asset_check_keys if isinstance(context, dg.AssetExecutionContext) else ()
    summary = _Summary(project, caseforge.accepts_simulated)
    _sum_up(context.instance, summary, _touched(project, flushed, everything), run, operation.log_event, left_out=own)
    return flushed.events


def mirror_outside_runs(
    instance: dg.DagsterInstance,
    project: StoredProject,
    *,
    everything: bool = False,
    simulated: bool = True,
    patience_s: float = OTHERS_PATIENCE_S,
) -> int:
    """The same for the command line, whose events belong to no run, and which looks for alerts itself.

    Args:
        everything: as above.
        simulated: whether simulated contents count as there, in reports.
        patience_s: how long somebody else who is at it is waited for.
    """
    everything = _prepare(project, everything)
    flushed = flush_outbox(instance, project, failed_nodes, patience_s=patience_s) or Flushed()
    take_out_foreign_partitions(instance, project.store, project, _log.warning)
    if touched := _touched(project, flushed, everything):
        _sum_up(instance, _Summary(project, simulated), touched, RunOfEvents(), instance.report_runless_asset_event)
    return flushed.events


def say_unchosen(log: dg.DagsterLogManager, unchosen: Mapping[str, int]) -> None:
    """Says in a run's log at how many nodes nothing was asked, asset by asset, because nobody has chosen anything there."""
    for asset, count in unchosen.items():
        log.info(f"{asset}: nothing is chosen at {counted(count, 'node')}, so that nothing was asked there.")


def say_unfinished(log: dg.DagsterLogManager, unfinished: Mapping[str, Mapping[str, str]]) -> None:
    """Says in a run's log how many nodes are not through, asset by asset, and what the first one of them waits for or lacks."""
    for asset, reasons in unfinished.items():
        node, reason = next(iter(reasons.items()))
        log.warning(f"{asset}: {counted(len(reasons), 'node is', 'nodes are')} not through. {node}: {reason}")


def _prepare(project: StoredProject, everything: bool) -> bool:
    """Writes what follows from the definitions as they are now, and from what happened; tells whether all frameworks are to be summed up."""
    store = project.store
    everything = remember_definitions(store, project) or everything
    repeat_under_new_versions(store, project)
    with store.connect() as connection:
        loaded = _loaded(connection, project)
        chosen = [key for key in loaded if choices_to_note(connection, project, key)]
        happened = outbox.frameworks_unflushed(connection)
    for key in loaded if everything else dict.fromkeys([*happened, *chosen]):
        note_outdated(store, project, key)
    return everything


def _loaded(connection: Connection, project: Project) -> list[str]:
    return [key for key in frameworks.loaded_keys(connection) if key in project.configuration.frameworks]


def _touched(project: StoredProject, flushed: Flushed, everything: bool) -> list[str]:
    """Gives the frameworks that are to be summed up: whoever shows a framework's last rows does it, so that runs side by side don't do it all."""
    with project.store.connect() as connection:
        if everything:
            return _loaded(connection, project)
        return sorted(flushed.frameworks.difference(outbox.frameworks_unflushed(connection)))


def fail_unsent(unsent: str) -> None:
    """Ends a run that was asked to send and could not: green, it would be taken for done.

    Raises:
        Failure: with the sentence that says how many requests wait, at what cost, and what makes them go on; empty: nothing of that kind.
    """
    if unsent:
        raise dg.Failure(f"Not everything was sent. {unsent[0].upper()}{unsent[1:]}.", allow_retries=False)


@dataclass(frozen=True)
class _Summary:
    """The project whose frameworks are summed up, and whether simulated contents count."""

    project: StoredProject
    simulated: bool


def _sum_up(
    instance: dg.DagsterInstance,
    of: _Summary,
    keys: Sequence[str],
    run: RunOfEvents,
    emit: Emit,
    left_out: Collection[dg.AssetCheckKey] = (),
) -> None:
    for key in keys:
        statuses = read_statuses(of.project.store, of.project, key)
        run_report = run_figures(of.project, key, simulated=of.simulated)
        figures = {RUN_REPORT: run_report, STALE_REPORT: stale_figures(of.project.stages, key, statuses)}
        reports = [_report(key, of.project.stages, name, of_report) for name, of_report in figures.items()]
        write_materializations(instance, reports, run_id=run.run_id, job_name=run.job_name, step_key=run.step_key)
        for evaluation in evaluate(of.project.store, of.project, key, statuses):
            if evaluation.asset_check_key not in left_out:
                emit(evaluation)
        emit(alert_evaluation(of.project.store, key))


def _report(key: str, stages: Stages, name: str, figures: Mapping[str, Any]) -> AssetEvent:
    """Inputs without an event: a report is never stale by what it sums up, it is written anew with it."""
    return AssetEvent(
        (key, name),
        None,
        data_version=fingerprint({figure: str(value) for figure, value in figures.items()}),
        inputs={(key, stage.content): ("", None) for stage in stages},
        metadata=figures,
    )
