"""Dagster's counts of partitions, looked at once more when what was shown is some time ago: a page that was open meanwhile may have left them wrong."""

from __future__ import annotations

import time

from dagster import DagsterInstance

from caseforge_assets.defs.private.partition_counts import drop_wrong_counts
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.mirroring import outbox

SHOWN_FOR_S = 20.0  # no page is at its counts for longer
AT_MOST_S = 10.0  # of a tick, which Dagster ends after a minute


def recount_shown(instance: DagsterInstance, store: Engine, after_id: int) -> int:
    """Has the assets counted anew whose partitions Dagster shows in another state than their events say.

    Args:
        instance: Dagster's instance, on PostgreSQL.
        store: CaseForge's database.
        after_id: the row of the outbox up to which this was done.

    Returns:
        The row up to which it is done now.
    """
    give_up_at = time.monotonic() + AT_MOST_S
    with store.connect() as connection:
        shown = outbox.shown_for_a_while(connection, after_id, SHOWN_FOR_S)
    for asset, newest_id in shown.items():
        drop_wrong_counts(instance, [asset])
        after_id = newest_id
        if time.monotonic() > give_up_at:
            break
    return after_id
