"""Texts that say where a request without an answer is, and what would make it move."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.batches.provider_kinds import window_of
from caseforge_assets.batches.states import TAKEN_BACK_PLANS, WAITING, PlanState
from caseforge_assets.stages.model_rules import in_words
from caseforge_assets.store.schema.constants import PLANNED_ONCE, listed

_WAITING = f"""
select r.node_id, r.stage, r.framework_key, r.state, b.id as batch_id, b.remote_id, b.remote_status, coalesce(b.opened_at, b.created_at) as since,
       r.plan_id, coalesce(p.state = '{PlanState.approved}' and r.stage = any(p.stages) and (p.bills or :simulated), false) as approved,
       p.state as plan_state, p.held_back, b.remote ->> 'completion_window' as completion_window
from caseforge.request r
left join caseforge.plan p on p.id = r.plan_id
left join caseforge.attempt a on a.request_id = r.id and a.outcome is null
left join caseforge.batch b on b.id = a.batch_id
where r.is_current and {{which}} and r.state in {listed(WAITING)}
"""
_OF_STAGE = text(_WAITING.format(which="r.stage = :stage and r.node_id = any(:ids)")).execution_options(**PLANNED_ONCE)
_OF_NODE = text(_WAITING.format(which="r.node_id = :id")).execution_options(**PLANNED_ONCE)


def whereabouts(connection: Connection, stage: str, node_ids: Sequence[int], simulated: bool) -> dict[int, str]:
    """Per node with a request that is pending or under way: where it is, since when, and what would make it move.

    Args:
        simulated: whether the provider is: then what is in no plan needs no approval.
    """
    rows = connection.execute(_OF_STAGE, {"stage": stage, "ids": list(node_ids), "simulated": simulated})
    return {row.node_id: _place_of(row, simulated) for row in rows}


def whereabouts_of_node(connection: Connection, node_id: int, simulated: bool) -> dict[str, str]:
    """The same for one node, by stage."""
    rows = connection.execute(_OF_NODE, {"id": node_id, "simulated": simulated})
    return {row.stage: _place_of(row, simulated) for row in rows}


def _place_of(row: Any, simulated: bool) -> str:
    if row.batch_id is not None:
        status = f" ({row.remote_status})" if row.remote_status else ""
        return waiting_text((row.remote_id or f"batch {row.batch_id}") + status, row.since, row.completion_window)
    if row.approved and row.held_back:
        return f"waiting: {row.held_back}"
    if row.plan_state in TAKEN_BACK_PLANS:
        return f"waiting: plan {row.plan_id} was {row.plan_state}; `caseforge generate --framework {row.framework_key}` makes a new one"
    if row.approved or (simulated and row.plan_id is None):
        return "waiting: not submitted yet; the job submit or its sensor sends it"
    return f"waiting: not approved yet; approve it with the job submit or with `caseforge generate --framework {row.framework_key}`"


def waiting_text(batch: str, since: datetime, completion_window: str | None) -> str:
    """The text for a node whose request is in a batch: which, since when, and what makes it move.

    Args:
        completion_window: as the provider has it, such as `24h`.
    """
    try:
        at_most = f" ({in_words(window_of(completion_window or ''))} at most)"
    except ValueError:
        at_most = ""
    return (
        f"waiting: in {batch} since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC; turns green when collected: by collect_sensor, the job collect or "
        f"`caseforge monitor`, once the provider is through{at_most}"
    )
