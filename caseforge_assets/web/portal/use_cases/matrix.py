"""Use cases as pictures: value against effort, and categories against branches; each cell leads to what it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from caseforge_assets.curation.columns import EFFORT, VALUE, priority_of
from caseforge_assets.store.candidates.candidate_counts import ROOT, count_pairs, named_branches
from caseforge_assets.store.candidates.candidate_priority import ScoredGroup, priority_page, rank
from caseforge_assets.store.candidates.candidates import listed_candidates
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.portal.shared.rendering import PagesNow, template_module
from caseforge_assets.web.portal.use_cases.choice import Choice, Chosen
from caseforge_assets.web.portal.use_cases.facets import CATEGORY, TITLES, chips, choosing_form, shown_facets
from caseforge_assets.web.portal.use_cases.matrix_picture import Square, heat, matrix_picture
from caseforge_assets.web.portal.use_cases.meant import Meant, find_meant

router = APIRouter(include_in_schema=False)
VALUES, EFFORTS = ("High", "Medium", "Low"), ("Low", "Medium", "High")
BEST = 3


@dataclass(frozen=True, slots=True)
class Best:
    """One of the first of a cell by priority."""

    id: int
    title: str
    priority: int | None


@dataclass(frozen=True, slots=True)
class Cell:
    """Use cases of one value and effort."""

    value: str
    effort: str
    count: int
    address: str
    best: Sequence[Best]


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A branch of the first level with its use cases by category: counts with how warm each is and where it leads."""

    code: str
    name: str
    framework: str
    address: str
    total: int
    cells: Sequence[tuple[int, int, str]]


@router.get("/matrix")
def show_matrix(pages: PagesNow, caller: Reader, choice: Chosen) -> HTMLResponse:
    """Show what is meant by value and effort, and by category and branch."""
    with pages.service.reading.connect() as connection:
        meant = find_meant(connection, pages.service, caller, choice)
        facets, total = shown_facets(meant.facets(), choice), meant.facets().total
        values = {
            "meant": meant,
            "choice": choice,
            "total": total,
            "form": meant.shown("form of the matrix", partial(choosing_form, "/matrix", choice, facets, ())),
            "chips": chips(facets, choice, "/matrix"),
            "pictures": meant.shown("pictures", partial(_pictures, meant, total)),
        }
    return pages.answer("matrix.html.jinja", values, section="matrix", keep=True)


def _pictures(meant: Meant, total: int) -> Markup:
    cells = _cells(meant)
    categories, branches = _by_branch(meant)
    without = total - sum(cell.count for cell in cells.values())
    titles = {"value": TITLES[VALUE], "effort": TITLES[EFFORT]}
    shown = template_module("matrix_pictures.html.jinja")
    pictures: Markup = shown.pictures(_picture(cells), cells, VALUES, EFFORTS, titles, without, categories, branches)
    return pictures


def _cells(meant: Meant) -> dict[tuple[str, str], Cell]:
    """By value and effort, what is meant, with the best of each."""
    found: dict[tuple[str, str], list[ScoredGroup]] = {}
    for group in meant.groups():
        value, effort = group.group.values.get(VALUE), group.group.values.get(EFFORT)
        if value in VALUES and effort in EFFORTS:
            found.setdefault((value, effort), []).append(group)
    best = _best_of(meant, found)
    return {
        (value, effort): Cell(
            value,
            effort,
            sum(group.group.count for group in found.get((value, effort), ())),
            meant.choice.of_columns(**{VALUE: value, EFFORT: effort}).address(),
            best.get((value, effort), ()),
        )
        for value in VALUES
        for effort in EFFORTS
    }


def _best_of(meant: Meant, found: Mapping[tuple[str, str], list[ScoredGroup]]) -> dict[tuple[str, str], list[Best]]:
    weights = meant.choice.weights
    first = {
        at: [placed.candidate_id for placed in priority_page(meant.connection, meant.asked, rank(members, weights), None, BEST)]
        for at, members in found.items()
    }
    listed = {
        candidate.id: candidate
        for candidate in listed_candidates(meant.connection, [candidate_id for ids in first.values() for candidate_id in ids])
    }
    return {
        at: [
            Best(candidate.id, candidate.title, priority_of(weights, candidate.values, candidate.score))
            for candidate in map(listed.get, ids)
            if candidate is not None
        ]
        for at, ids in first.items()
    }


def _picture(cells: Mapping[tuple[str, str], Cell]) -> str:
    squares = [
        Square(
            EFFORTS.index(effort),
            VALUES.index(value),
            cell.count,
            f"{cell.count:,} with {value.lower()} value and {effort.lower()} effort",
            cell.address,
        )
        for (value, effort), cell in cells.items()
    ]
    return matrix_picture("Value against effort", ("Effort", EFFORTS), ("Value", tuple(VALUES)), squares)


def _by_branch(meant: Meant) -> tuple[list[str], list[BranchRow]]:
    """Categories, the most frequent first, and branches in their frameworks' order."""
    category = {group.group.id: group.group.values.get(CATEGORY) for group in meant.groups()}
    pairs = count_pairs(meant.connection, meant.asked, ROOT)
    counts: dict[tuple[int, str], int] = {}
    for (group_id, root), number in pairs.items():
        if (name := category.get(group_id)) is not None:
            counts[root, name] = counts.get((root, name), 0) + number
    totals: dict[str, int] = {}
    roots: dict[int, int] = {}
    for (root, name), number in counts.items():
        totals[name] = totals.get(name, 0) + number
        roots[root] = roots.get(root, 0) + number
    categories = sorted(totals, key=lambda name: (-totals[name], name))
    highest = max(counts.values(), default=0)
    rows = [
        _branch_row(
            meant.choice, (key, code, name), roots[root], [(category, counts.get((root, category), 0)) for category in categories], highest
        )
        for root, (key, code, name) in named_branches(meant.connection, list(roots)).items()
    ]
    return categories, rows


def _branch_row(choice: Choice, branch: tuple[str, str, str], total: int, counts: Sequence[tuple[str, int]], highest: int) -> BranchRow:
    key, code, name = branch
    inside = choice.of_branch(f"{key}/{code}")
    cells = [(count, heat(count, highest), inside.of_columns(**{CATEGORY: category}).address()) for category, count in counts]
    return BranchRow(code, name, key, inside.address(), total, cells)
