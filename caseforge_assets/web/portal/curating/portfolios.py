"""Portfolios for people: those that there are, one with its entries and sums, two beside each other, and what is done with them as a whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.portfolios.add_to_portfolio import add_to_portfolio
from caseforge_assets.commands.portfolios.change_portfolio import change_portfolio
from caseforge_assets.commands.portfolios.find_portfolio import ChangedMeanwhile, Intent, may
from caseforge_assets.commands.portfolios.make_portfolio import make_portfolio
from caseforge_assets.commands.portfolios.remove_portfolio import remove_portfolio
from caseforge_assets.commands.portfolios.view_portfolio import view_portfolio
from caseforge_assets.curation.portfolios import MOST_ENTRIES
from caseforge_assets.store.curating.portfolios import PortfolioRow, portfolios_seen, subject_of_portfolio
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.portal.shared.histories import history_of
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.wire.pages import LARGEST_ID, Cursor, Id, cursor_number, decode_cursor, encode_cursor

router = APIRouter(include_in_schema=False)
ORDER, AT_ONCE, MOST_CHOSEN = "portfolios by name", 100, 500
ENTRIES_AT_ONCE = 50
Name = Annotated[str, Form(max_length=1_000)]
Text = Annotated[str, Form(max_length=20_000)]
Revision = Annotated[int, Form(ge=0)]


@router.get("/portfolios")
def show_portfolios(pages: PagesNow, caller: Reader, cursor: Cursor = None) -> HTMLResponse:
    """One's own portfolios and those that are shared; for admins, all."""
    keys = decode_cursor(cursor, ORDER, 2)
    after = None if keys is None else (str(keys[0]), cursor_number(keys[1]))
    with pages.service.reading.connect() as connection:
        rows = portfolios_seen(connection, caller.name, everybodys=caller.may(Role.admin), after=after, limit=AT_ONCE + 1)
    following = encode_cursor(ORDER, rows[AT_ONCE - 1].name, rows[AT_ONCE - 1].id) if len(rows) > AT_ONCE else None
    shown = rows[:AT_ONCE]
    own = [row for row in shown if row.owner == caller.name]
    values = {
        "own": own,
        "shared": [row for row in shown if row.owner != caller.name and row.is_shared],
        "private": [row for row in shown if row.owner != caller.name and not row.is_shared],
        "all": shown,
        "next": following,
        "first": cursor is not None,
        "may_decide": caller.may_somewhere(Role.editor),
    }
    return pages.answer("portfolios.html.jinja", values, section="portfolios", keep=True)


@router.post("/portfolios")
def make(
    pages: PagesNow, caller: Reader, name: Name = "", description: Text = "", shared: Annotated[str, Form(max_length=5)] = ""
) -> Response:
    """Makes one."""

    def make_it(connection: Connection) -> str:
        row = make_portfolio(connection, caller, name, description=description, is_shared=bool(shared))
        return f"/portfolios/{row.id}"

    return pages.once(make_it, journaled=True)


@router.post("/portfolios/entries")
def add(
    pages: PagesNow,
    caller: Reader,
    candidate: Annotated[list[int], Form(min_length=1, max_length=MOST_CHOSEN)],
    portfolio: Annotated[str, Form(max_length=20)] = "",
    name: Name = "",
    note: Text = "",
) -> Response:
    """Adds one use case or several to a portfolio that is named by its number, or to a new one with a name."""
    if portfolio and not (portfolio.isdigit() and int(portfolio) <= LARGEST_ID):
        raise LookupError(f"there is no portfolio {portfolio!r}")
    if wrong := [number for number in candidate if not 0 < number <= LARGEST_ID]:
        raise LookupError(f"there is no use case {wrong[0]}")

    def add_them(connection: Connection) -> str:
        portfolio_id = int(portfolio) if portfolio else make_portfolio(connection, caller, name).id
        add_to_portfolio(connection, caller, portfolio_id, candidate, note=note)
        return f"/portfolios/{portfolio_id}"

    return pages.once(add_them, journaled=True)


@router.get("/portfolios/compare")
def compare(
    pages: PagesNow,
    caller: Reader,
    left: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    right: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
) -> HTMLResponse:
    """Two portfolios: what is in both, and what is in one only."""
    with pages.service.reading.connect() as connection:
        rows = portfolios_seen(connection, caller.name, everybodys=caller.may(Role.admin))
        views = [view_portfolio(connection, pages.service.project, caller, portfolio_id) for portfolio_id in (left, right) if portfolio_id]
    parts = {}
    if len(views) == 2:
        ids = [{entry.row.described.use_case.id for entry in view.entries} for view in views]
        both = ids[0] & ids[1]
        parts = {
            "both": [entry for entry in views[0].entries if entry.row.described.use_case.id in both],
            "only": [[entry for entry in view.entries if entry.row.described.use_case.id not in both] for view in views],
        }
    return pages.answer("compare.html.jinja", {"rows": rows, "left": left, "right": right, "views": views, **parts}, section="portfolios")


@router.get("/portfolios/{portfolio_id}")
def show(
    portfolio_id: Id, pages: PagesNow, caller: Reader, begin: Annotated[int, Query(alias="from", ge=1, le=2 * MOST_ENTRIES)] = 1
) -> HTMLResponse:
    """A portfolio with its entries, in their order, and what they come to."""
    return portfolio_page(pages, caller, portfolio_id, place=begin)


@router.post("/portfolios/{portfolio_id}")
def change(
    portfolio_id: Id,
    pages: PagesNow,
    caller: Reader,
    revision: Revision,
    name: Annotated[str | None, Form(max_length=1_000)] = None,
    description: Annotated[str | None, Form(max_length=20_000)] = None,
    shared: Annotated[str | None, Form(max_length=5)] = None,
) -> Response:
    """Renames it, describes it, shares it or makes it private."""
    is_shared = None if shared is None else shared == "yes"

    def change_it(connection: Connection) -> str:
        change_portfolio(connection, caller, portfolio_id, name=name, description=description, is_shared=is_shared, revision=revision)
        return f"/portfolios/{portfolio_id}"

    try:
        return pages.once(change_it, journaled=True)
    except ValueError as error:
        written = {"name": name or "", "description": description or ""} if name is not None else {}
        return portfolio_page(pages, caller, portfolio_id, problem=error, written=written)


@router.post("/portfolios/{portfolio_id}/remove")
def remove(portfolio_id: Id, pages: PagesNow, caller: Reader, revision: Revision) -> Response:
    """Removes it; what was decided on its use cases stays."""

    def remove_it(connection: Connection) -> str:
        remove_portfolio(connection, caller, portfolio_id, revision=revision)
        return "/portfolios"

    try:
        return pages.once(remove_it, journaled=True)
    except ChangedMeanwhile as error:
        return portfolio_page(pages, caller, portfolio_id, problem=error)


def portfolio_page(
    pages: Pages,
    caller: Caller,
    portfolio_id: int,
    *,
    place: int = 1,
    problem: ValueError | None = None,
    written: dict[str, str] | None = None,
) -> HTMLResponse:
    """The page of a portfolio.

    Args:
        place: of an entry that stands on it.
        problem: why what was asked for was not done.
        written: what was written then, by field; `note 7` for the note of entry 7.
    """
    with pages.service.reading.connect() as connection:
        view = view_portfolio(connection, pages.service.project, caller, portfolio_id)
        others = _others(connection, caller, portfolio_id)
        history = history_of(connection, subject_of_portfolio(portfolio_id), caller)
    first = page_of(min(place, max(len(view.entries), 1)))
    after = first + ENTRIES_AT_ONCE
    values = {
        "view": view,
        "entries": view.entries[first - 1 : after - 1],
        "first": first,
        "before": max(first - ENTRIES_AT_ONCE, 1) if first > 1 else None,
        "next": after if after <= len(view.entries) else None,
        "row": view.portfolio,
        "others": others,
        "history": history,
        "may_change": may(caller, view.portfolio, Intent.change),
        "may_decide": caller.may_somewhere(Role.editor),
        "may_plan": any(caller.may(Role.planner, key) for key in view.sums.frameworks),
        "may_own": may(caller, view.portfolio, Intent.own),
        "problem": str(problem or ""),
        "written": written or {},
    }
    status = 200 if problem is None else 409 if isinstance(problem, ChangedMeanwhile) else 422
    return pages.answer("portfolio.html.jinja", values, section="portfolios", status=status)


def page_of(place: int) -> int:
    """The place with which the page begins that an entry stands on."""
    return (place - 1) // ENTRIES_AT_ONCE * ENTRIES_AT_ONCE + 1


def _others(connection: Connection, caller: Caller, portfolio_id: int) -> list[PortfolioRow]:
    return [row for row in portfolios_seen(connection, caller.name, everybodys=caller.may(Role.admin)) if row.id != portfolio_id]
