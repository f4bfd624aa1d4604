"""Home: which frameworks there are; and the keys that pages know."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from caseforge_assets.store.editions.frameworks import current_edition, known_keys, levels_of
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.api.frameworks import FrameworkSummary, summary_of
from caseforge_assets.web.portal.rendering import PagesNow

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_home(pages: PagesNow, caller: Reader) -> HTMLResponse:
    """What there is, and what waits."""
    seen = caller.seen_frameworks()
    with pages.service.reading.connect() as connection:
        keys = [key for key in sorted(known_keys(connection)) if seen is None or key in seen]
        editions = [edition for key in keys if (edition := current_edition(connection, key))]
        frameworks: list[FrameworkSummary] = [summary_of(edition, levels_of(connection, edition.id)) for edition in editions]
    return pages.answer("home.html.jinja", {"frameworks": frameworks}, section="home")


@router.get("/keys")
def show_keys(pages: PagesNow, _caller: Reader) -> HTMLResponse:
    """The keys that pages know."""
    return pages.answer("keys.html.jinja", {})
