"""Batches: how far they are and what they cost, and what a person decides about one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.batches.states import BatchState
from caseforge_assets.commands.collecting.cancel_batch import cancel_batch
from caseforge_assets.commands.collecting.collect_batch import Collected
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.reporting.view_batches import BatchView, views_of
from caseforge_assets.commands.rounds.settle_batch import fetch_again, give_up_batch
from caseforge_assets.commands.submitting.adopt_batch import adopt_batch
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures import batch_sums
from caseforge_assets.store.submitting.batches import BatchRow
from caseforge_assets.web.access.callers import Planner, Reader, ServiceNow, problems, see_framework
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.money import CostSum, Money, cost_sum, money
from caseforge_assets.web.wire.pages import Cursor, Id, Limit, Page, encode_cursor, id_before

router = APIRouter(tags=["batches"])
ORDER = "batches"


class Batch(BaseModel):
    """A batch. While it is under way, figures are `estimated` from what the provider counts as done."""

    id: int
    remote_id: str | None = Field(description="the provider's id; null: it has none yet")
    frameworks: list[str] = Field(description="whose nodes are in it, as far as the caller sees them")
    stage: str
    model: str
    state: str = Field(description="planned, written, uploaded, creating, open, final, collected, refused, unknown")
    remote_status: str | None = Field(description="the provider's word")
    created_at: datetime
    collected_at: datetime | None
    requests: int
    done: int | None = Field(description="requests that came to an end; null: unknown")
    failed: int | None
    elapsed_s: float
    left_s: float | None = Field(description="estimated; null: unknown")
    input_tokens: int | None
    output_tokens: int | None
    cost: CostSum = Field(description="of a simulated batch: what its tokens would cost")
    expected_cost: Money | None
    simulated: bool
    estimated: bool
    items: int | None = Field(description="use cases; null: its stage makes none")
    reason: str = Field(description="why it stands where it stands; empty: nothing is to be said")


class Named(BaseModel):
    """The batch at the provider that is meant."""

    model_config = ConfigDict(extra="forbid")

    remote_id: str = Field(min_length=1, max_length=200, description="as it stands on the provider's own page of batches")


class Settled(BaseModel):
    """The result of a decision about a batch."""

    batch: Batch
    outcomes: dict[str, int] | None = Field(
        description="its attempts by outcome; null: its files fall short still, or somebody else is at it"
    )


@router.get("/batches", responses=problems(404, 422))
def list_batches(
    service: ServiceNow,
    caller: Reader,
    state: Annotated[list[BatchState] | None, Query(description="only batches in these states; may be repeated")] = None,
    framework: Annotated[str | None, Query(max_length=40, description="only batches with nodes of this one")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Batch]:
    """List batches, newest first, with how far they are and what they cost so far."""
    if framework is not None:
        see_framework(caller, framework)
    keys = caller.seen_frameworks() if framework is None else frozenset({framework})
    with service.store.connect() as connection:
        ids = batch_sums.page_of_batches(connection, keys, state, id_before(cursor, ORDER), limit + 1)
        shown = _shown(connection, service, caller, ids[:limit])
    return Page(items=shown, next=encode_cursor(ORDER, shown[-1].id) if len(ids) > limit else None)


@router.get("/batches/{batch_id}", responses=problems(404, 422))
def read_batch(batch_id: Id, service: ServiceNow, caller: Reader) -> Batch:
    """Read a batch: how far it is, and what it costs."""
    with service.store.connect() as connection:
        demand_batch(connection, caller, batch_id, Role.reader)
        (shown,) = _shown(connection, service, caller, [batch_id])
        return shown


@router.post("/batches/{batch_id}/cancel", responses=problems(403, 404, 409, 422, 502, 503))
def stop_batch(batch_id: Id, service: ServiceNow, caller: Planner) -> Settled:
    """Stop a batch at its provider. Answers it has by then are collected; the rest waits until somebody asks again."""
    return _settled(service, caller, batch_id, lambda project: cancel_batch(project, str(batch_id), by=caller.name))


@router.post("/batches/{batch_id}/adopt", responses=problems(403, 404, 409, 422, 502, 503))
def take_over_batch(batch_id: Id, named: Named, service: ServiceNow, caller: Planner) -> Settled:
    """Take over the provider's batch that a creation led to, where it cannot be looked up."""
    return _settled(service, caller, batch_id, lambda project: adopt_batch(project, str(batch_id), named.remote_id, by=caller.name))


@router.post("/batches/{batch_id}/collect-again", responses=problems(403, 404, 409, 422, 502, 503))
def collect_again(batch_id: Id, service: ServiceNow, caller: Planner) -> Settled:
    """Fetch a batch's files now, also where it was collected without some of its answers."""
    return _settled(service, caller, batch_id, lambda project: fetch_again(project, str(batch_id), by=caller.name))


@router.post("/batches/{batch_id}/give-up", responses=problems(403, 404, 409, 422, 502, 503))
def give_up(batch_id: Id, service: ServiceNow, caller: Planner) -> Settled:
    """Take what came of a batch so far, and wait for nothing more of it; the rest is asked again by a retry only."""
    return _settled(service, caller, batch_id, lambda project: give_up_batch(project, str(batch_id), by=caller.name))


def demand_batch(connection: Connection, caller: Caller, batch_id: int, role: Role) -> None:
    """Holds a caller to a role: to see a batch, in one of its frameworks; to decide about it, in all of them.

    Raises:
        LookupError: there is no such batch, or the caller may not see it.
        NotAllowed: the caller sees it, and does not hold the role.
    """
    seen = caller.seen_frameworks()
    if not batch_sums.is_seen(connection, batch_id, seen):
        raise LookupError(f"there is no batch {batch_id}, or you may not see it")
    if role is not Role.reader:
        for key in batch_sums.frameworks_of_batches(connection, [batch_id]).get(batch_id, ()):
            caller.demand(role, key)


def _settled(service: Service, caller: Caller, batch_id: int, act: Callable[[OpenProject], Collected | BatchRow | None]) -> Settled:
    with service.store.connect() as connection:
        demand_batch(connection, caller, batch_id, Role.planner)
    result = act(service.open_project)
    with service.store.connect() as connection:
        (shown,) = _shown(connection, service, caller, [batch_id])
    outcomes = {str(name): count for name, count in result.outcomes.items()} if isinstance(result, Collected) else None
    return Settled(batch=shown, outcomes=outcomes)


def _shown(connection: Connection, service: Service, caller: Caller, ids: list[int]) -> list[Batch]:
    views = {view.id: view for view in views_of(connection, service.project.stages, clock.now(connection), ids)}
    return [_batch(views[batch_id], caller) for batch_id in ids]


def _batch(view: BatchView, caller: Caller) -> Batch:
    return Batch(
        id=view.id,
        remote_id=view.remote_id,
        frameworks=[key for key in view.frameworks if caller.may(Role.reader, key)],
        stage=view.stage,
        model=view.model,
        state=view.state,
        remote_status=view.remote_status,
        created_at=view.created_at,
        collected_at=view.collected_at,
        requests=view.request_count,
        done=view.done,
        failed=view.failed,
        elapsed_s=round(view.elapsed_s, 1),
        left_s=None if view.left_s is None else round(view.left_s, 1),
        input_tokens=view.input_tokens,
        output_tokens=view.output_tokens,
        cost=cost_sum(view.cost),
        expected_cost=money(view.expected_cost_usd),
        simulated=view.simulated,
        estimated=view.estimated,
        items=view.items,
        reason=view.reason,
    )
