"""A reader's choice among the use cases: it stands in the address of the page, and nowhere else, so that a page can be sent to somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import Depends, Query

from caseforge_assets.curation.priority import HIGHEST_WEIGHT, Weights
from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.candidates.candidate_filters import NOT_MEASURED, CandidateFilter
from caseforge_assets.store.searching.matching import LONGEST_QUERY
from caseforge_assets.web.portal.shared.rendering import query

PRIORITY = "priority"
NO_SCORE = "none"
STANDARD = Weights()
# Of the facets, the name in the address and the field.
FACETS: Mapping[str, str] = {
    "framework": "frameworks",
    "branch": "branches",
    "where": "where",
    "quality": "qualities",
    "status": "statuses",
    "owner": "owners",
    "tag": "tags",
    "responsible": "responsible",
    "origin": "origins",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of use cases by words and filters, with their order and the way in which they are shown.

    Attributes:
        branches: FRAMEWORK/CODE each.
        where: COLUMN:VALUE each; several of one column: any of them.
        qualities: Tens of the score, or `none`.
        owners: Of the use cases; `responsible` are those of their nodes.
        origins: `answered`, `simulated`.
        sort: `priority`, or as the API sorts.
    """

    q: str = ""
    frameworks: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    responsible: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    sort: str = PRIORITY
    weights: Weights = field(default=STANDARD)
    view: str = "table"

    def chosen(self, name: str) -> tuple[str, ...]:
        """Gives what is chosen of a facet."""
        values: tuple[str, ...] = getattr(self, FACETS[name])
        return values

    def parameters(self) -> dict[str, Any]:
        """Gives what stands in the address; what is as it is by itself is left out."""
        weights = {f"w_{name}": getattr(self.weights, name) for name in ("value", "effort", "risk", "quality")}
        changed = weights if self.weights != STANDARD else {}
        shown = {"sort": "" if self.sort == PRIORITY else self.sort, "view": "" if self.view == "table" else self.view}
        return {"q": self.q, **{name: list(self.chosen(name)) for name in FACETS}, **shown, **changed}

    def address(self, path: str = "/use-cases", **changed: Any) -> str:
        """The address of this choice, with further or other parameters."""
        behind = query(self.parameters(), **changed)
        return path if behind == "?" else path + behind

    def without(self, name: str, value: str) -> Choice:
        """The same, one value of a facet not chosen."""
        return self._with(**{FACETS[name]: tuple(other for other in self.chosen(name) if other != value)})

    def _with(self, **changed: Any) -> Choice:
        return replace(self, **changed)

    def fields(self, besides: str) -> list[tuple[str, Any]]:
        """The same parameters as fields of a form, one for each value, but for one that the form sets itself."""
        shown = ((name, value if isinstance(value, list) else [value]) for name, value in self.parameters().items() if name != besides)
        return [(name, value) for name, values in shown for value in values if value != ""]

    def of_columns(self, **values: str) -> Choice:
        """The same, but of columns these values and no others."""
        others = tuple(pair for pair in self.where if pair.partition(":")[0] not in values)
        return replace(self, where=(*others, *(f"{column}:{value}" for column, value in values.items())))

    def of_branch(self, branch: str) -> Choice:
        """The same, but of this branch alone."""
        return replace(self, branches=(branch,))

    def filtered(self, frameworks: Sequence[str] | None, ids: Sequence[int] | None) -> CandidateFilter:
        """The candidates that are meant.

        Args:
            frameworks: those that are seen and meant.
            ids: of candidates that have the words; None: no words are asked for.

        Raises:
            ValueError: a part of the choice cannot be read.
        """
        return CandidateFilter(
            frameworks=frameworks,
            values=self.values(),
            simulated=None if len(self.origins) != 1 else self.origins[0] == "simulated",
            owners=self.responsible or None,
            tens=[NOT_MEASURED if quality == NO_SCORE else _ten(quality) for quality in self.qualities] or None,
            branches=self.branch_names() or None,
            ids=ids,
            statuses=[UseCaseStatus(status) for status in self.statuses] or None,
            use_case_owners=self.owners or None,
            tags=self.tags or None,
        )

    def branch_names(self) -> list[tuple[str, str]]:
        """The branches that are chosen: framework and code, id or partition key of each."""
        return [_branch(branch) for branch in self.branches]

    def values(self) -> dict[str, list[str]]:
        """By column, the values that are chosen."""
        found: dict[str, list[str]] = {}
        for pair in self.where:
            column, colon, value = pair.partition(":")
            if not colon:
                raise ValueError(f"where={pair}: say COLUMN:VALUE, such as category:automation")
            found.setdefault(column, []).append(value)
        return found


def _ten(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 2 and int(text) % 10 == 0:
        return int(text)
    raise ValueError(f"quality={text}: say a ten from 0 to 90, or {NO_SCORE}")


def _branch(text: str) -> tuple[str, str]:
    key, slash, name = text.partition("/")
    if not slash or not name:
        raise ValueError(f"branch={text}: say FRAMEWORK/CODE")
    return key, name


Values = Annotated[list[str] | None, Query(max_length=50)]
Weight = Annotated[int, Query(ge=0, le=HIGHEST_WEIGHT)]


async def _choice(
    q: Annotated[str, Query(max_length=LONGEST_QUERY)] = "",
    framework: Values = None,
    branch: Values = None,
    where: Values = None,
    quality: Values = None,
    status: Values = None,
    owner: Values = None,
    tag: Values = None,
    responsible: Values = None,
    origin: Values = None,
    sort: Annotated[str, Query(max_length=200)] = "",
    view: Annotated[str, Query(max_length=10)] = "",
    w_value: Weight = STANDARD.value,
    w_effort: Weight = STANDARD.effort,
    w_risk: Weight = STANDARD.risk,
    w_quality: Weight = STANDARD.quality,
) -> Choice:
    lists = (framework, branch, where, quality, status, owner, tag, responsible, origin)
    chosen = dict(zip(FACETS.values(), (tuple(dict.fromkeys(value for value in values or () if value)) for values in lists), strict=True))
    weights = Weights(w_value, w_effort, w_risk, w_quality)
    return Choice(q=q.strip(), **chosen, sort=sort or PRIORITY, weights=weights, view="cards" if view == "cards" else "table")


Chosen = Annotated[Choice, Depends(_choice)]
