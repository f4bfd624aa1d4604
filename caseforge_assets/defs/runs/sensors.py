"""Sensors, off until somebody switches them on. Each maps something in the store to a run whose key names the cause.

A key is used once and for all. So what can be true for longer (something waits) has its age in the key: the run is
asked for again when the last one changed nothing.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from caseforge_assets.batches.due import Due
from caseforge_assets.commands.alerting.alert_people import alert_people
from caseforge_assets.commands.planning.retry_unattended import decide_retry
from caseforge_assets.commands.rounds.find_finished import find_finished
from caseforge_assets.commands.submitting.decide_submission import decide_submission
from caseforge_assets.defs.liveness.dead_runs import Look, end_dead_runs
from caseforge_assets.defs.mirroring.decide_flush import decide_flush
from caseforge_assets.defs.mirroring.recount import recount_shown
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.defs.runs.jobs import collect, collect_finished, flush, poll, retry, show_alerts, submit
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.database import clock
from caseforge_assets.wording import counted

SHOWN_WITHIN_S = 600.0  # news that no run has shown by then is shown by the next one
TO_BEGIN = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING]
NO_KEY = "OPENAI_API_KEY is not set in the environment of the code server"

UnresolvedJob = Any  # what `define_asset_job` gives; Dagster exports no name for it
Requests = Iterator[dg.RunRequest | dg.SkipReason]


@dg.sensor(job=submit, minimum_interval_seconds=10, description="Sends pending, approved requests once no new ones are being made.")
def submit_sensor(context: dg.SensorEvaluationContext, caseforge: Caseforge) -> Requests:
    """A run for what may be sent; none while one is still to begin."""
    if why_not := _no_provider(caseforge) or _still_to_begin(context, submit):
        yield dg.SkipReason(why_not)
        return
    with caseforge.store.begin() as connection:
        due = decide_submission(connection, caseforge.open_project)
    yield _asked(submit, due)


@dg.sensor(job=collect, minimum_interval_seconds=10, description="Looks at open batches; a finished one is collected, once.")
def collect_sensor(caseforge: Caseforge) -> Requests:
    """A run for each finished batch and lease."""
    if no_provider := _no_provider(caseforge):
        yield dg.SkipReason(no_provider)
        return
    finished = find_finished(caseforge.open_project)
    yield from (_collecting(batch_id, lease) for batch_id, lease in finished)
    if not finished:
        yield dg.SkipReason("no batch is finished")


@dg.sensor(
    job=retry,
    minimum_interval_seconds=60,
    description="Asks again for nodes that failed, as often as each may be asked for (`max_attempts`), within the plans and budgets that they came under.",
)
def retry_sensor(caseforge: Caseforge) -> Requests:
    """A run when nodes have failed that do not wait for a person."""
    if no_provider := _no_provider(caseforge):
        yield dg.SkipReason(no_provider)
        return
    with caseforge.store.connect() as connection:
        due = decide_retry(connection, caseforge.open_project)
    yield _asked(retry, due)


@dg.sensor(
    job=flush,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,  # it sends nothing: it only keeps Dagster's picture true
    description="Shows in Dagster what a killed command could not show; finds what is stale when templates or settings have changed; takes out "
    "partitions that were added by hand; writes the reports anew once a day.",
)
def flush_sensor(context: dg.SensorEvaluationContext, caseforge: Caseforge) -> dg.RunRequest | dg.SkipReason:
    """A run when outbox rows wait for more than a minute, a stage is another one than before, or a partition is no node."""
    at_work = _at_work(context.instance)
    if flush.name in at_work:
        return dg.SkipReason("a run of the job flush is at it")
    if not at_work:  # it counts all events of an asset, and more are to come
        context.update_cursor(str(recount_shown(context.instance, caseforge.store, int(context.cursor or 0))))
    return _asked(flush, decide_flush(context.instance, caseforge.store, caseforge.project, at_work=bool(at_work)))


def _at_work(instance: dg.DagsterInstance) -> set[str]:
    """The jobs of runs that are not through and show what they made: as theirs, by which a backfill counts what it came to."""
    unfinished = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    return {run.job_name for run in instance.get_runs(dg.RunsFilter(statuses=unfinished))} - {poll.name}


@dg.sensor(
    job=show_alerts,
    minimum_interval_seconds=60,
    description="Looks for what is wrong and tells the addresses in CASEFORGE_ALERT_URLS; a run shows in Dagster what is new.",
)
def alert_sensor(caseforge: Caseforge) -> Requests:
    """Looks and delivers in the tick; a run for each change, so that Dagster's pages show it."""
    alert_people(caseforge.store, caseforge.project, caseforge.addresses)
    with caseforge.store.connect() as connection:
        now = clock.now(connection)
        message, at = alerts.newest_message(connection)
        open_count = len(alerts.open_alerts(connection))
    if at is None or (now - at).total_seconds() > SHOWN_WITHIN_S:
        yield dg.SkipReason(f"nothing is new; {counted(open_count, 'alert is', 'alerts are')} open")
        return
    yield dg.RunRequest(run_key=f"alerts-{message}", job_name=show_alerts.name)


@dg.sensor(
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,  # it sends nothing: what waits behind a dead run would wait for hours
    description="Ends runs whose process is gone, killed or with its machine, so that what waits behind them goes on. Dagster starts them anew by itself.",
)
def dead_run_sensor(context: dg.SensorEvaluationContext, caseforge: Caseforge) -> dg.SkipReason:
    """Looks and ends in the tick itself; what it found goes with the cursor, because some deaths are certain at the second look only."""
    origin = context.code_location_origin
    before = Look(**json.loads(context.cursor)) if context.cursor else Look()
    look = end_dead_runs(context.instance, caseforge.store, origin.location_name if origin else None, before)
    context.update_cursor(json.dumps({"at_s": look.at_s, "suspects": look.suspects}))
    doubtful = (
        f"; {len(look.suspects):,} may be dead, or have not begun, and are looked at again" if look.suspects and not look.ended else ""
    )
    return dg.SkipReason("; ".join(f"ended {model}" for model in look.ended) or f"no run is certainly dead{doubtful}")


def _no_provider(caseforge: Caseforge) -> str:
    """Give the reason why nothing can be asked of the provider just now: no key, no answer, or it refuses the key; empty: it can."""
    return caseforge.find_provider()[1] if caseforge.settings.has_credentials else NO_KEY


def _still_to_begin(context: dg.SensorEvaluationContext, job: dg.JobDefinition) -> str:
    """Give the run of a job of this code location that has not begun yet, which does all that there is to do when it begins; empty: there is none."""
    origin = context.code_location_origin
    waiting = context.instance.get_runs(dg.RunsFilter(job_name=job.name, statuses=TO_BEGIN))
    own = [run for run in waiting if not (run.remote_job_origin and origin) or run.remote_job_origin.location_name == origin.location_name]
    return f"run {own[-1].run_id[:8]} of the job {job.name} is still to begin, and takes along what is ready by then" if own else ""


def _asked(job: dg.JobDefinition, due: Due) -> dg.RunRequest | dg.SkipReason:
    return dg.RunRequest(run_key=due.key, job_name=job.name) if due.key else dg.SkipReason(due.why_not)


def _collecting(batch_id: int, lease: int) -> dg.RunRequest:
    run_config = dg.RunConfig(ops={collect_finished.name: {"config": {"batch_id": batch_id}}})
    tags = {"caseforge/batch": str(batch_id)}
    return dg.RunRequest(run_key=f"batch-{batch_id}-lease-{lease}", job_name=collect.name, run_config=run_config, tags=tags)


SENSORS = (submit_sensor, collect_sensor, flush_sensor, alert_sensor, retry_sensor, dead_run_sensor)


def sensors_of(asset_jobs: Sequence[UnresolvedJob], sensors: Sequence[dg.SensorDefinition] = SENSORS) -> list[dg.SensorDefinition]:
    """The sensors, which drive the assets of these jobs through their own ones: a page of an asset names who drives it by the jobs that hold it."""
    return [sensor.with_updated_jobs([*sensor.jobs, *asset_jobs]) if sensor.targets else sensor for sensor in sensors]
