"""Changes the entries of a portfolio: moves, notes, takes out, takes the new one in place of one that was superseded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from caseforge_assets.access.roles import Caller
from caseforge_assets.commands.portfolios.change_entries import place_entry, take_from_portfolio, take_new_one, write_note
from caseforge_assets.curation.portfolios import MOST_ENTRIES
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.portal.curating.portfolios import Revision, Text, page_of, portfolio_page
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.wire.pages import LARGEST_ID, Id

router = APIRouter(include_in_schema=False)
Begin = Annotated[int, Form(alias="from", ge=1, le=2 * MOST_ENTRIES)]


@router.post("/portfolios/{portfolio_id}/entries/{entry_id}/place")
def move(
    portfolio_id: Id,
    entry_id: Id,
    pages: PagesNow,
    caller: Reader,
    revision: Revision,
    place: Annotated[int, Form(ge=0, le=2 * MOST_ENTRIES)],
) -> Response:
    """Puts an entry at another place."""

    def place_it(connection: Connection) -> None:
        place_entry(connection, caller, portfolio_id, entry_id, place, revision=revision)

    return _done(pages, caller, portfolio_id, entry_id, place_it, max(place, 1))


@router.post("/portfolios/{portfolio_id}/entries/{entry_id}/note")
def note(
    portfolio_id: Id, entry_id: Id, pages: PagesNow, caller: Reader, revision: Revision, text: Text = "", begin: Begin = 1
) -> Response:
    """Writes the note of an entry."""

    def write_it(connection: Connection) -> None:
        write_note(connection, caller, portfolio_id, entry_id, text, revision=revision)

    return _done(pages, caller, portfolio_id, entry_id, write_it, begin, {f"note {entry_id}": text})


@router.post("/portfolios/{portfolio_id}/entries/{entry_id}/remove")
def take_out(portfolio_id: Id, entry_id: Id, pages: PagesNow, caller: Reader, revision: Revision, begin: Begin = 1) -> Response:
    """Takes an entry out."""

    def take_it_out(connection: Connection) -> None:
        take_from_portfolio(connection, caller, portfolio_id, [entry_id], revision=revision)

    return _done(pages, caller, portfolio_id, None, take_it_out, begin)


@router.post("/portfolios/{portfolio_id}/entries/{entry_id}/replace")
def take_new(
    portfolio_id: Id,
    entry_id: Id,
    pages: PagesNow,
    caller: Reader,
    revision: Revision,
    candidate: Annotated[int, Form(ge=1, le=LARGEST_ID)],
    begin: Begin = 1,
) -> Response:
    """Takes a use case that the process has now in place of one that was superseded."""

    def take_it(connection: Connection) -> None:
        take_new_one(connection, caller, portfolio_id, entry_id, candidate, revision=revision)

    return _done(pages, caller, portfolio_id, entry_id, take_it, begin)


def _done(
    pages: Pages,
    caller: Caller,
    portfolio_id: int,
    entry_id: int | None,
    change: Callable[[Connection], None],
    place: int,
    written: dict[str, str] | None = None,
) -> Response:
    """Makes a change, and goes back to where it was made; where it cannot be made, the page says why and keeps what was written."""

    def change_it(connection: Connection) -> str:
        change(connection)
        begins = f"?from={page_of(place)}" if page_of(place) > 1 else ""
        return f"/portfolios/{portfolio_id}{begins}{f'#entry-{entry_id}' if entry_id else ''}"

    try:
        return pages.once(change_it, journaled=True)
    except ValueError as error:
        return portfolio_page(pages, caller, portfolio_id, place=place, problem=error, written=written)
