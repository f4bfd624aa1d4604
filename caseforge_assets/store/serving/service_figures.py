"""Figures for those who watch a service with a program: counts by state, sums, and how long things have waited. Each query reads a table once, or an index."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.batches.states import UNSETTLED
from caseforge_assets.events.kinds import DeliveryState
from caseforge_assets.store.database.clock import seconds_since
from caseforge_assets.store.figures.spending import Spent, spent_by
from caseforge_assets.store.schema.constants import listed


@dataclass(frozen=True, slots=True)
class Counted:
    """The number of things in a state, and the seconds for which the oldest has been there."""

    count: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """All of them, as they were at one moment; `came` is what `caseforge costs --by outcome` shows of all frameworks."""

    requests: dict[str, int]
    batches: dict[str, int]
    unsettled: dict[str, Counted]
    came: list[Spent]
    queues: dict[str, Counted]
    deliveries: dict[str, int]


_REQUESTS = "select state, count(*) from caseforge.request where is_current group by 1"
_BATCHES = "select state, count(*) from caseforge.batch group by 1"
_UNSETTLED = f"""
select state, count(*), max({seconds_since("coalesce(opened_at, created_at)")}) from caseforge.batch where state in {listed(UNSETTLED)} group by 1
"""
_QUEUES = f"""
select 'outbox', count(*), max({seconds_since("created_at")}) from caseforge.outbox where flushed_at is null
union all select 'events', count(*), max({seconds_since("happened_at")}) from caseforge.event where position is null
union all select 'deliveries', count(*), max({seconds_since("created_at")}) from caseforge.webhook_delivery where state = '{DeliveryState.waiting}'
union all select 'wishes', count(*), max({seconds_since("asked_at")}) from caseforge.work_wish where done_at is null
"""
_DELIVERIES = "select state, count(*) from caseforge.webhook_delivery group by 1"


def service_figures(connection: Connection) -> ServiceFigures:
    """Reads all of them."""

    def counts(query: str) -> dict[str, int]:
        return {row[0]: int(row[1]) for row in connection.execute(text(query))}

    def aged(query: str) -> dict[str, Counted]:
        return {row[0]: Counted(int(row[1]), float(row[2] or 0)) for row in connection.execute(text(query))}

    return ServiceFigures(
        requests=counts(_REQUESTS),
        batches=counts(_BATCHES),
        unsettled=aged(_UNSETTLED),
        came=spent_by(connection, "outcome"),
        queues=aged(_QUEUES),
        deliveries=counts(_DELIVERIES),
    )
