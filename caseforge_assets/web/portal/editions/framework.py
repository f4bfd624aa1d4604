"""A framework: its tree as people know it, and the same as a heat map of branches and levels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from caseforge_assets.access.roles import Role
from caseforge_assets.reports.branch_figures import Branches
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.frameworks import Edition, Levels
from caseforge_assets.store.reading.tree import TreeNode, nodes_below, paths_to
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.api.editions.frameworks import loaded_edition, summary_of
from caseforge_assets.web.portal.editions.branches import MOST_BELOW, branch_figures, grow
from caseforge_assets.web.portal.editions.heat import NAMES, SAYS, By, heat_map
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow

router = APIRouter(include_in_schema=False)
LEVELS_AT_FIRST = 2
MOST_AT_FIRST = 90
_LONGEST_CODE = 200

Under = Annotated[str | None, Query(max_length=_LONGEST_CODE, description="code of the node below which to look")]
After = Annotated[int, Query(ge=-1, le=2**31 - 1)]
Opened = Annotated[list[str] | None, Query(max_length=100)]
Depth = Annotated[int | None, Query(ge=1, le=100)]


@router.get("/frameworks/{key}")
def show_framework(
    key: str,
    pages: PagesNow,
    _caller: Reader,
    view: Literal["tree", "heat"] = "tree",
    under: Under = None,
    open: Opened = None,
    depth: Depth = None,
    after: After = -1,
    by: By = By.coverage,
    stage: Annotated[str | None, Query(max_length=100)] = None,
) -> HTMLResponse:
    """The tree or the heat map, of the whole framework or of a branch."""
    service = pages.service
    with service.reading.connect() as connection:
        edition = loaded_edition(connection, key)
        levels = pages.service.levels(connection, edition)
        counted, is_so = branch_figures(service, connection, edition)
        figures, path = counted.value, _path(connection, edition, under)
        about = _about(pages, edition, levels, figures, path, counted.at) | {"view": view, "after": after}
        if view == "heat":
            heads = nodes_below(connection, edition.id, [path[-1].code] if path else None, limit=MOST_BELOW + 1, after=after)
            return pages.answer("framework_heat.html.jinja", about | _heat(pages, about, figures, heads, by, stage or None), keep=is_so)
        first = path[-1].level + 1 if path else 1
        to_level = depth or _depth_at_first(levels, first)
        grown = grow(connection, edition, figures, under=path[-1].code if path else None, opened=open or (), depth=to_level, after=after)
    shown = {"grown": grown, "opened": open or [], "depth": to_level, "first_level": first}
    return pages.answer("framework_tree.html.jinja", about | shown, keep=is_so)


@router.get("/frameworks/{key}/tree")
def show_piece_of_tree(key: str, pages: PagesNow, _caller: Reader, under: Under = None, after: After = -1) -> HTMLResponse:
    """The nodes right below one, for a page that has its tree already."""
    with pages.service.reading.connect() as connection:
        edition = loaded_edition(connection, key)
        counted, is_so = branch_figures(pages.service, connection, edition)
        path = _path(connection, edition, under)
        grown = grow(connection, edition, counted.value, under=path[-1].code if path else None, after=after)
    stages = shown_stages(pages)
    values = {"key": key, "grown": grown, "under": under, "stages": stages, "opened": []}
    return pages.answer("tree_piece.html.jinja", values, keep=is_so)


def shown_stages(pages: Pages) -> list[dict[str, Any]]:
    """The stages of the project as pages name them, in their order."""
    return [
        {"key": stage.key, "title": stage.title, "is_list": stage.is_list, "plural": stage.items_name or stage.title}
        for stage in pages.service.project.stages
    ]


def _about(
    pages: Pages,
    edition: Edition,
    levels: Levels,
    figures: Branches,
    path: Sequence[TreeNode],
    counted_at: datetime,
) -> dict[str, Any]:
    """Gives what both views say of the framework."""
    stages = shown_stages(pages)
    summary = summary_of(edition, levels)
    return {
        "key": edition.framework_key,
        "framework": summary,
        "levels": [level for level, *_ in levels],
        "stages": stages,
        "path": path,
        "under": path[-1].code if path else None,
        "figures": figures.of(path[-1].node_id) if path else figures.together,
        "counted_at": counted_at,
        "may_load": pages.caller.may(Role.planner, edition.framework_key),
    }


def _path(connection: Connection, edition: Edition, under: str | None) -> list[TreeNode]:
    """The nodes above the piece of the tree that is shown.

    Raises:
        LookupError: there is no node of this code.
    """
    if under is None:
        return []
    found = paths_to(connection, edition.id, [under]).get(under)
    if not found:
        raise LookupError(f"the current edition of {edition.framework_key} has no node {under!r}")
    return found


def _depth_at_first(levels: Levels, first: int) -> int:
    """Down to which level a tree is open where nobody says it."""
    if first > 1:
        return first
    nodes = sum(count for level, count, *_ in levels if level <= LEVELS_AT_FIRST)
    return LEVELS_AT_FIRST if nodes <= MOST_AT_FIRST else 1


def _heat(pages: Pages, about: dict[str, Any], figures: Branches, heads: Sequence[TreeNode], by: By, stage: str | None) -> dict[str, Any]:
    if stage is not None:
        pages.service.project.stages[stage]
    shown = list(heads[:MOST_BELOW]) or list(about["path"][-1:])
    ids = [head.node_id for head in shown]
    state = f"{about['key']} {about['counted_at'].isoformat()}"
    by_level = pages.service.kept.get(state, f"levels of {ids}", lambda: figures.by_level(ids))
    return {
        "heat": heat_map(figures, by_level, shown, by, stage),
        "by": by,
        "names": NAMES,
        "says": SAYS[by],
        "stage": stage,
        "more_after": heads[MOST_BELOW - 1].position if len(heads) > MOST_BELOW else None,
    }
