"""Plans: made as drafts, listed, read. What is decided of them is in `plan_decisions`; nothing is sent from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.batches.states import PlanState
from caseforge_assets.commands.approving.keep_draft import keep_draft
from caseforge_assets.commands.money.sum_budgets import budgets_left
from caseforge_assets.commands.planning.find_meant_nodes import Choice, asked_anew, meant_nodes
from caseforge_assets.commands.planning.make_plan import Plan, draft_plan
from caseforge_assets.commands.surveying.choose_stages import accepted_stages
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.store.planning import plans
from caseforge_assets.web.access.callers import Planner, Reader, ServiceNow, problems, see_framework
from caseforge_assets.web.api.work.plan_shapes import MadePlan, PlanShown, made_plan, shown_plan, shown_plans
from caseforge_assets.web.keeping.etags import TagsNow, reads
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.idempotency import AnsweredOnce
from caseforge_assets.web.wire.pages import Cursor, Id, Limit, Page, encode_cursor, id_before

if TYPE_CHECKING:
    from caseforge_assets.store.database.engine import Connection

router = APIRouter(tags=["plans"])
ORDER = "plans"


class PlanWanted(BaseModel):
    """A request for a plan, as `caseforge plan` takes it. Without a choice: every node, and what is good is left alone."""

    model_config = ConfigDict(extra="forbid")

    framework: str = Field(max_length=40, examples=["cross_industry"])
    stages: list[str] = Field(default=[], max_length=20, description="only these; empty: all")
    nodes: str | None = Field(
        default=None,
        max_length=200_000,
        description="codes, ids or keys separated by commas, or branches such as 8.*",
        examples=["1.1.1, 8.*"],
    )
    select: Literal["unfinished", "failed", "missing", "stale"] | None = Field(
        default=None, description="only nodes that are so in a stage"
    )
    limit: int | None = Field(default=None, ge=1, le=10_000_000, description="only the first so many of the nodes that `select` means")
    regenerate: bool = Field(
        default=False,
        description="another answer also where there is a good one; what a person wrote is replaced only where its node is named alone",
    )
    model_of: str | None = Field(
        default=None, max_length=200, description="only nodes with content that this model made, and another answer there"
    )
    refresh_context: bool = Field(
        default=False, description="no answer that was made for the same node under other ancestors or with other KPIs"
    )
    offline: bool = Field(default=False, description="the provider is not asked who it is; planned for one that bills")


@router.post("/plans", status_code=201, response_model=MadePlan, responses=problems(403, 404, 422, 502, 503))
def make_plan(wanted: PlanWanted, service: ServiceNow, caller: Planner, once: AnsweredOnce) -> JSONResponse:
    """Make a plan: what would be sent, why, and at what cost. It is kept as a draft; nothing of it is sent before somebody approves it."""
    demand_declared(service, caller, wanted.framework)
    simulated = service.plans_for_simulated(offline=wanted.offline)
    return once.answer(lambda connection: make_draft(connection, service, wanted, simulated, caller.name), status=201)


def make_draft(connection: Connection, service: Service, wanted: PlanWanted, simulated: bool, by: str) -> MadePlan:
    """Makes a draft of what is wanted, and keeps it.

    Raises:
        LookupError: there is no such stage or node.
        ValueError: what is wanted makes no sense.
    """
    draft, warnings = drafted(connection, service, wanted, simulated)
    keep_draft(connection, draft, by=by)
    left = budgets_left(connection, service.project, wanted.framework)
    return made_plan(shown_plan(connection, service.project, draft.id), draft, simulated, left, warnings)


def drafted(connection: Connection, service: Service, wanted: PlanWanted, simulated: bool) -> tuple[Plan, list[str]]:
    """The plan that is wanted, in the caller's transaction, with what is to be said of its models."""
    project, key = service.project, wanted.framework
    chosen = accepted_stages(connection, project, wanted.stages)
    choice = Choice(wanted.nodes, wanted.select, wanted.limit, None, wanted.model_of, wanted.regenerate, wanted.refresh_context)
    ids = meant_nodes(connection, project, key, chosen.stages, choice, simulated=simulated)
    scope, anew = Scope(key, chosen.stages, simulated, ids), asked_anew(connection, key, choice)
    draft = draft_plan(connection, project, scope, made_by="plan", anew=anew)
    return draft, list(chosen.warnings)


@router.get("/plans", responses=reads(404, 422))
def list_plans(
    service: ServiceNow,
    caller: Reader,
    tags: TagsNow,
    framework: Annotated[str | None, Query(max_length=40, description="only plans of this one")] = None,
    state: Annotated[list[PlanState] | None, Query(description="only plans in these states; may be repeated")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PlanShown]:
    """List plans, newest first."""
    keys = _keys(caller, framework)
    with service.reading.connect() as connection:
        tags.of_changes(connection, keys and sorted(keys))
        ids = plans.page_of_plans(connection, keys, state, id_before(cursor, ORDER), limit + 1)
        shown = shown_plans(connection, service.project, ids[:limit])
    return Page(items=shown, next=encode_cursor(ORDER, shown[-1].id) if len(ids) > limit else None)


@router.get("/plans/{plan_id}", responses=reads(404, 422))
def read_plan(plan_id: Id, service: ServiceNow, caller: Reader, tags: TagsNow) -> PlanShown:
    """Read a plan: what of it is open, what it has spent, why it waits, and who decided what."""
    with service.reading.connect() as connection:
        demand_plan(connection, caller, plan_id, Role.reader)
        tags.of_changes(connection)
        return shown_plan(connection, service.project, plan_id)


def demand_plan(connection: Connection, caller: Caller, plan_id: int, role: Role) -> None:
    """Holds a caller to a role in a plan's framework.

    Raises:
        LookupError: there is no such plan, or the caller may not see it.
        NotAllowed: the caller sees it, and does not hold the role.
    """
    found = plans.all_plans(connection, [plan_id])
    if not found or not caller.may(Role.reader, found[0].framework_key):
        raise LookupError(f"there is no plan {plan_id}, or you may not see it")
    caller.demand(role, found[0].framework_key)


def demand_declared(service: Service, caller: Caller, key: str) -> None:
    """Holds a caller to the role planner in a framework that caseforge.toml declares.

    Raises:
        LookupError: it declares none of this key, or the caller may not see it.
        NotAllowed: the caller sees it, and does not hold the role.
    """
    see_framework(caller, key)
    caller.demand(Role.planner, key)
    if key not in service.settings.configuration.frameworks:
        raise LookupError(f"there is no framework {key!r}, or you may not see it")


def _keys(caller: Caller, framework: str | None) -> frozenset[str] | None:
    if framework is None:
        return caller.seen_frameworks()
    see_framework(caller, framework)
    return frozenset({framework})
