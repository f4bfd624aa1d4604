"""Figures for those who watch a service with a program: counts by state, sums, and how long things have waited. Each query reads a table once, or an index."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, text

from caseforge_assets.batches.states import UNSETTLED
from caseforge_assets.events.kinds import DeliveryState
from caseforge_assets.store.database.clock import seconds_since
from caseforge_assets.store.figures.spending import UNKNOWN
from caseforge_assets.store.schema.constants import listed
from caseforge_assets.store.schema.provider_table import PAYMENT


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are in a state, and the seconds for which the oldest has been there."""

    count: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Came:
    """Attempts of a kind of payment that came to an outcome, and what they used and cost."""

    kind: str
    outcome: str
    attempts: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    unknown_costs: int


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """All of them, as they were at one moment."""

    requests: dict[str, int]
    batches: dict[str, int]
    unsettled: dict[str, Counted]
    came: list[Came]
    queues: dict[str, Counted]
    deliveries: dict[str, int]


_REQUESTS = "select state, count(*) from caseforge.request where is_current group by 1"
_BATCHES = "select state, count(*) from caseforge.batch group by 1"
_UNSETTLED = f"""
select state, count(*), max({seconds_since("coalesce(opened_at, created_at)")}) from caseforge.batch where state in {listed(UNSETTLED)} group by 1
"""
_CAME = text(f"""
select {PAYMENT} as kind, a.outcome, count(*), coalesce(sum(a.input_tokens), 0), coalesce(sum(a.output_tokens), 0), coalesce(sum(a.cost_usd), 0),
       count(*) filter (where {UNKNOWN})
from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id join caseforge.provider p on p.id = a.provider_id
where a.outcome is not null group by 1, 2
""")
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
        came=[Came(row[0], row[1], row[2], int(row[3]), int(row[4]), row[5], row[6]) for row in connection.execute(_CAME)],
        queues=aged(_QUEUES),
        deliveries=counts(_DELIVERIES),
    )
