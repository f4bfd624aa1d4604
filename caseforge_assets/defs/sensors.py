"""Sensors, off until somebody switches them on. Each maps something in the store to a run whose key names the cause."""

from collections.abc import Iterator

import dagster as dg

from caseforge_assets.commands.poll_batches import poll_batches
from caseforge_assets.commands.reconcile_batches import reconcile_batches
from caseforge_assets.defs.jobs import collect, flush, submit
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.store import batches, outbox, requests

LEASE_S = 600.0  # a collecting run that is not done by then is taken for dead, and started again
FLUSH_AFTER_S = 60.0

Requests = Iterator[dg.RunRequest | dg.SkipReason]


@dg.sensor(job=submit, minimum_interval_seconds=10, description="Sends pending, approved requests once no new ones are being made.")
def submit_sensor(caseforge: Caseforge) -> Requests:
    """A run for the newest pending request that may be sent."""
    with caseforge.store.connect() as connection:
        age_s = requests.seconds_since_newest_pending(connection)
        newest = requests.newest_sendable(connection, caseforge.provider.id, caseforge.provider.simulated)
    if newest is None or age_s is None or age_s < caseforge.configuration.quiet_period_s:
        yield dg.SkipReason("nothing may be sent" if newest is None else "requests are still being made")
        return
    yield dg.RunRequest(run_key=f"submit-{newest}")


@dg.sensor(job=collect, minimum_interval_seconds=10, description="Looks at open batches; a finished one is collected, once.")
def collect_sensor(caseforge: Caseforge) -> Requests:
    """A run for each finished batch and lease."""
    reconcile_batches(caseforge.store, caseforge.provider, grace_s=caseforge.configuration.create_grace_s)
    poll_batches(caseforge.store, caseforge.provider)
    with caseforge.store.begin() as connection:
        claimed = batches.claim_for_collecting(connection, LEASE_S)
    for batch_id, lease in claimed:
        run_config = dg.RunConfig(ops={"collect_finished": {"config": {"batch_id": batch_id}}})
        yield dg.RunRequest(run_key=f"batch-{batch_id}-lease-{lease}", run_config=run_config, tags={"caseforge/batch": str(batch_id)})
    if not claimed:
        yield dg.SkipReason("no batch is finished")


@dg.sensor(job=flush, minimum_interval_seconds=30, description="Shows in Dagster what a killed command could not show.")
def flush_sensor(caseforge: Caseforge) -> Requests:
    """A run when outbox rows wait for more than a minute."""
    with caseforge.store.connect() as connection:
        count, age_s = outbox.count_unflushed(connection)
        newest = outbox.highest_id(connection)
    if not count or age_s < FLUSH_AFTER_S:
        yield dg.SkipReason("Dagster is up to date" if not count else "rows are still young")
        return
    yield dg.RunRequest(run_key=f"flush-{newest}")


SENSORS = (submit_sensor, collect_sensor, flush_sensor)
