"""Portfolios: named collections of use cases with notes and an order, one's own or shared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.portfolios.add_to_portfolio import add_to_portfolio
from caseforge_assets.commands.portfolios.change_entries import place_entry, take_from_portfolio, take_new_one, write_note
from caseforge_assets.commands.portfolios.change_portfolio import change_portfolio
from caseforge_assets.commands.portfolios.find_portfolio import ChangedMeanwhile
from caseforge_assets.commands.portfolios.make_portfolio import make_portfolio
from caseforge_assets.commands.portfolios.remove_portfolio import remove_portfolio
from caseforge_assets.commands.portfolios.view_portfolio import Entry, view_portfolio
from caseforge_assets.curation.portfolios import LONGEST_NAME, MOST_ENTRIES
from caseforge_assets.curation.statuses import LONGEST_TEXT, UseCaseStatus
from caseforge_assets.store.curating.portfolios import PortfolioRow, portfolios_seen
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Reader, ServiceNow, problems
from caseforge_assets.web.api.nodes.edits import IfMatch
from caseforge_assets.web.api.use_cases.use_cases import UseCase, shown
from caseforge_assets.web.keeping.etags import TagsNow, demanded_version, reads, version_tag
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.pages import LARGEST_ID, Cursor, Id, Limit, Page, cursor_number, decode_cursor, encode_cursor
from caseforge_assets.web.wire.problems import Refused

router = APIRouter(tags=["portfolios"])
ORDER = "name"
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
LongText = Annotated[str, Field(max_length=LONGEST_TEXT)]
CandidateId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class Portfolio(BaseModel):
    """A portfolio without its entries."""

    id: int
    name: str
    description: str = Field(description="Markdown")
    owner: str
    shared: bool = Field(description="everybody sees it, and editors change it")
    revision: int = Field(description="its entity tag")
    created_at: datetime
    changed_at: datetime
    entries: int = Field(description="how many there are, also those that you may not see")


class PortfolioEntry(BaseModel):
    """A use case in a portfolio."""

    id: int
    place: int = Field(description="among those that you see; the first is 1")
    note: str = Field(description="Markdown")
    added_by: str
    added_at: datetime
    use_case: UseCase
    new_ones: list[int] = Field(description="where it is superseded, the use cases that its node has now, in the order of their answer")


class PortfolioSums(BaseModel):
    """Counts of use cases by level, category, framework and status; money is not measured. An empty name: those that state none."""

    entries: int
    processes: int
    superseded: int
    simulated: int
    value: dict[str, int] = Field(description="by level of the return on investment")
    effort: dict[str, int] = Field(description="by level of complexity")
    risk: dict[str, int]
    categories: dict[str, int]
    frameworks: dict[str, int]
    statuses: dict[UseCaseStatus, int]


class WholePortfolio(Portfolio):
    """A portfolio with what of it the caller may see."""

    items: list[PortfolioEntry]
    hidden: int = Field(description="entries of frameworks that you may not see, which are in no sum")
    sums: PortfolioSums


class NewPortfolio(BaseModel):
    """A portfolio that is to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    description: LongText = ""
    shared: bool = False


class ChangedPortfolio(BaseModel):
    """Changes to a portfolio; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    description: LongText | None = None
    shared: bool | None = Field(default=None, description="for its owner and admins to say")


class NewEntries(BaseModel):
    """Use cases that are to be added, at the end."""

    model_config = ConfigDict(extra="forbid")

    use_cases: list[CandidateId] = Field(min_length=1, max_length=MOST_ENTRIES, description="their ids")
    note: LongText = ""


class ChangedEntry(BaseModel):
    """Changes to an entry; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    place: int | None = Field(default=None, ge=1, le=2 * MOST_ENTRIES, description="among those that you see; the first is 1")
    note: LongText | None = None
    use_case: CandidateId | None = Field(default=None, description="the one that stands there instead, such as one of `new_ones`")


@router.get("/portfolios", responses=problems(422))
def list_portfolios(service: ServiceNow, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Page[Portfolio]:
    """List your own portfolios and those that are shared, by name; admins see all."""
    keys = decode_cursor(cursor, ORDER, 2)
    after = None if keys is None else (str(keys[0]), cursor_number(keys[1]))
    with service.reading.connect() as connection:
        rows = portfolios_seen(connection, caller.name, everybodys=caller.may(Role.admin), after=after, limit=limit + 1)
    following = encode_cursor(ORDER, rows[limit - 1].name, rows[limit - 1].id) if len(rows) > limit else None
    return Page(items=[Portfolio(**_fields(row)) for row in rows[:limit]], next=following)


@router.post("/portfolios", status_code=201, responses=problems(403, 413, 422))
def create_portfolio(given: NewPortfolio, service: ServiceNow, caller: Reader, response: Response) -> Portfolio:
    """Make a portfolio of your own."""
    with service.store.begin() as connection:
        row = make_portfolio(connection, caller, given.name, description=given.description, is_shared=given.shared)
    service.keep()
    response.headers["ETag"] = version_tag(str(row.revision))
    return Portfolio(**_fields(row))


@router.get("/portfolios/{portfolio_id}", responses=reads(404), response_model=WholePortfolio)
def read_portfolio(portfolio_id: Id, service: ServiceNow, caller: Reader, tags: TagsNow) -> Response:
    """Read a portfolio with the entries that you may see, in their order. A change has to name its revision: If-Match: "7"."""
    with service.reading.connect() as connection:
        tags.of_changes(connection, caller.name, sorted(caller.seen_frameworks() or ()))
        return tags.answer(_whole(connection, service, caller, portfolio_id))


@router.patch("/portfolios/{portfolio_id}", responses=problems(403, 404, 412, 413, 422, 428))
def write_portfolio(
    portfolio_id: Id, given: ChangedPortfolio, service: ServiceNow, caller: Reader, response: Response, if_match: IfMatch = None
) -> Portfolio:
    """Rename, describe or share a portfolio."""
    revision = _revision(if_match)
    with _changing(service) as connection:
        row = change_portfolio(
            connection,
            caller,
            portfolio_id,
            name=given.name,
            description=given.description,
            is_shared=given.shared,
            revision=revision,
        )
    response.headers["ETag"] = version_tag(str(row.revision))
    return Portfolio(**_fields(row))


@router.delete("/portfolios/{portfolio_id}", status_code=204, responses=problems(403, 404, 412, 428))
def delete_portfolio(portfolio_id: Id, service: ServiceNow, caller: Reader, if_match: IfMatch = None) -> Response:
    """Remove a portfolio of your own. What was decided on its use cases stays."""
    revision = _revision(if_match)
    with _changing(service) as connection:
        remove_portfolio(connection, caller, portfolio_id, revision=revision)
    return Response(status_code=204)


@router.post("/portfolios/{portfolio_id}/entries", responses=problems(403, 404, 413, 422))
def add_entries(portfolio_id: Id, given: NewEntries, service: ServiceNow, caller: Reader, response: Response) -> WholePortfolio:
    """Add use cases at the end, all or none; those that are in it already stay where they are."""
    with _changing(service) as connection:
        add_to_portfolio(connection, caller, portfolio_id, given.use_cases, note=given.note)
        return _answer(connection, service, caller, portfolio_id, response)


@router.patch("/portfolios/{portfolio_id}/entries/{entry_id}", responses=problems(403, 404, 412, 413, 422, 428))
def write_entry(
    portfolio_id: Id,
    entry_id: Id,
    given: ChangedEntry,
    service: ServiceNow,
    caller: Reader,
    response: Response,
    if_match: IfMatch = None,
) -> WholePortfolio:
    """Write an entry's note, put it at another place, or take a new use case in place of one that was superseded."""
    revision: int | None = _revision(if_match)
    with _changing(service) as connection:
        if given.note is not None:
            write_note(connection, caller, portfolio_id, entry_id, given.note, revision=revision)
            revision = None  # what follows is made from what this has made of it
        if given.place is not None:
            place_entry(connection, caller, portfolio_id, entry_id, given.place, revision=revision)
            revision = None
        if given.use_case is not None:
            take_new_one(connection, caller, portfolio_id, entry_id, given.use_case, revision=revision)
        return _answer(connection, service, caller, portfolio_id, response)


@router.delete("/portfolios/{portfolio_id}/entries/{entry_id}", responses=problems(403, 404, 412, 428))
def delete_entry(
    portfolio_id: Id, entry_id: Id, service: ServiceNow, caller: Reader, response: Response, if_match: IfMatch = None
) -> WholePortfolio:
    """Take an entry out. What was decided on its use case stays."""
    revision = _revision(if_match)
    with _changing(service) as connection:
        take_from_portfolio(connection, caller, portfolio_id, [entry_id], revision=revision)
        return _answer(connection, service, caller, portfolio_id, response)


def _revision(if_match: str | None) -> int:
    version = demanded_version(if_match)
    return int(version) if version.isdigit() and len(version) < 10 else -1


@contextmanager
def _changing(service: Service) -> Iterator[Connection]:
    """A transaction of a change, journaled after it.

    Raises:
        Refused: the portfolio is another revision now.
    """
    try:
        with service.store.begin() as connection:
            yield connection
    except ChangedMeanwhile as error:
        now = str(error.now.revision)
        raise Refused(412, "precondition-failed", str(error), {"ETag": version_tag(now)}, {"version": now}) from None
    service.keep()


def _answer(connection: Connection, service: Service, caller: Caller, portfolio_id: int, response: Response) -> WholePortfolio:
    whole = _whole(connection, service, caller, portfolio_id)
    response.headers["ETag"] = version_tag(str(whole.revision))
    return whole


def _whole(connection: Connection, service: Service, caller: Caller, portfolio_id: int) -> WholePortfolio:
    view = view_portfolio(connection, service.project, caller, portfolio_id)
    sums = {name: getattr(view.sums, name) for name in PortfolioSums.model_fields}
    items = [_entry(service, entry) for entry in view.entries]
    return WholePortfolio(**_fields(view.portfolio), items=items, hidden=view.hidden, sums=PortfolioSums(**sums))


def _entry(service: Service, entry: Entry) -> PortfolioEntry:
    row = entry.row
    return PortfolioEntry(
        id=row.id,
        place=entry.place,
        note=row.note,
        added_by=row.added_by,
        added_at=row.added_at,
        use_case=shown(service.project, row.described),
        new_ones=[new.use_case.candidate_id for new in entry.new_ones],
    )


def _fields(row: PortfolioRow) -> dict[str, Any]:
    return {name: getattr(row, "is_shared" if name == "shared" else name) for name in Portfolio.model_fields}
