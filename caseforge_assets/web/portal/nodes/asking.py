"""Asking for a node's content: what follows and what it costs is shown before anything is spent, and a draft is made of it for somebody to approve."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response

from caseforge_assets.commands.approving.keep_draft import keep_draft
from caseforge_assets.commands.editing.foresee_edit import taken_back
from caseforge_assets.commands.planning.foresee_change import foresee_change, stages_after
from caseforge_assets.commands.planning.make_plan import Anew, Plan, draft_plan
from caseforge_assets.commands.planning.preview_request import preview_request
from caseforge_assets.commands.surveying.choose_stages import accepted_stages
from caseforge_assets.commands.surveying.survey import Scope, survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.web.access.callers import Planner, Reader
from caseforge_assets.web.api.work.plans import demand_declared
from caseforge_assets.web.portal.nodes.node import of_node
from caseforge_assets.web.portal.shared.rendering import PagesNow
from caseforge_assets.web.service import Service

router = APIRouter(include_in_schema=False)
StageKey = Annotated[str, Query(max_length=100)]


@router.get("/frameworks/{key}/nodes/{code:path}/follows")
def show_what_follows(key: str, code: str, stage: StageKey, pages: PagesNow, _caller: Reader) -> HTMLResponse:
    """Show what becomes of what is made from a content when that changes, and what asking for each anew costs."""
    service = pages.service
    chosen = service.project.stages[stage]
    with service.reading.connect() as connection:
        node = _target(connection, key, code)
        price = preview_request(connection, service.project, key, node.node_id, chosen)
        follows = foresee_change(connection, service.project, key, node.node_id, chosen)
        about = of_node(connection, node)
    return pages.answer("follows.html.jinja", about | {"stage": chosen, "price": price, "follows": follows})


@router.get("/frameworks/{key}/nodes/{code:path}/ask")
def show_asking(key: str, code: str, stage: StageKey, pages: PagesNow, caller: Planner, with_readers: bool = False) -> HTMLResponse:
    """Show what asking for a node's content would send, and at what cost; made as a plan and taken back, so that nothing is kept."""
    service = pages.service
    demand_declared(service, caller, key)
    simulated = service.plans_for_simulated()
    with taken_back(service.store) as connection:
        node = _target(connection, key, code)
        about = of_node(connection, node)
        state = _state(connection, service, key, node.node_id, stage, simulated)
        plan, warnings = _draft(connection, service, key, node.node_id, stage, simulated, with_readers=with_readers)
    with service.reading.connect() as connection:
        follows = foresee_change(connection, service.project, key, node.node_id, service.project.stages[stage])
    values = {
        "stage": service.project.stages[stage],
        "plan": plan,
        "warnings": warnings,
        "simulated": simulated,
        "state": state,
        "follows": follows,
        "with_readers": with_readers,
    }
    return pages.answer("ask.html.jinja", about | values)


@router.post("/frameworks/{key}/nodes/{code:path}/ask", response_class=HTMLResponse)
def make_draft(
    key: str, code: str, stage: StageKey, pages: PagesNow, caller: Planner, with_readers: Annotated[bool, Form()] = False
) -> Response:
    """Makes the draft, and leads to it. Nothing of it is sent before somebody approves it."""
    service = pages.service
    demand_declared(service, caller, key)
    simulated = service.plans_for_simulated()

    def make_it(connection: Connection) -> str:
        node = _target(connection, key, code)
        plan, _ = _draft(connection, service, key, node.node_id, stage, simulated, with_readers=with_readers)
        keep_draft(connection, plan, by=caller.name)
        return f"/plans/{plan.id}?made=yes"

    return pages.once(make_it)


def _draft(
    connection: Connection, service: Service, key: str, node_id: int, stage: str, simulated: bool, *, with_readers: bool
) -> tuple[Plan, list[str]]:
    """A plan for one node: another answer where there is a good one, also where a person wrote it, since the node is named."""
    project = service.project
    asked = project.stages[stage]
    after: tuple[Stage, ...] = tuple(reader for reader, _ in stages_after(project.stages.shared, asked)) if with_readers else ()
    chosen = accepted_stages(connection, project, [stage, *(reader.key for reader in after)])
    is_done = _state(connection, service, key, node_id, stage, simulated) is NodeState.DONE
    scope = Scope(key, chosen.stages, simulated, [node_id])
    plan = draft_plan(connection, project, scope, made_by="plan", anew=Anew(is_done, named={node_id}))
    return plan, chosen.warnings


def _state(connection: Connection, service: Service, key: str, node_id: int, stage: str, simulated: bool) -> NodeState:
    ((_, state),) = survey(connection, service.project, key, service.project.stages[stage], simulated, [node_id])
    return state


def _target(connection: Connection, key: str, code: str) -> Any:
    """The node that is called so.

    Raises:
        LookupError: there is none, or it gets no content.
    """
    node = named_node(connection, key, code)
    if node.partition_key is None or node.retired:
        raise LookupError(f"{node.code} {node.name} gets no content in the current edition")
    return node
