"""Requests that were not sent yet and are not sent until a person asks again: taken back with their plan, written by a person, chosen no more."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from caseforge_assets.batches.states import RequestState
from caseforge_assets.curation.statuses import CHOSEN
from caseforge_assets.store.schema.constants import listed


def park_of_plan(connection: Connection, plan_id: int) -> int:
    """A plan's requests that were not sent yet are not sent until a person asks; returns how many there were."""
    query = text(
        f"update caseforge.request set state = '{RequestState.parked}' where plan_id = :plan and is_current and state = '{RequestState.pending}' returning id"
    )
    return len(list(connection.scalars(query, {"plan": plan_id})))


def park_pending(connection: Connection, node_id: int, stage: str) -> None:
    """A node's request that was not sent yet is not sent until a person asks."""
    query = text(
        f"update caseforge.request set state = '{RequestState.parked}' where node_id = :node and stage = :stage and is_current and state = '{RequestState.pending}'"
    )
    connection.execute(query, {"node": node_id, "stage": stage})


_PARK_UNCHOSEN = text(f"""
update caseforge.request r set state = '{RequestState.parked}'
where r.node_id = any(:nodes) and r.is_current and r.state = '{RequestState.pending}' and jsonb_typeof(r.choice) = 'object' and not exists (
    select 1 from caseforge.use_case u
    join caseforge.candidate k on k.id = u.candidate_id and k.node_id = r.node_id
    join caseforge.content c on c.id = k.content_id
    where u.status in {listed(sorted(CHOSEN))} and c.stage in (
        select once.stage from caseforge.candidate o join caseforge.content once on once.id = o.content_id
        where o.id in (select cast(jsonb_array_elements_text(r.choice -> 'ids') as bigint))))
returning r.id
""")


def park_unchosen(connection: Connection, node_ids: Collection[int]) -> int:
    """Requests of nodes that are made from a choice, and were not sent yet, are not sent until a person asks where nothing is chosen any more.

    Returns:
        How many there were.
    """
    return len(list(connection.scalars(_PARK_UNCHOSEN, {"nodes": list(node_ids)})))
