"""Candidates counted by everything that lists are filtered by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from caseforge_assets.store.candidates.candidate_counts import OWNER, ROOT, TEN, Group, count_by, groups, named_branches
from caseforge_assets.store.candidates.candidate_filters import CandidateFilter, conditions
from caseforge_assets.store.candidates.decision_counts import DecisionCounts, count_decisions


@dataclass(frozen=True)
class Facets:
    """Candidates by what lists are filtered by. Of a column, the counts are those without its own filter, so that another value can be chosen.

    Attributes:
        total: How many are meant.
        values: By column, candidates by value; None: without one.
        branches: By code and name of the first level, and framework.
        tens: By the score's ten; None: not measured.
        decisions: By what was decided of them.
    """

    total: int
    values: Mapping[str, Mapping[str | None, int]]
    frameworks: Mapping[str, int]
    stages: Mapping[str, int]
    simulated: Mapping[bool, int]
    owners: Mapping[str, int]
    branches: Mapping[tuple[str, str, str], int]
    tens: Mapping[int | None, int]
    decisions: DecisionCounts


def facets(connection: Connection, meant: CandidateFilter, matches: str = "") -> Facets:
    """Counts what is meant by every column, framework, stage, origin, owner, branch and ten of the score.

    Args:
        matches: as for `conditions`.
    """
    asked = conditions(connection, meant, matches)
    chosen = groups(connection, asked)
    found = groups(connection, conditions(connection, replace(meant, values={}), matches)) if meant.values else chosen
    by = count_by(connection, asked, (OWNER, ROOT, TEN))
    total = sum(group.count for group in chosen)
    return Facets(
        total=total,
        values=values_of(found, meant.values),
        frameworks=sum_up((group.framework_key, group.count) for group in chosen),
        stages=sum_up((group.stage, group.count) for group in chosen),
        simulated=sum_up((group.simulated, group.count) for group in chosen),
        owners=by[OWNER],
        branches=_branches(connection, by[ROOT]),
        tens={None if ten < 0 else ten: count for ten, count in sorted(by[TEN].items())},
        decisions=count_decisions(connection, meant, total, matches),
    )


def _branches(connection: Connection, counts: Mapping[int, int]) -> dict[tuple[str, str, str], int]:
    return {branch: counts[root] for root, branch in named_branches(connection, list(counts)).items()}


def values_of(found: Sequence[Group], meant: Mapping[str, Sequence[str]]) -> dict[str, dict[str | None, int]]:
    """By column, candidates by value; of each column as if it were not filtered by."""
    columns = dict.fromkeys(column for group in found for column in group.values)
    return {
        column: sum_up(
            (group.values.get(column), group.count)
            for group in found
            if fits(group, {name: value for name, value in meant.items() if name != column})
        )
        for column in columns
    }


def fits(group: Group, values: Mapping[str, Any]) -> bool:
    """Tells whether a group has values that are meant."""
    return all(group.values.get(column) in wanted for column, wanted in values.items())


def sum_up(pairs: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    """Adds up, the most first."""
    counts: dict[Any, int] = {}
    for value, count in pairs:
        counts[value] = counts.get(value, 0) + count
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def facets_to_choose(connection: Connection, meant: CandidateFilter, seen: Sequence[str] | None, matches: str = "") -> Facets:
    """The same where several values of each may be chosen: counts of each facet are those without its own filter.

    Args:
        seen: keys of the frameworks that may be chosen; None: all.
    """
    asked = conditions(connection, meant, matches)
    found = groups(connection, conditions(connection, replace(meant, frameworks=seen, values={}, simulated=None), matches))
    wide = _OfGroups(meant)
    total = sum(group.count for group in found if wide.holds(group))
    own = {OWNER: "owners", ROOT: "branches", TEN: "tens"}
    free = [column for column, name in own.items() if getattr(meant, name) is None]
    by = count_by(connection, asked, free)
    for column, name in own.items():
        if column not in free:
            by |= count_by(connection, conditions(connection, without(meant, name), matches), [column])
    return Facets(
        total=total,
        values=values_of([group for group in found if wide.holds(group, "values")], meant.values),
        frameworks=sum_up((group.framework_key, group.count) for group in found if wide.holds(group, "frameworks")),
        stages=sum_up((group.stage, group.count) for group in found if wide.holds(group)),
        simulated=sum_up((group.simulated, group.count) for group in found if wide.holds(group, "simulated")),
        owners=by[OWNER],
        branches=_branches(connection, by[ROOT]),
        tens={None if ten < 0 else ten: count for ten, count in sorted(by[TEN].items(), reverse=True)},
        decisions=count_decisions(connection, meant, total, matches),
    )


def without(meant: CandidateFilter, name: str) -> CandidateFilter:
    """The same without one of its conditions."""
    return CandidateFilter(**{**vars(meant), name: None})


@dataclass(frozen=True, slots=True)
class _OfGroups:
    """The conditions of a filter on whole groups, of which one may be left out."""

    meant: CandidateFilter

    def holds(self, group: Group, besides: str = "") -> bool:
        """Tells whether a group is meant, whatever one of the conditions says."""
        meant = self.meant
        return (
            (besides == "frameworks" or meant.frameworks is None or group.framework_key in meant.frameworks)
            and (besides == "simulated" or meant.simulated is None or group.simulated == meant.simulated)
            and (besides == "values" or fits(group, meant.values))
        )
