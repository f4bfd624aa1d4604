"""A workbook that somebody decided in comes back from a browser: what would change is shown, and taken only then."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, Response

from caseforge_assets.access.roles import Caller, NotAllowed
from caseforge_assets.commands.portfolios.find_portfolio import find_portfolio
from caseforge_assets.commands.portfolios.import_decisions import Meanwhile, import_decisions
from caseforge_assets.commands.portfolios.review_decisions import LABELS, Review, review_decisions
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.serving import held_files
from caseforge_assets.web.access.callers import Editor
from caseforge_assets.web.api.editions.uploads import uploaded, workbook_limits
from caseforge_assets.web.portal.shared.held_files import held, hold
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.wire.pages import LARGEST_ID
from caseforge_assets.web.wire.problems import Refused

router = APIRouter(include_in_schema=False)
SUFFIXES = (".xlsx",)
MOST_SHOWN = 200
Count = Annotated[int | None, Query(ge=0, le=LARGEST_ID)]
Digest = Annotated[str, Form(pattern=r"^[0-9a-f]{64}$")]


@router.get("/decisions")
def show_form(pages: PagesNow, _caller: Editor, taken: Count = None, portfolio: Count = None) -> HTMLResponse:
    """The form to send a workbook back; and how many use cases were changed by the one before."""
    return _answer(pages, {"taken": taken, "portfolio": _named(pages, portfolio)})


@router.post("/decisions", response_class=HTMLResponse)
def look_at_workbook(pages: PagesNow, caller: Editor, file: Annotated[UploadFile, File()]) -> Response:
    """Says what would change, what somebody else has changed meanwhile, and what cannot be taken. Nothing is taken."""
    service = pages.service
    try:
        with uploaded(file, SUFFIXES) as path:
            with service.reading.connect() as connection:
                review = review_decisions(connection, caller, path, workbook_limits(service))
            digest = hold(service.store, path, caller.name)
            return _reviewed(pages, review, path.name, digest)
    except (Refused, ValueError) as error:
        return _refused(pages, error)


@router.post("/decisions/take", response_class=HTMLResponse)
def take_workbook(pages: PagesNow, caller: Editor, digest: Digest, seen: Digest, meanwhile: Annotated[Meanwhile, Form()]) -> Response:
    """Takes what the page before has shown, all of it or nothing."""
    service = pages.service

    def take_it(connection: Connection) -> str:
        with held(service.store, digest, caller.name) as path:
            review = import_decisions(connection, caller, path, meanwhile, limits=workbook_limits(service), seen=seen)
        held_files.let_go(connection, caller.name, digest)
        behind = f"&portfolio={review.portfolio}" if review.portfolio else ""
        return f"/decisions?taken={len(review.changes)}{behind}"

    try:
        return pages.once(take_it, journaled=True)
    except Refused as error:
        return _refused(pages, error)
    except (ValueError, NotAllowed) as error:
        return _look_again(pages, caller, digest, error)


def _look_again(pages: Pages, caller: Caller, digest: str, error: Exception) -> HTMLResponse:
    """Gives what it would change now, with why it was not taken."""
    service = pages.service
    try:
        with held(service.store, digest, caller.name) as path, service.reading.connect() as connection:
            review = review_decisions(connection, caller, path, workbook_limits(service))
    except (Refused, ValueError):
        return _refused(pages, error)
    return _reviewed(pages, review, path.name, digest, error)


def _reviewed(pages: Pages, review: Review, name: str, digest: str, refused: Exception | None = None) -> HTMLResponse:
    values = {
        "review": review,
        "name": name,
        "digest": digest,
        "portfolio": _named(pages, review.portfolio),
        "refused": _said(refused) if refused else None,
    }
    return _answer(pages, values, 200 if refused is None else 409)


def _refused(pages: Pages, error: Exception) -> HTMLResponse:
    return _answer(pages, {"refused": _said(error)}, error.status if isinstance(error, Refused) else 422)


def _said(error: Exception) -> str:
    return str(error).rstrip(".")


def _named(pages: Pages, portfolio_id: int | None) -> Any:
    """The portfolio that a sheet is of; None where there is none that the caller sees."""
    if not portfolio_id:
        return None
    with pages.service.reading.connect() as connection:
        return _found(connection, pages.caller, portfolio_id)


def _found(connection: Connection, caller: Caller, portfolio_id: int) -> Any:
    try:
        return find_portfolio(connection, caller, portfolio_id)
    except LookupError:
        return None


def _answer(pages: Pages, values: dict[str, Any], status: int = 200) -> HTMLResponse:
    empty: dict[str, Any] = {"taken": None, "portfolio": None, "review": None, "refused": None, "name": "", "digest": ""}
    about = {"labels": LABELS, "most": MOST_SHOWN}
    return pages.answer("decided.html.jinja", empty | about | values, section="portfolios", status=status)
