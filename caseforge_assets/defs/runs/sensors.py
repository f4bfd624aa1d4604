"""Sensors, off until somebody switches them on. Each maps something in the store to a run whose key names the cause.

A key is used once and for all. So what can be true for longer (something waits) has its age in the key: the run is
asked for again when the last one changed nothing.
"""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from caseforge_assets.commands.alerting.alert_people import alert_people
from caseforge_assets.commands.journaling.write_journal import journal_now_and_then
from caseforge_assets.commands.planning.retry_unattended import newest_retriable
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.commands.requests.remember_definitions import definitions_are_new, shown_definitions
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.submitting.foresee_sending import foresee_sending
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.defs.liveness.dead_runs import Look, end_dead_runs
from caseforge_assets.defs.mirroring.foreign_partitions import foreign_partitions
from caseforge_assets.defs.names import RUN_REPORT, asset_key
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.defs.runs.jobs import collect, flush, poll, retry, show_alerts, submit
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.stage import fingerprint
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.requests import pending
from caseforge_assets.store.submitting import batches, providers

REPORTS_EVERY_S = 86_400.0
LEASE_S = 600.0  # a collecting run that is not done by then is taken for dead, and started again
SUBMIT_AGAIN_S = 600.0  # what could be sent and still is there then is tried again: its run may have failed
LEFT_AFTER_S = 60.0  # a batch that is planned and not created by then was left by a run that ended
FLUSH_AFTER_S = 60.0
FLUSH_AGAIN_S = 600.0
LEFT_TO_RUNS_S = 1_800.0  # what runs at work have made they show themselves; one that has not by then waits for something
SHOWN_WITHIN_S = 600.0  # news that no run has shown by then is shown by the next one
NO_KEY = "OPENAI_API_KEY is not set in the environment of the code server"

UnresolvedJob = Any  # what `define_asset_job` gives; Dagster exports no name for it
Requests = Iterator[dg.RunRequest | dg.SkipReason]


@dg.sensor(job=submit, minimum_interval_seconds=10, description="Sends pending, approved requests once no new ones are being made.")
def submit_sensor(caseforge: Caseforge) -> Requests:
    """A run for what may be sent."""
    if no_provider := _no_provider(caseforge):
        yield dg.SkipReason(no_provider)
        return
    with caseforge.store.begin() as connection:
        yield _submission(connection, caseforge.provider, caseforge.configuration)


@dg.sensor(job=collect, minimum_interval_seconds=10, description="Looks at open batches; a finished one is collected, once.")
def collect_sensor(caseforge: Caseforge) -> Requests:
    """A run for each finished batch and lease."""
    if no_provider := _no_provider(caseforge):
        yield dg.SkipReason(no_provider)
        return
    reconcile_batches(caseforge.store, caseforge.provider, grace_s=caseforge.configuration.create_grace_s)
    poll_batches(caseforge.store, caseforge.provider, grace_s=caseforge.configuration.create_grace_s)
    journal_now_and_then(caseforge.store, caseforge.folder)
    with caseforge.store.begin() as connection:
        claimed = batches.claim_for_collecting(connection, caseforge.provider.id, LEASE_S)
    for batch_id, lease in claimed:
        run_config = dg.RunConfig(ops={"collect_finished": {"config": {"batch_id": batch_id}}})
        yield dg.RunRequest(
            run_key=f"batch-{batch_id}-lease-{lease}", job_name=collect.name, run_config=run_config, tags={"caseforge/batch": str(batch_id)}
        )
    if not claimed:
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
        if stopped := providers.stop_text(connection, caseforge.provider.id):
            yield dg.SkipReason(stopped)
            return
        newest, count = newest_retriable(connection, caseforge.configuration, caseforge.provider.simulated)
    yield (
        dg.RunRequest(run_key=f"retry-{newest}-{count}", job_name=retry.name)
        if count
        else dg.SkipReason("no node has failed that may be asked for again")
    )


@dg.sensor(
    job=flush,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,  # it sends nothing: it only keeps Dagster's picture true
    description="Shows in Dagster what a killed command could not show; finds what is stale when templates or settings have changed; takes out "
    "partitions that were added by hand; writes the reports anew once a day.",
)
def flush_sensor(context: dg.SensorEvaluationContext, caseforge: Caseforge) -> Requests:
    """A run when outbox rows wait for more than a minute, a stage is another one than before, or a partition is no node."""
    with caseforge.store.connect() as connection:
        count, age_s = outbox.count_unflushed(connection)
        newest = outbox.highest_id(connection)
        period = clock.now(connection).timestamp() // FLUSH_AGAIN_S
        definitions_changed = definitions_are_new(connection, caseforge.configuration)
    at_work = _at_work(context.instance)
    if flush.name in at_work:
        yield dg.SkipReason("a run of the job flush is at it")
    elif count and age_s >= (LEFT_TO_RUNS_S if at_work else FLUSH_AFTER_S):
        yield dg.RunRequest(run_key=f"flush-{newest}-{age_s // FLUSH_AGAIN_S:.0f}", job_name=flush.name)
    elif definitions_changed:
        yield dg.RunRequest(run_key=f"definitions-{shown_definitions(caseforge.configuration)}-{period:.0f}", job_name=flush.name)
    elif foreign := foreign_partitions(context.instance, caseforge.store, caseforge.configuration):
        yield dg.RunRequest(run_key=f"partitions-{fingerprint(foreign)[:12]}-{period:.0f}", job_name=flush.name)
    elif _reports_are_old(context.instance, caseforge):
        yield dg.RunRequest(run_key=f"daily-{period:.0f}", job_name=flush.name)
    else:
        left = "runs are at work, which show what they made" if at_work else "rows are still young"
        yield dg.SkipReason(left if count else "Dagster is up to date")


def _at_work(instance: dg.DagsterInstance) -> set[str]:
    """The jobs of runs that are not through and show what they made: as theirs, by which a backfill counts what it came to."""
    unfinished = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    return {run.job_name for run in instance.get_runs(dg.RunsFilter(statuses=unfinished))} - {poll.name}


def _reports_are_old(instance: dg.DagsterInstance, caseforge: Caseforge) -> bool:
    """Whether a report was written more than a day ago: a fresh one says that Dagster still looks."""
    events = [
        instance.get_latest_materialization_event(dg.AssetKey(asset_key(key, RUN_REPORT))) for key in caseforge.configuration.frameworks
    ]
    return any(event is not None and time.time() - event.timestamp > REPORTS_EVERY_S for event in events)


@dg.sensor(
    job=show_alerts,
    minimum_interval_seconds=60,
    description="Looks for what is wrong and tells the addresses in CASEFORGE_ALERT_URLS; a run shows in Dagster what is new.",
)
def alert_sensor(caseforge: Caseforge) -> Requests:
    """Looks and delivers in the tick; a run for each change, so that Dagster's pages show it."""
    alert_people(caseforge.store, caseforge.configuration, caseforge.addresses)
    with caseforge.store.connect() as connection:
        now = clock.now(connection)
        message, at = alerts.newest_message(connection)
        open_count = len(alerts.open_alerts(connection))
    if at is None or (now - at).total_seconds() > SHOWN_WITHIN_S:
        yield dg.SkipReason(f"nothing is new; {open_count:,} alerts are open")
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
    doubtful = f"; {len(look.suspects):,} may be dead and are looked at again" if look.suspects and not look.ended else ""
    return dg.SkipReason("; ".join(f"ended {one}" for one in look.ended) or f"no run is certainly dead{doubtful}")


def _no_provider(caseforge: Caseforge) -> str:
    """Why nothing can be asked of the provider just now: no key, no answer, or it refuses the key; empty: it can."""
    return caseforge.find_provider()[1] if caseforge.settings.has_credentials else NO_KEY


def _submission(connection: Connection, provider: Provider, configuration: Configuration) -> dg.RunRequest | dg.SkipReason:
    """Named after what would be sent and how many batches are through: each one that ends may make room, or put requests back."""
    foreseen, stopped = foresee_sending(connection, provider, configuration, unattended=True), providers.stop_text(connection, provider.id)
    unsent = [] if stopped else batches.left_unsent(connection, provider.id, LEFT_AFTER_S)
    if not foreseen.ready and not unsent:
        reasons = "; ".join(reason for reason in (*foreseen.waits, foreseen.no_room) if reason)
        return dg.SkipReason(reasons or stopped or "nothing may be sent")
    age_s = pending.seconds_since_newest(connection) or 0.0
    if foreseen.ready and age_s < configuration.quiet_period_s:
        return dg.SkipReason(
            f"requests are still being made; {len(foreseen.ready):,} are sent when none was made for {configuration.quiet_period_s:g} s"
        )
    through, left = batches.count_collected(connection, provider.id), "-".join(map(str, unsent)) or "none"
    return dg.RunRequest(
        run_key=f"submit-{foreseen.mark}-left-{left}-through-{through}-{age_s // SUBMIT_AGAIN_S:.0f}", job_name=submit.name
    )


SENSORS = (submit_sensor, collect_sensor, flush_sensor, alert_sensor, retry_sensor, dead_run_sensor)


def sensors_of(asset_jobs: Sequence[UnresolvedJob]) -> list[dg.SensorDefinition]:
    """The sensors, which drive the assets of these jobs through their own ones: a page of an asset names who drives it by the jobs that hold it."""
    return [sensor.with_updated_jobs([*sensor.jobs, *asset_jobs]) if sensor.targets else sensor for sensor in SENSORS]
