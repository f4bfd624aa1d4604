"""Side by side: two editions of a framework, and two frameworks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.editions.compare_frameworks import compare_frameworks
from caseforge_assets.reports.comparing.comparison import SAYS, Comparison
from caseforge_assets.reports.comparing.difference import MEANINGS, Change, Difference, NodeChange, compare_editions
from caseforge_assets.reports.comparing.text_difference import Piece, word_difference
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.frameworks import LoadedEdition, current_edition, editions_of, known_keys
from caseforge_assets.store.editions.nodes import NodeRow, nodes_of_edition
from caseforge_assets.store.figures.changes import changes_so_far
from caseforge_assets.web.access.callers import Reader, see_framework
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow

router = APIRouter(include_in_schema=False)
A_PAGE = 100
AT_LEAST = 0.9  # likeness of name and description from which on nodes of two frameworks count as similar

EditionId = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
Start = Annotated[int, Query(ge=0, le=10_000_000, description="how many are left out at the beginning")]


@dataclass(frozen=True)
class TwoEditions:
    """The difference between two editions, and the nodes of both by id."""

    difference: Difference
    before: dict[int, NodeRow]
    after: dict[int, NodeRow]


@dataclass(frozen=True)
class ChangedRow:
    """A node that differs, as it was and as it is; `text` is what differs in what is looked at."""

    change: NodeChange
    text: tuple[Piece, ...]


@router.get("/frameworks/{key}/editions")
def show_editions(
    key: str,
    pages: PagesNow,
    _caller: Reader,
    before: EditionId = None,
    after: EditionId = None,
    change: Change | None = None,
    start: Start = 0,
) -> HTMLResponse:
    """The editions of a framework, and what differs between two of them: without a choice, the current one and the one before it."""
    with pages.service.reading.connect() as connection:
        editions = editions_of(connection, key)
        if not editions:
            raise LookupError(f"framework {key!r} has not been loaded")
        edition = current_edition(connection, key)
        left, right = _chosen(editions, before, after)
        found = _two_editions(pages, connection, key, left, right) if left and right else None
    shown = change or (next(iter(found.difference.changes), None) if found else None)
    changes = found.difference.changes.get(shown, ()) if found and shown else ()
    values = {
        "key": key,
        "title": edition.title if edition else key,
        "editions": editions,
        "left": left,
        "right": right,
        "difference": found.difference if found else None,
        "meanings": MEANINGS,
        "change": shown,
        "rows": _rows(found, shown, changes[start : start + A_PAGE]) if found and shown else [],
        "next_start": start + A_PAGE if len(changes) > start + A_PAGE else None,
        "start": start,
        "may_load": pages.caller.may(Role.planner, key),
    }
    return pages.answer("editions.html.jinja", values)


def _chosen(editions: Sequence[LoadedEdition], before: int | None, after: int | None) -> tuple[LoadedEdition | None, LoadedEdition | None]:
    """The two that are compared.

    Raises:
        LookupError: the framework has no such edition.
    """
    by_id = {edition.id: edition for edition in editions}
    for wanted in (before, after):
        if wanted is not None and wanted not in by_id:
            raise LookupError(f"the framework has no edition {wanted}; it has {', '.join(map(str, sorted(by_id)))}")
    right = by_id[after] if after is not None else next((edition for edition in editions if edition.is_current), editions[0])
    left = by_id[before] if before is not None else next((edition for edition in editions if edition.id < right.id), None)
    return left, right


def _two_editions(pages: Pages, connection: Connection, key: str, left: LoadedEdition, right: LoadedEdition) -> TwoEditions:
    def compare() -> TwoEditions:
        with pages.service.reading.connect() as own:
            old, new = (nodes_of_edition(own, key, edition.id) for edition in (left, right))
        return TwoEditions(compare_editions(old, new), {node.node_id: node for node in old}, {node.node_id: node for node in new})

    state = pages.service.counted_from(changes_so_far(connection))
    return pages.service.latest.get(state, f"editions {left.id} and {right.id} of {key}", compare).value


def _rows(found: TwoEditions, change: Change, changes: Sequence[NodeChange]) -> list[ChangedRow]:
    return [ChangedRow(changed, _differs(found, change, changed.node_id)) for changed in changes]


def _differs(found: TwoEditions, change: Change, node_id: int) -> tuple[Piece, ...]:
    """Gives what differs in words, where codes and names alone do not tell it."""
    old, new = found.before.get(node_id), found.after.get(node_id)
    if old is None or new is None:
        return ()
    if change is Change.REDESCRIBED:
        return word_difference(old.description, new.description)
    if change is Change.KPIS_CHANGED:
        return word_difference(*("; ".join(str(kpi["name"]) for kpi in node.kpis) for node in (old, new)))
    if change is Change.REPARENTED:
        return word_difference(*(node.parent_code or "at the top" for node in (old, new)))
    return ()


@router.get("/compare")
def show_comparison(
    pages: PagesNow,
    caller: Reader,
    left: Annotated[str | None, Query(max_length=40)] = None,
    right: Annotated[str | None, Query(max_length=40)] = None,
    show: Literal["same", "left", "right"] = "same",
    start: Start = 0,
) -> HTMLResponse:
    """Two frameworks: what both have, and what only one of them has."""
    for key in (left, right):
        if key:
            see_framework(caller, key)
    with pages.service.reading.connect() as connection:
        seen = caller.seen_frameworks()
        titles = {
            key: edition.title
            for key in sorted(known_keys(connection))
            if (seen is None or key in seen) and (edition := current_edition(connection, key))
        }
        for key in (left, right):
            if key and key not in titles:
                raise LookupError(f"framework {key!r} has not been loaded")
        found = _compared(pages, connection, left, right) if left and right and left != right else None
    values: dict[str, Any] = {
        "titles": titles,
        "left": left,
        "right": right,
        "found": found,
        "show": show,
        "start": start,
        "says": SAYS,
        "at_least": AT_LEAST,
    }
    if found:
        rows = {"same": found.same, "left": found.only_left, "right": found.only_right}[show]
        values |= {"rows": rows[start : start + A_PAGE], "next_start": start + A_PAGE if len(rows) > start + A_PAGE else None}
    return pages.answer("compare_frameworks.html.jinja", values)


def _compared(pages: Pages, connection: Connection, left: str, right: str) -> Comparison:
    def compare() -> Comparison:
        with pages.service.reading.connect() as own:
            return compare_frameworks(own, left, right, AT_LEAST)

    state = pages.service.counted_from(changes_so_far(connection))
    return pages.service.latest.get(state, f"comparison of {left} and {right}", compare).value
