"""All use cases: filtered, searched, sorted by a priority that the reader weighs, and decided on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import Field

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.portfolios.find_portfolio import Intent, may
from caseforge_assets.curation.columns import EFFORT, RISK, VALUE, priority_of
from caseforge_assets.curation.statuses import LONGEST_TAG, LONGEST_TEXT
from caseforge_assets.store.candidates.candidate_facets import Facets
from caseforge_assets.store.candidates.candidate_pages import candidate_page
from caseforge_assets.store.candidates.candidate_priority import Prioritized, priority_page
from caseforge_assets.store.candidates.candidates import ListedCandidate, listed_candidates
from caseforge_assets.store.curating.portfolios import portfolios_seen
from caseforge_assets.store.curating.use_cases import Decision, use_cases
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.api.use_cases.candidate_queries import cursor_at, order_of, place_after
from caseforge_assets.web.portal.curating.bulk import ACTIONS, SPECIFY, decide_on_chosen
from caseforge_assets.web.portal.shared.rendering import PagesNow, template_module
from caseforge_assets.web.portal.use_cases.choice import PRIORITY, Chosen
from caseforge_assets.web.portal.use_cases.facets import TITLES, chips, choosing_form, columns_in_order, shown_facets
from caseforge_assets.web.portal.use_cases.meant import Meant, find_meant
from caseforge_assets.web.wire.pages import LARGEST_ID, Cursor, cursor_fraction, cursor_number, decode_cursor, encode_cursor

router = APIRouter(include_in_schema=False)
AT_ONCE = 50
LEVELS = (VALUE, EFFORT, RISK)
UNDECIDED = Decision()


@dataclass(frozen=True, slots=True)
class Row:
    """A use case as the list shows it."""

    listed: ListedCandidate
    decision: Decision
    priority: int | None
    node_address: str


@router.get("/use-cases")
def show_use_cases(
    pages: PagesNow,
    caller: Reader,
    choice: Chosen,
    cursor: Cursor = None,
    done: Annotated[str, Query(max_length=20)] = "",
    of: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
) -> HTMLResponse:
    """Show what is meant, a page of it, and what else may be chosen."""
    service = pages.service
    with service.reading.connect() as connection:
        meant = find_meant(connection, service, caller, choice)
        found = meant.facets()
        part = meant.shown(f"rows {cursor}", partial(_part, meant, cursor))
        portfolios = portfolios_seen(connection, caller.name)
    facets = shown_facets(found, choice)
    hidden = (("sort", choice.sort), ("view", choice.view))
    values = {
        "meant": meant,
        "choice": choice,
        "part": part,
        "total": found.total,
        "form": meant.shown("form", partial(choosing_form, "/use-cases", choice, facets, hidden)),
        "chips": chips(facets, choice),
        "is_first": cursor is None,
        "orders": _orders(choice.sort, columns_in_order(found.values)),
        "may_decide": any(caller.may(Role.editor, key) for key in found.frameworks) or caller.may(Role.editor),
        "may_plan": any(caller.may(Role.planner, key) for key in found.frameworks),
        "all_simulated": _all_simulated(found),
        "portfolios": [row for row in portfolios if may(caller, row, Intent.change)],
        "done": (ACTIONS[done], of) if done in ACTIONS else None,
        "longest_tag": LONGEST_TAG,
        "longest_text": LONGEST_TEXT,
    }
    return pages.answer("use_cases.html.jinja", values, section="use-cases", keep=True)


@router.post("/use-cases")
def decide_use_cases(
    pages: PagesNow,
    caller: Reader,
    do: Annotated[str, Form(max_length=20)],
    candidate: Annotated[list[Annotated[int, Field(ge=1, le=LARGEST_ID)]] | None, Form(max_length=500)] = None,
    reason: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
    tag: Annotated[str, Form(max_length=1_000)] = "",
    owner: Annotated[str, Form(max_length=1_000)] = "",
    portfolio: Annotated[str, Form(max_length=20)] = "",
    name: Annotated[str, Form(max_length=1_000)] = "",
    back: Annotated[str, Form(max_length=20_000)] = "",
    idea: Annotated[int, Form(ge=0, le=LARGEST_ID)] = 0,
) -> RedirectResponse:
    """Decides on those that are chosen, on all or none, and goes back to the same list, or to the idea that they tell."""
    ids = list(dict.fromkeys(candidate or ()))
    if not ids:
        raise ValueError("choose the use cases first: check the boxes before them")
    if do == SPECIFY:
        return RedirectResponse(f"/specifications?{urlencode({'candidate': ids}, doseq=True)}", 303)
    said = {"reason": reason, "tag": tag, "owner": owner, "portfolio": portfolio, "name": name}

    def decide_on_them(connection: Connection) -> str:
        decide_on_chosen(connection, caller, ids, do, said)
        if idea:
            return f"/ideas/{idea}?{urlencode([('done', do), ('of', len(ids))])}"
        behind = [(name, value) for name, value in parse_qsl(back) if name not in ("done", "of")]
        return f"/use-cases?{urlencode([*behind, ('done', do), ('of', len(ids))])}"

    return pages.once(decide_on_them, journaled=True)


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a page as they are shown, and the address of the next page; None: this is the last one."""

    html: Markup
    count: int
    following: str | None


def _part(meant: Meant, cursor: str | None) -> Part:
    ids, following = _page(meant, cursor)
    rows, found, choice = _rows(meant, ids), meant.facets(), meant.choice
    headings = [(column, TITLES.get(column, column.capitalize())) for column in columns_in_order(found.values)]
    shown = template_module("use_case_rows.html.jinja")
    html = (shown.cards if choice.view == "cards" else shown.table)(rows, headings, choice, _all_simulated(found))
    return Part(html, len(rows), choice.address(cursor=following) if following else None)


def _all_simulated(found: Facets) -> bool:
    return found.total > 0 and found.simulated.get(True, 0) == found.total


def _page(meant: Meant, cursor: str | None) -> tuple[list[int], str | None]:
    """Ids on this page, and the cursor of the next one."""
    choice = meant.choice
    if choice.sort == PRIORITY:
        return _page_by_priority(meant, cursor)
    order = order_of(meant.service.project, choice.sort)
    after = place_after(cursor, order, choice.sort)
    found = candidate_page(meant.connection, meant.asked, order, after, AT_ONCE + 1, lambda: [group.group for group in meant.groups()])
    following = cursor_at(found[AT_ONCE - 1].at, choice.sort) if len(found) > AT_ONCE else None
    return [row.candidate_id for row in found[:AT_ONCE]], following


def _page_by_priority(meant: Meant, cursor: str | None) -> tuple[list[int], str | None]:
    weights = meant.choice.weights
    keys = decode_cursor(cursor, repr(weights), 2)
    after = None if keys is None else Prioritized(0, cursor_fraction(keys[0]), cursor_number(keys[1]))
    found = priority_page(meant.connection, meant.asked, meant.ranked(), after, AT_ONCE + 1)
    last = found[AT_ONCE - 1] if len(found) > AT_ONCE else None
    following = None if last is None else encode_cursor(repr(weights), last.priority, last.place)
    return [row.candidate_id for row in found[:AT_ONCE]], following


def _rows(meant: Meant, ids: list[int]) -> list[Row]:
    decided = use_cases(meant.connection, ids)
    return [
        Row(
            listed,
            decided[listed.id].decision if listed.id in decided else UNDECIDED,
            priority_of(meant.choice.weights, listed.values, listed.score),
            f"/frameworks/{quote(listed.framework, safe='')}/nodes/{quote(listed.code, safe='')}",
        )
        for listed in listed_candidates(meant.connection, ids)
    ]


def _orders(sort: str, columns: list[str]) -> list[tuple[str, str]]:
    """Orders to choose from: value and what it is called."""
    known = {PRIORITY: "priority", "-score": "quality, best first", "place": "the framework's order"}
    for column in columns:
        title = TITLES.get(column, column.capitalize())
        known |= {f"-{column}": f"{title}, highest first", column: f"{title}, lowest first"} if column in LEVELS else {column: title}
    return list((known if sort in known else known | {sort: sort}).items())
