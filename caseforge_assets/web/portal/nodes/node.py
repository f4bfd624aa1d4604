"""A node: what was made for it, how good it is, where it is from, what surrounds it, and what may be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.exporting.export_diagrams import steps_in
from caseforge_assets.commands.planning.foresee_change import stages_after
from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.surveying.explain_node import Explanation, explain_node
from caseforge_assets.curation.columns import column_values
from caseforge_assets.curation.statuses import CHOSEN, UseCaseStatus
from caseforge_assets.redaction import without_login
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings.project import WEBSERVER_URL
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.curating.use_cases import use_cases_of_nodes
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.contexts import current_contexts
from caseforge_assets.store.editions.frameworks import current_edition
from caseforge_assets.store.planning.whereabouts import whereabouts
from caseforge_assets.store.reading.document_lists import WholeContent, whole_content
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.store.reading.node_page import Attempted, items_of_node, newest_attempts, stages_with_content
from caseforge_assets.store.reading.tree import nodes_below, nodes_beside, paths_to
from caseforge_assets.store.searching.meaning_hits import hits_of
from caseforge_assets.store.searching.meanings import NODE
from caseforge_assets.store.searching.near_meanings import is_near_by_simulated, near_node
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.portal.curating.specifying import how_to_switch_on
from caseforge_assets.web.portal.editions.branches import branch_figures
from caseforge_assets.web.portal.editions.framework import shown_stages
from caseforge_assets.web.portal.shared.markdown import DocumentHeading, render_document
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.service import Service

router = APIRouter(include_in_schema=False)
MOST_ATTEMPTS = 50
MOST_AROUND = 60
MOST_NEAR = 8
NOT_CHOSEN = (UseCaseStatus.idea,)


@dataclass(frozen=True)
class ShownItem:
    """An item of a list, such as a candidate, with its values by column."""

    candidate_id: int
    uid: str
    title: str
    values: dict[str, str | None]
    status: str


@dataclass(frozen=True)
class ShownStage:
    """A stage as a node's page shows it.

    Attributes:
        stage: None for one that the project has no more.
        standing: Where the node stands in it, and why; None where it gets no content, or the stage is gone.
        waits: Where its request is, and what would make it move.
        html: Its document.
        readers: Titles of the stages that are made from it.
        can_edit: Whether what it holds is a text that people may change.
        has_steps: Whether its document tells numbered steps, which can be drawn.
    """

    key: str
    title: str
    stage: Stage | None
    content: WholeContent | None
    standing: Explanation | None
    meaning: str
    waits: str | None
    html: Markup
    headings: tuple[DocumentHeading, ...]
    items: list[ShownItem]
    columns: tuple[str, ...]
    attempts: list[Attempted]
    readers: tuple[str, ...]
    can_edit: bool
    has_steps: bool
    dagster: str | None


@router.get("/frameworks/{key}/nodes/{code:path}")
def show_node(
    key: str, code: str, pages: PagesNow, _caller: Reader, saved: Annotated[str | None, Query(max_length=100)] = None
) -> HTMLResponse:
    """A node with all that belongs to it."""
    with pages.service.reading.connect() as connection:
        node = named_node(connection, key, code)
        values = _surroundings(pages, connection, node) | {"stages": _stages(pages, connection, node)}
        context = current_contexts(connection, [node.node_id]).get(node.node_id)
        chosen = use_cases_of_nodes(connection, [node.node_id], [status for status in UseCaseStatus if status not in NOT_CHOSEN])
        seen = pages.caller.seen_frameworks()
        near = near_node(connection, node.node_id, None if seen is None else sorted(seen), MOST_NEAR)
        values["near"] = hits_of(connection, near)
        values["near_by_simulated"] = bool(near) and is_near_by_simulated(connection, NODE, node.node_id)
    values |= {
        "context": context,
        "superseded": [use_case for use_case in chosen if not use_case.is_current],
        "spec_off": how_to_switch_on(pages.service) if any(use_case.decision.status in CHOSEN for use_case in chosen) else "",
        "saved": saved,
        "may_edit": pages.caller.may(Role.editor, key),
        "may_ask": pages.caller.may(Role.planner, key) and not node.retired,
    }
    return pages.answer("node.html.jinja", values, section="", keep=values["is_so"])


def node_address(key: str, code: str, *more: str, **query: str) -> str:
    """The address of a node's page, or of one of those below it."""
    behind = f"?{urlencode(query)}" if query else ""
    return "/".join((f"/frameworks/{quote(key, safe='')}/nodes/{quote(code, safe='')}", *more)) + behind


def of_node(connection: Connection, node: Any) -> dict[str, Any]:
    """Gives what every page about a node says of it: itself, the way to it, and the edition that it stands in."""
    edition = current_edition(connection, node.framework_key)
    path = [] if edition is None or node.retired else paths_to(connection, edition.id, [node.code]).get(node.code, [])
    title = edition.title if edition else node.framework_key
    address = node_address(node.framework_key, node.code)
    return {"key": node.framework_key, "framework_title": title, "node": node, "path": path, "address": address, "edition": edition}


def _surroundings(pages: Pages, connection: Connection, node: Any) -> dict[str, Any]:
    about = of_node(connection, node)
    edition = about["edition"]
    nothing: dict[str, Any] = {
        "siblings": [],
        "children": [],
        "before": None,
        "behind": None,
        "figures": None,
        "shown_stages": [],
        "most_around": 0,
        "is_so": True,
    }
    if edition is None or not about["path"]:
        return about | nothing
    here = about["path"][-1]
    parent = None if here.parent_code is None else [here.parent_code]
    children = nodes_below(connection, edition.id, [here.code], limit=MOST_AROUND + 1) if here.has_children else []
    before, behind = nodes_beside(connection, edition.id, here.position)
    counted, is_so = branch_figures(pages.service, connection, edition) if here.has_children else (None, True)
    figures = counted.value if counted else None
    return about | {
        "siblings": nodes_below(connection, edition.id, parent, limit=MOST_AROUND + 1),
        "children": [(child, figures.of(child.node_id)) for child in children] if figures else [],
        "before": before,
        "behind": behind,
        "figures": figures.of(here.node_id) if figures else None,
        "shown_stages": shown_stages(pages),
        "most_around": MOST_AROUND,
        "is_so": is_so,
    }


def _stages(pages: Pages, connection: Connection, node: Any) -> list[ShownStage]:
    service = pages.service
    is_target = node.partition_key is not None and not node.retired
    simulated = accepts_simulated(connection, service.settings)
    explained = explain_node(connection, service.project, node.framework_key, node.node_id, simulated) if is_target else []
    standings = {explanation.stage: explanation for explanation in explained}
    known = {stage.key: stage for stage in service.project.stages}
    there = stages_with_content(connection, node.node_id)
    keys = [*(key for key in known if is_target or key in there), *sorted(there - known.keys())]
    items = items_of_node(connection, node.node_id, [field for stage in known.values() for field in stage.item_columns.values()])
    attempts = newest_attempts(connection, node.node_id, MOST_ATTEMPTS)
    shown = []
    for key in keys:
        stage = known.get(key)
        content = whole_content(connection, node.node_id, key, RULES, node.owner) if key in there else None
        of_stage = [item for item in items if item.stage == key]
        is_document = content is not None and not of_stage
        html, headings = (
            render_document(stage.shown(content.body) if stage else content.body, under=2, anchors=f"{key}-h")
            if content and is_document
            else (Markup(), ())
        )
        standing = standings.get(key)
        shown.append(
            ShownStage(
                key=key,
                title=stage.title if stage else key,
                stage=stage,
                content=content,
                standing=standing,
                meaning=standing.meaning if standing else "",
                waits=_waits(connection, node, standing, simulated=simulated),
                html=html,
                headings=headings,
                items=[
                    ShownItem(item.candidate_id, item.uid, item.title, column_values(stage, item.values), item.status) for item in of_stage
                ],
                columns=tuple(stage.item_columns) if stage else (),
                attempts=[attempt for attempt in attempts if attempt.stage == key],
                readers=tuple(reader.title for reader, _ in stages_after(service.project.stages.shared, stage)) if stage else (),
                can_edit=is_target and content is not None and stage is not None and is_text(stage),
                has_steps=bool(
                    is_document and stage and content and steps_in(service.project.stages, node.framework_key, stage, content.body)
                ),
                dagster=dagster_page(service, node.framework_key, stage.content, node.partition_key) if stage and is_target else None,
            )
        )
    return shown


def _waits(connection: Connection, node: Any, standing: Explanation | None, *, simulated: bool) -> str | None:
    if standing is None or standing.state is not NodeState.WAITING:
        return None
    return whereabouts(connection, standing.stage, [node.node_id], simulated).get(node.node_id)


def is_text(stage: Stage) -> bool:
    """Tells whether a stage's content is a text, or a page of items, that people may write instead."""
    return not stage.answers_in_json or (stage.render_items is not None and stage.read_items is not None)


def dagster_page(service: Service, key: str, asset: str, partition_key: str) -> str | None:
    """The address of a node's page in Dagster, where it is known to whoever asks; the usual one is that of the same machine."""
    url = without_login(service.settings.webserver_url)
    if url == WEBSERVER_URL and service.local_user is None:
        return None
    return f"{url}/assets/{quote(key, safe='')}/{quote(asset, safe='')}?{urlencode({'view': 'partitions', 'partition': partition_key})}"
