"""The versions of a node's content: what there was, what differs between any two, and all that ever happened to the node."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from caseforge_assets.reports.comparing.text_difference import Line, text_difference
from caseforge_assets.reports.history import tell_history
from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.figures.histories import history_of_node
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.store.reading.node_page import Version, VersionText, version_texts, versions_of_node
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.portal.nodes.node import of_node
from caseforge_assets.web.portal.shared.rendering import PagesNow

router = APIRouter(include_in_schema=False)
A_PAGE = 50
AROUND = 2  # unchanged lines around what has changed

StageKey = Annotated[str, Query(max_length=100, description="key of the stage")]
VersionId = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@router.get("/frameworks/{key}/nodes/{code:path}/versions")
def show_versions(
    key: str,
    code: str,
    stage: StageKey,
    pages: PagesNow,
    _caller: Reader,
    before: VersionId = None,
    after: VersionId = None,
    older_than: VersionId = None,
    whole: bool = False,
) -> HTMLResponse:
    """The versions of a node's content in a stage, and what differs between two of them: without a choice, the current one and the one before it."""
    with pages.service.reading.connect() as connection:
        node = named_node(connection, key, code)
        found = versions_of_node(
            connection, node.node_id, stage, RULES, limit=A_PAGE + 1, **({} if older_than is None else {"before": older_than})
        )
        if not found and older_than is None:
            raise LookupError(f"{node.code} {node.name} has no content of {stage} yet")
        versions = found[:A_PAGE]
        left, right = _chosen(versions, before, after)
        texts = version_texts(connection, node.node_id, stage, [content_id for content_id in (left, right) if content_id is not None])
        if missing := [content_id for content_id in (before, after) if content_id is not None and content_id not in texts]:
            raise LookupError(f"{node.code} {node.name} has no version {missing[0]} of {stage}")
        about = of_node(connection, node)
    known = next((known_stage for known_stage in pages.service.project.stages if known_stage.key == stage), None)
    values = {
        "stage": stage,
        "stage_title": known.title if known else stage,
        "versions": versions,
        "left": texts.get(left or 0),
        "right": texts.get(right or 0),
        "lines": _difference(known, texts[left], texts[right], whole=whole) if left in texts and right in texts else None,
        "whole": whole,
        "more": versions[-1].id if len(found) > A_PAGE else None,
    }
    return pages.answer("versions.html.jinja", about | values)


@router.get("/frameworks/{key}/nodes/{code:path}/history")
def show_history(key: str, code: str, pages: PagesNow, _caller: Reader) -> HTMLResponse:
    """All that happened to a node, from the row of the workbook to its candidates, the newest first."""
    with pages.service.reading.connect() as connection:
        node = named_node(connection, key, code)
        events = tell_history(history_of_node(connection, node.node_id))
        about = of_node(connection, node)
    return pages.answer("history.html.jinja", about | {"events": events[::-1]})


def _chosen(versions: list[Version], before: int | None, after: int | None) -> tuple[int | None, int | None]:
    """The two that are compared; where nobody chose, the current one with the one before it."""
    current = next((made.id for made in versions if made.is_current), versions[0].id if versions else None)
    right = after or current
    older = next((made.id for made in versions if right is not None and made.id < right), None)
    return before or older, right


def _difference(stage: Stage | None, left: VersionText, right: VersionText, *, whole: bool) -> list[Line]:
    return text_difference(readable(stage, left), readable(stage, right), around=None if whole else AROUND)


def readable(stage: Stage | None, version: VersionText) -> str:
    """A version as people read it; a list of items as the page that its stage makes of them."""
    if stage is None or stage.render_items is None or not version.items:
        return version.body if stage is None else stage.shown(version.body)
    return stage.render_items([Item(title, fields) for title, fields in version.items])
