"""Runs of the work loop: asked for here, done by whoever works (a worker of the service, Dagster's sensors, a command), with what came of them."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.batches.states import Wish
from caseforge_assets.store.access import audit
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.serving import wishes
from caseforge_assets.store.serving.wishes import WishRow
from caseforge_assets.web.access.callers import Planner, Reader, ServiceNow, problems
from caseforge_assets.web.api.work.batches import demand_batch
from caseforge_assets.web.wire.idempotency import AnsweredOnce
from caseforge_assets.web.wire.pages import LARGEST_ID, Cursor, Id, Limit, Page, encode_cursor, id_before

router = APIRouter(tags=["runs"])
ORDER = "runs"


class RunWanted(BaseModel):
    """A request for work to be done now, instead of when its time comes."""

    model_config = ConfigDict(extra="forbid")

    wish: Wish = Field(
        description="submit: what is approved is sent; poll: providers are asked how far batches are; collect: what is finished is collected"
    )
    batch: int | None = Field(default=None, ge=1, le=LARGEST_ID, description="only this batch, where it is polled or collected; null: all")


class Run(BaseModel):
    """A run that was asked for."""

    id: int
    wish: str
    batch: int | None = Field(description="null: all")
    asked_by: str
    asked_at: datetime
    done_at: datetime | None = Field(description="null: nobody did it yet")
    outcome: str | None = Field(description="what came of it, for people")


@router.post("/runs", status_code=202, response_model=Run, responses=problems(403, 404, 422))
def ask_for_run(wanted: RunWanted, caller: Planner, once: AnsweredOnce) -> JSONResponse:
    """Ask for a run: only what is approved already is ever sent by it."""

    def ask(connection: Connection) -> Run:
        if wanted.batch is not None:
            demand_batch(connection, caller, wanted.batch, Role.planner)
        run_id = wishes.ask(connection, wanted.wish, caller.name, wanted.batch)
        audit.note(connection, caller.name, "run.asked", f"run {run_id}", details={"wish": wanted.wish})
        return _shown(_found(wishes.find(connection, run_id), run_id))

    return once.answer(ask, status=202)


@router.get("/runs", responses=problems(422))
def list_runs(service: ServiceNow, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[Run]:
    """List runs that were asked for, newest first. Who does not see all frameworks sees their own."""
    with service.store.connect() as connection:
        rows = wishes.page_of_wishes(connection, _only(caller), id_before(cursor, ORDER), limit + 1)
    shown = rows[:limit]
    return Page(items=[_shown(row) for row in shown], next=encode_cursor(ORDER, shown[-1].id) if len(rows) > limit else None)


@router.get("/runs/{run_id}", responses=problems(404, 422))
def read_run(run_id: Id, service: ServiceNow, caller: Reader) -> Run:
    """Read a run: whether it was done, and what came of it."""
    with service.store.connect() as connection:
        row = _found(wishes.find(connection, run_id), run_id)
    if _only(caller) not in (None, row.asked_by):
        raise _unknown(run_id)
    return _shown(row)


def _only(caller: Caller) -> str | None:
    """Outcomes name batches of all frameworks."""
    return None if caller.seen_frameworks() is None else caller.name


def _found(row: WishRow | None, run_id: int) -> WishRow:
    if row is None:
        raise _unknown(run_id)
    return row


def _unknown(run_id: int) -> LookupError:
    return LookupError(f"there is no run {run_id}, or you may not see it")


def _shown(row: WishRow) -> Run:
    return Run(
        id=row.id, wish=row.wish, batch=row.batch_id, asked_by=row.asked_by, asked_at=row.asked_at, done_at=row.done_at, outcome=row.outcome
    )
