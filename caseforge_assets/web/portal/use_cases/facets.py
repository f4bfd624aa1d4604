"""Facets as a page shows them: what may be chosen, how many each would leave, what is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from caseforge_assets.curation.columns import EFFORT, RISK, VALUE
from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.candidates.candidate_facets import Facets
from caseforge_assets.web.portal.shared.rendering import template_module
from caseforge_assets.web.portal.use_cases.choice import NO_SCORE, Choice

SHOWN_FIRST = 8  # of the options of a facet; the others are one click further
CATEGORY = "category"
TITLES: Mapping[str, str] = {CATEGORY: "Category", VALUE: "Value", EFFORT: "Effort", RISK: "Risk"}
COLUMNS = (CATEGORY, VALUE, EFFORT, RISK)  # first of all columns, in this order
HIGHEST_FIRST = ("High", "Medium", "Low")


@dataclass(frozen=True, slots=True)
class Option:
    """A value of a facet that may be chosen; `count`: the use cases that it would leave, None where that was not counted."""

    value: str
    label: str
    count: int | None
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """Something that lists are filtered by; `name` as in the address."""

    name: str
    title: str
    options: Sequence[Option]

    @property
    def first(self) -> Sequence[Option]:
        """Gives what is shown at once: what is chosen, and the first of the others."""
        return [option for number, option in enumerate(self.options) if number < SHOWN_FIRST or option.is_chosen]

    @property
    def others(self) -> Sequence[Option]:
        """All others."""
        first = {option.value for option in self.first}
        return [option for option in self.options if option.value not in first]

    @property
    def is_used(self) -> bool:
        """Tells whether anything of it is chosen."""
        return any(option.is_chosen for option in self.options)


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that is chosen, with the address of the page without it."""

    title: str
    label: str
    address: str


def shown_facets(found: Facets, choice: Choice) -> list[Facet]:
    """The facets of which anything may be chosen or is chosen."""
    facets = [
        _facet(
            choice, "status", "Status", ((status, UseCaseStatus(status).words, count) for status, count in found.decisions.statuses.items())
        ),
        _facet(choice, "framework", "Framework", ((key, key, count) for key, count in found.frameworks.items())),
        *(_of_column(choice, column, found.values.get(column, {})) for column in columns_in_order((*found.values, *choice.values()))),
        _facet(
            choice,
            "quality",
            "Quality of the answer",
            ((NO_SCORE if ten is None else str(ten), label_of_ten(ten), count) for ten, count in found.tens.items()),
        ),
        _facet(choice, "branch", "Branch", ((f"{key}/{code}", f"{code} {name}", n) for (key, code, name), n in found.branches.items())),
        _facet(choice, "owner", "Owner of the use case", ((owner, owner, count) for owner, count in found.decisions.owners.items())),
        _facet(choice, "tag", "Tag", ((tag, tag, count) for tag, count in found.decisions.tags.items())),
        _facet(choice, "responsible", "Responsible for the process", ((owner, owner, count) for owner, count in found.owners.items())),
        _facet(
            choice,
            "origin",
            "Where from",
            (
                ("simulated" if simulated else "answered", "simulated" if simulated else "answered", n)
                for simulated, n in found.simulated.items()
            ),
        ),
    ]
    useful = ("status", "where", "branch", "quality", "owner", "tag")
    return [facet for facet in facets if facet.is_used or (facet.options and (facet.name in useful or len(facet.options) > 1))]


def columns_in_order(columns: Iterable[str]) -> list[str]:
    """Columns, those first that every list has first."""
    return sorted(set(columns), key=lambda column: (COLUMNS.index(column) if column in COLUMNS else len(COLUMNS), column))


def choosing_form(path: str, choice: Choice, facets: Sequence[Facet], hidden: Sequence[tuple[str, str]]) -> Markup:
    """The form in which all of it is chosen.

    Args:
        hidden: what of the choice the form does not ask for.
    """
    form: Markup = template_module("choosing.html.jinja").form(path, choice, facets, choice.weights, hidden)
    return form


def label_of_ten(ten: int | None) -> str:
    """A ten of the score as people read it."""
    return "not measured" if ten is None else f"{ten} to {100 if ten == 90 else ten + 9}"


def chips(facets: Sequence[Facet], choice: Choice, path: str = "/use-cases") -> list[Chip]:
    """Gives what is chosen, each with a way to take it back on the page with this path."""
    found = [Chip("Words", choice.q, choice.address(path, q=None))] if choice.q else []
    for facet in facets:
        for option in facet.options:
            if option.is_chosen:
                found.append(Chip(facet.title, option.label, choice.without(facet.name, option.value).address(path)))
    return found


def _facet(choice: Choice, name: str, title: str, counts: Iterable[tuple[str, str, int]]) -> Facet:
    chosen = choice.chosen(name)
    options = [Option(value, label, count, value in chosen) for value, label, count in counts if value]
    known = {option.value for option in options}
    return Facet(name, title, [*options, *(Option(value, _label(name, value), None, True) for value in chosen if value not in known)])


def _of_column(choice: Choice, column: str, counts: Mapping[str | None, int]) -> Facet:
    chosen = {pair.partition(":")[2] for pair in choice.where if pair.partition(":")[0] == column}
    known = sorted((value for value in counts if value is not None), key=_by_level)
    options = [Option(f"{column}:{value}", value, counts[value], value in chosen) for value in known]
    lost = [Option(f"{column}:{value}", value, None, True) for value in sorted(chosen - set(known))]
    return Facet("where", TITLES.get(column, column.capitalize()), [*options, *lost])


def _by_level(value: str) -> int:
    """Levels highest first; others behind them as they are, the most first."""
    return HIGHEST_FIRST.index(value) if value in HIGHEST_FIRST else len(HIGHEST_FIRST)


def _label(name: str, value: str) -> str:
    return value.partition("/")[2] if name == "branch" else value
