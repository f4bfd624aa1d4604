"""Costs of attempts, added up by what a person asks for, the one rule that says which are unknown, and what one content cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from caseforge_assets.costs.sums import Cost, added_up
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.store.schema.provider_table import PAYMENT

# The one rule: an attempt (a) that came to an end after it was sent, and of which nobody knows what it cost, be it for want of an answer.
ENDED = f"(a.outcome is not null and a.outcome <> '{Outcome.not_sent}')"
UNKNOWN = f"({ENDED} and a.cost_usd is null)"
# What a content (c) cost: a text that a person wrote nothing, and what was not measured is unknown; and the equal share of one of its items.
CONTENT_COST = "case when c.edited_after is not null then 0 else c.cost_usd end"
ITEM_SHARE = f"round({CONTENT_COST} / (select count(*) from caseforge.candidate s where s.content_id = c.id), 8)"
# When an attempt came back: a provider's clock may run ahead, so never after it was collected.
CAME_BACK = "least(coalesce(a.answered_at, b.final_at, b.created_at), b.collected_at)"
# What people call a batch (b).
NAME = "coalesce(b.remote_id, 'batch ' || b.id)"

# What follows each `by` is the whole list of groupings: nothing of the kind ever comes from outside.
_GROUPS = {
    "stage": "b.stage",
    "model": "coalesce(a.model, b.model)",
    "day": f"to_char({CAME_BACK} at time zone 'UTC', 'YYYY-MM-DD')",
    "framework": "n.framework_key",
    "batch": NAME,
    "outcome": "a.outcome",
    "node": "a.node_id::text",
}
GROUPINGS = tuple(_GROUPS)

_SPENT = """
select {group} as name, {kind} as kind,
       count(*) as attempts, sum(a.input_tokens) as input_tokens, sum(a.cached_tokens) as cached_tokens,
       sum(a.cache_write_tokens) as cache_write_tokens, sum(a.output_tokens) as output_tokens,
       sum(a.reasoning_tokens) as reasoning_tokens, sum(a.cost_usd) as cost_usd,
       sum(a.expected_cost_usd) filter (where a.cost_usd is not null) as expected_cost_usd,
       count(*) filter (where {unknown}) as unknown_costs
from caseforge.attempt a
join caseforge.batch b on b.id = a.batch_id
join caseforge.provider p on p.id = a.provider_id
join caseforge.node n on n.id = a.node_id
where {ended} and (cast(:key as text) is null or n.framework_key = :key)
  and (cast(:since as timestamptz) is null or {came_back} >= :since)
group by 1, 2 order by 2, 1
"""


# Questions of the search by meaning, of all frameworks; those that are refused cost nothing and are left out.
SEARCH = "search"
_SEARCHED = """
select {group} as name, {kind} as kind, count(*), sum(q.input_tokens), null, null, null, null, sum(q.cost_usd),
       sum(q.expected_cost_usd) filter (where q.cost_usd is not null), count(*) filter (where q.cost_usd is null)
from caseforge.search_question q join caseforge.provider p on p.id = q.provider_id
where q.refused is null and (cast(:since as timestamptz) is null or q.asked_at >= :since) group by 1, 2 order by 2, 1
"""
_SEARCH_GROUPS = {"model": "q.model", "day": "to_char(q.asked_at at time zone 'UTC', 'YYYY-MM-DD')"}


@dataclass(frozen=True, slots=True)
class Spent:
    """A group of attempts that came back.

    `kind` is billed, simulated (at what it would have cost) or imported. Sums of None are unknown. `expected_cost_usd` is what the
    attempts of known cost were expected to cost; `unknown_costs` counts those whose cost is not known, unanswered ones included.
    """

    name: str
    kind: str
    attempts: int
    input_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    reasoning_tokens: int | None
    cost_usd: Decimal | None
    expected_cost_usd: Decimal | None
    unknown_costs: int

    @property
    def cost(self) -> Cost:
        """Their sum."""
        return Cost.of(self.cost_usd, self.unknown_costs)


def spent_by(connection: Connection, grouping: str, key: str | None = None, since: datetime | None = None) -> list[Spent]:
    """Attempts that came back, truncated and failed ones included, added up by one of `GROUPINGS`; over all frameworks, questions of the search, too.

    Args:
        key: one framework, or all.
        since: only what was answered since then.
    """
    query = text(_SPENT.format(group=_GROUPS[grouping], kind=PAYMENT, came_back=CAME_BACK, unknown=UNKNOWN, ended=ENDED))
    rows = [Spent(*row) for row in connection.execute(query, {"key": key, "since": since})]
    if key is not None:
        return rows
    searched = text(_SEARCHED.format(group=_SEARCH_GROUPS.get(grouping, f"'{SEARCH}'"), kind=PAYMENT))
    questions = [Spent(*row) for row in connection.execute(searched, {"since": since})]
    return added_up([*rows, *questions], by=("kind", "name")) if questions else rows


def costs_of_batches(connection: Connection, batch_ids: Sequence[int]) -> dict[int, Cost]:
    """Per batch, the cost of its attempts that came to an end; batches without any are left out."""
    query = text(f"""
    select a.batch_id, sum(a.cost_usd), count(*) filter (where {UNKNOWN}) from caseforge.attempt a
    where a.batch_id = any(:ids) and {ENDED} group by 1
    """)
    return {row[0]: Cost.of(row[1], row[2]) for row in connection.execute(query, {"ids": list(batch_ids)})}
