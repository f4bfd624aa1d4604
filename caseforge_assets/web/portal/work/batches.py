"""Batches for people: how far each is, what it costs, and what may be decided about it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from caseforge_assets.access.roles import Role
from caseforge_assets.batches.states import UNSETTLED, BatchState
from caseforge_assets.store.collecting.attempts import outcome_counts
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Planner, Reader
from caseforge_assets.web.api.work.batches import Batch, collect_again, demand_batch, give_up, list_batches, read_batch, stop_batch
from caseforge_assets.web.portal.shared.rendering import PagesNow
from caseforge_assets.web.portal.work.money import frameworks_to_choose
from caseforge_assets.web.wire.pages import Cursor, Id

router = APIRouter(include_in_schema=False)
AT_ONCE = 50


@router.get("/batches")
def show_batches(
    pages: PagesNow,
    caller: Reader,
    framework: Annotated[str | None, Query(max_length=40)] = None,
    state: Annotated[Literal["", "open", "through"], Query()] = "",
    cursor: Cursor = None,
) -> HTMLResponse:
    """Batches, newest first."""
    states = {"": None, "open": list(UNSETTLED), "through": [state for state in BatchState if state not in UNSETTLED]}[state]
    page = list_batches(pages.service, caller, states, framework or None, AT_ONCE, cursor)
    with pages.service.reading.connect() as connection:
        keys = frameworks_to_choose(connection, caller)
    values = {"batches": page.items, "next": page.next, "keys": keys, "key": framework, "state": state}
    return pages.answer("batches.html.jinja", values, section="runs", keep=not any(map(is_open, page.items)))


@router.get("/batches/{batch_id}")
def show_batch(batch_id: Id, pages: PagesNow, caller: Reader) -> HTMLResponse:
    """A batch: how far it is, what it costs, what its requests came to."""
    batch = read_batch(batch_id, pages.service, caller)
    with pages.service.reading.connect() as connection:
        outcomes = outcome_counts(connection, batch_id)
    values = {"batch": batch, "outcomes": outcomes, "may_decide": all(caller.may(Role.planner, key) for key in batch.frameworks)}
    return pages.answer("batch.html.jinja", values | {"is_open": is_open(batch)}, section="runs")


@router.post("/batches/{batch_id}/{decision}")
def decide(
    batch_id: Id,
    decision: Literal["cancel", "collect-again", "give-up"],
    pages: PagesNow,
    caller: Planner,
    sure: Annotated[str, Form(max_length=5)] = "",
) -> RedirectResponse:
    """Stops a batch at its provider, fetches its files again, or takes what came of it."""
    with pages.service.store.connect() as connection:
        demand_batch(connection, caller, batch_id, Role.planner)
    if not sure:
        raise ValueError("tick that you are sure, so that nothing is stopped by a slip. Nothing was changed")

    def decide_it(_noting: Connection) -> str:
        {"cancel": stop_batch, "collect-again": collect_again, "give-up": give_up}[decision](batch_id, pages.service, caller)
        return f"/batches/{batch_id}"

    return pages.once_apart(decide_it)


def is_open(batch: Batch) -> bool:
    """Tells whether something is left to be done for it."""
    return batch.state in UNSETTLED
