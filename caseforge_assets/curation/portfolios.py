"""Portfolios: what their names may be, in which order their entries stand, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from caseforge_assets.curation.columns import EFFORT, RISK, VALUE
from caseforge_assets.curation.statuses import UseCaseStatus

LONGEST_NAME = 200
MOST_ENTRIES = 1_000


def portfolio_name(text: str) -> str:
    """A name as it is kept.

    Raises:
        ValueError: it is empty, or too long.
    """
    name = " ".join(text.split())
    if not name:
        raise ValueError("give the portfolio a name")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"the name has {len(name)} characters; at most {LONGEST_NAME} are kept")
    return name


def moved(order: Sequence[int], one: int, place: int, seen: Collection[int]) -> list[int]:
    """An order with one of it at another place. Those that the mover does not see keep their places between the others, as far as that can be.

    Args:
        place: the first is 1, counted among those that are seen; beyond the last one it is the last.
    """
    others = [entry for entry in order if entry != one]
    shown = [entry for entry in others if entry in seen]
    place = max(place, 1)
    if place > len(shown):
        return [*others, one]
    at = others.index(shown[place - 1])
    return [*others[:at], one, *others[at:]]


@dataclass(frozen=True, slots=True)
class Counted:
    """The parts of a use case that are counted; `values` are those of its stage's columns, such as roi."""

    framework: str
    node_id: int
    status: UseCaseStatus
    values: Mapping[str, str | None]
    is_superseded: bool
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """Counts of use cases by level or name; nobody has measured money yet. Those that state none are counted under an empty name."""

    entries: int
    processes: int
    superseded: int
    simulated: int
    value: Mapping[str, int]
    effort: Mapping[str, int]
    risk: Mapping[str, int]
    categories: Mapping[str, int]
    frameworks: Mapping[str, int]
    statuses: Mapping[UseCaseStatus, int]


LEVELS = ("High", "Medium", "Low", "")


def sum_up(use_cases: Iterable[Counted]) -> Sums:
    """Counts use cases."""
    rows = list(use_cases)
    return Sums(
        entries=len(rows),
        processes=len({row.node_id for row in rows}),
        superseded=sum(row.is_superseded for row in rows),
        simulated=sum(row.is_simulated for row in rows),
        value=_levels(rows, VALUE),
        effort=_levels(rows, EFFORT),
        risk=_levels(rows, RISK),
        categories=_by_count(row.values.get("category") or "" for row in rows),
        frameworks=_by_count(row.framework for row in rows),
        statuses={status: count for status in UseCaseStatus if (count := sum(row.status is status for row in rows))},
    )


def _levels(rows: Sequence[Counted], column: str) -> dict[str, int]:
    """The highest first; what is no level at the end."""
    counts = Counter(row.values.get(column) or "" for row in rows)
    named = {level: counts.pop(level) for level in LEVELS if level in counts}
    return named | dict(sorted(counts.items()))


def _by_count(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))
