"""Specifications of what people have chosen: what they would cost is shown first, and a plan is made of it that somebody approves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.approving.keep_draft import keep_draft
from caseforge_assets.commands.editing.foresee_edit import taken_back
from caseforge_assets.commands.planning.make_plan import Plan
from caseforge_assets.commands.planning.plan_chosen import TakingPart, plan_chosen, taking_part
from caseforge_assets.commands.portfolios.view_portfolio import view_portfolio
from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.surveying.say_missing_sources import say_missing_sources
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.reports.coverage import MEANINGS, NodeState
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.curating.choices import made_from
from caseforge_assets.store.curating.use_cases import UseCaseRow, use_cases
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.frameworks import current_edition
from caseforge_assets.store.planning.node_states import AssetState
from caseforge_assets.store.reading.document_lists import WholeContent, whole_content
from caseforge_assets.web.access.callers import Planner
from caseforge_assets.web.portal.shared.markdown import render_document
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.pages import LARGEST_ID

router = APIRouter(include_in_schema=False)
MOST_CHOSEN, MOST_NAMED = 500, 100
Ids = Annotated[list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] | None, Query(max_length=MOST_CHOSEN)]
FormIds = Annotated[list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] | None, Form(max_length=MOST_CHOSEN)]


@dataclass(frozen=True)
class Part:
    """A plan as it would be made for one framework.

    Attributes:
        standing: Its processes by where they stand.
        lacking: By what they lack and what to do, the processes that a specification cannot be made for yet.
        warnings: What is to be said of the model.
    """

    key: str
    title: str
    plan: Plan
    processes: int
    standing: dict[NodeState, list[AssetState]]
    lacking: dict[str, list[AssetState]]
    warnings: list[str]

    @property
    def is_empty(self) -> bool:
        """Tells whether nothing would be asked for."""
        return not self.plan.nodes and not self.plan.reused


@dataclass(frozen=True)
class Specification:
    """A process's text of a stage that is made from a choice, as the page of a use case shows it.

    Attributes:
        names_it: Whether the use case is one of those that it was made from; None where that is not known.
        cases: How many these are.
    """

    stage: Stage
    state: NodeState
    meaning: str
    content: WholeContent | None
    html: Markup
    names_it: bool | None
    cases: int


@router.get("/specifications")
def show_asking(
    pages: PagesNow,
    caller: Planner,
    candidate: Ids = None,
    portfolio: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
) -> HTMLResponse:
    """Show what asking for specifications of use cases would send, and at what cost; made as plans and taken back, so that nothing is kept."""
    return _page(pages, caller, candidate or [], portfolio)


@router.post("/specifications", response_class=HTMLResponse)
def make_drafts(
    pages: PagesNow,
    caller: Planner,
    candidate: FormIds = None,
    portfolio: Annotated[int | None, Form(ge=1, le=LARGEST_ID)] = None,
) -> RedirectResponse:
    """Makes a draft for each framework, and leads to it. Nothing of it is sent before somebody approves it."""
    service = pages.service
    stage = _stage(service)
    simulated = service.plans_for_simulated()

    def make_them(connection: Connection) -> str:
        made = []
        part = _taking_part(connection, service, caller, stage, candidate or [], portfolio)
        for key in _planned(service, caller, part):
            with connection.begin_nested() as point:
                plan, _ = plan_chosen(connection, service.project, stage, key, part.node_ids(key), simulated=simulated)
                if not plan.nodes and not plan.reused:
                    point.rollback()
                    continue
            keep_draft(connection, plan, by=caller.name)
            made.append(plan.id)
        if not made:
            raise ValueError(
                "there is nothing to ask for: none of these use cases is shortlisted where you may plan, or what is wanted is there or asked for already"
            )
        return f"/plans/{made[0]}?made=yes" if len(made) == 1 else "/plans?state=draft"

    return pages.once(make_them)


def _page(pages: Pages, caller: Caller, candidate: list[int], portfolio: int | None) -> HTMLResponse:
    service = pages.service
    stage = service.project.stages.of_choices()
    if stage is None:
        return pages.answer("specify.html.jinja", {"stage": None, "off": how_to_switch_on(service)}, section="use-cases")
    simulated = service.plans_for_simulated()
    with taken_back(service.store) as connection:
        part = _taking_part(connection, service, caller, stage, candidate, portfolio)
        planned = _planned(service, caller, part)
        parts = [_part(connection, service, stage, key, part.node_ids(key), simulated=simulated) for key in planned]
    values = {
        "stage": stage,
        "drafts": parts,
        "meanings": MEANINGS,
        "words": {state: state.word for state in NodeState},
        "named": MOST_NAMED,
        "not_allowed": sorted(set(part.chosen) - set(planned)),
        "others": part.others[:MOST_NAMED],
        "more": max(len(part.others) - MOST_NAMED, 0),
        "simulated": simulated,
        "candidate": candidate,
        "portfolio": portfolio,
        "can_make": any(not part.is_empty for part in parts),
    }
    return pages.answer("specify.html.jinja", values, section="use-cases")


def _stage(service: Service) -> Stage:
    stage = service.project.stages.of_choices()
    if stage is None:
        raise LookupError(how_to_switch_on(service))
    return stage


def how_to_switch_on(service: Service) -> str:
    """Gives what to do to have specifications; empty where there is no such stage, or the project has it."""
    stages = service.project.stages
    off = None if stages.of_choices() else stages.of_choices_off()
    return stages.why_unknown(off.key) if off else ""


def _taking_part(
    connection: Connection, service: Service, caller: Caller, stage: Stage, candidate: Sequence[int], portfolio: int | None
) -> TakingPart:
    rows: dict[int, UseCaseRow] = {}
    if portfolio is not None:
        view = view_portfolio(connection, service.project, caller, portfolio)
        rows = {entry.row.described.use_case.candidate_id: entry.row.described.use_case for entry in view.entries}
    if candidate:
        found = use_cases(connection, candidate)
        if missing := [
            candidate_id
            for candidate_id in candidate
            if candidate_id not in found or not caller.may(Role.reader, found[candidate_id].framework_key)
        ]:
            raise LookupError(f"there is no use case {missing[0]}, or you may not see it")
        rows |= {candidate_id: found[candidate_id] for candidate_id in candidate}
    if not rows:
        raise ValueError("choose the use cases first: check the boxes before them, or open a portfolio that has some")
    return taking_part(stage, rows.values())


def _planned(service: Service, caller: Caller, part: TakingPart) -> list[str]:
    """The frameworks among these in which the caller may plan."""
    declared = service.settings.configuration.frameworks
    return [key for key in sorted(part.chosen) if caller.may(Role.planner, key) and key in declared]


def _part(connection: Connection, service: Service, stage: Stage, key: str, node_ids: list[int], *, simulated: bool) -> Part:
    standing: dict[NodeState, list[AssetState]] = {}
    for row, state in survey(connection, service.project, key, stage, simulated, node_ids):
        standing.setdefault(state, []).append(row)
    plan, warnings = plan_chosen(connection, service.project, stage, key, node_ids, simulated=simulated)
    lacking = _lacking(connection, service, stage, key, standing.get(NodeState.NO_SOURCE, []))
    edition = current_edition(connection, key)
    return Part(key, edition.title if edition else key, plan, len(node_ids), standing, lacking, warnings)


def _lacking(connection: Connection, service: Service, stage: Stage, key: str, without: list[AssetState]) -> dict[str, list[AssetState]]:
    rows = {row.node_id: row for row in without}
    found: dict[str, list[AssetState]] = {}
    for node_id, text in say_missing_sources(connection, service.project.stages, key, stage, list(rows)).items():
        found.setdefault(text, []).append(rows[node_id])
    return found


def specification_of(connection: Connection, service: Service, use_case: UseCaseRow) -> Specification | None:
    """Gives what a use case's process has of the stage that is made from chosen ones; None where the project has no such stage, or the process gets none."""
    stage = service.project.stages.of_choices()
    if stage is None or stage.chosen_from != use_case.stage:
        return None
    simulated = accepts_simulated(connection, service.settings)
    found = survey(connection, service.project, use_case.framework_key, stage, simulated, [use_case.node_id])
    if not found:
        return None
    content = whole_content(connection, use_case.node_id, stage.key, RULES, "")
    html = render_document(content.body, under=3, anchors="spec")[0] if content else Markup()
    made = next(iter(made_from(connection, use_case.framework_key, stage.key, [use_case.node_id])), None)
    titles: list[Any] = made.choice.get("titles", []) if made and made.choice else []
    state = found[0][1]
    lacks = say_missing_sources(
        connection, service.project.stages, use_case.framework_key, stage, [use_case.node_id] if state is NodeState.NO_SOURCE else []
    )
    meaning = lacks.get(use_case.node_id, MEANINGS[state])
    return Specification(stage, state, meaning, content, html, use_case.title in titles if titles else None, len(titles))
