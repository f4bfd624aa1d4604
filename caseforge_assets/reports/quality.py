"""Sums up the quality of a framework's contents: scores, documents that are nearly the same, titles that repeat, levels and their balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, Protocol, TypeVar

from caseforge_assets.stages.measuring.novelty import bands_of, likeness, title_words

ONE_SIDED = 0.8  # of items with one and the same level
LEAST_JUDGED = 30  # items; the shares of fewer say little

Levels = dict[str, dict[str, int]]
Title = TypeVar("Title", bound="HasTitle")


class Measured(Protocol):
    """A measured content; rows of the store have it."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def partition_key(self) -> str: ...  # noqa: D102
    @property
    def score(self) -> int | None: ...  # noqa: D102
    @property
    def parts(self) -> dict[str, int | None]: ...  # noqa: D102
    @property
    def limits(self) -> list[str]: ...  # noqa: D102
    @property
    def figures(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def signature(self) -> str | None: ...  # noqa: D102


class HasTitle(Protocol):
    """An item, as far as comparing titles needs it."""

    @property
    def candidate_uid(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def partition_key(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class ScoreSummary:
    """The scores of a stage's contents. `low` is how many are below the limit; mean, median and lowest are None where none is measured.

    `tens` counts scores by 0, 10, … 90 (90 holds 100, too); `parts` are the mean points of each part, over contents to which it applies.
    """

    contents: int
    measured: int
    low: int
    mean: float | None
    median: float | None
    lowest: int | None
    tens: dict[int, int]
    parts: dict[str, float]


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A document that shares most of its phrases with an earlier one: partition keys, and the share of phrases, estimated."""

    partition_key: str
    like: str
    likeness: float


def summarize(rows: Sequence[Measured], below: int) -> ScoreSummary:
    """Sums up the scores of one stage.

    Args:
        rows: its contents, those without a measure, too.
        below: scores under it are low.
    """
    scores = [row.score for row in rows if row.score is not None]
    by_part: dict[str, list[int]] = {}
    for row in rows:
        for part, points in row.parts.items():
            if points is not None:
                by_part.setdefault(part, []).append(points)
    return ScoreSummary(
        contents=len(rows),
        measured=len(scores),
        low=sum(score < below for score in scores),
        mean=fmean(scores) if scores else None,
        median=median(scores) if scores else None,
        lowest=min(scores, default=None),
        tens=dict(sorted(Counter(min(score // 10 * 10, 90) for score in scores).items())),
        parts={part: fmean(points) for part, points in by_part.items()},
    )


def say_why(row: Measured) -> str:
    """Say in one line why a content does not score 100: faults that hold it down, then its weakest parts."""
    if row.score is None:
        return "not measured"
    weak = sorted((points, part) for part, points in row.parts.items() if points is not None and points < 75)
    parts = ", ".join(f"{part} {points}" for points, part in weak)
    return "; ".join([*row.limits, *([f"weak: {parts}"] if parts else [])])


def near_duplicates(rows: Sequence[Measured], least: float) -> list[NearDuplicate]:
    """Finds documents that are nearly the same as an earlier one, with the nearest that was found.

    Signatures are compared where they have a band in common: with the first and with the last document that had it, so that the time
    grows with the number of documents only. A pair as alike as `least` has a band in common almost certainly.

    Args:
        rows: documents in the framework's order.
        least: the share of phrases in common from which on they count.
    """
    first: dict[tuple[int, str], Measured] = {}
    last: dict[tuple[int, str], Measured] = {}
    found = []
    for row in rows:
        if row.signature is None:
            continue
        bands = bands_of(row.signature)
        others = {other.partition_key: other for band in bands for other in (first.get(band), last.get(band)) if other is not None}
        alike = [(likeness(row.signature, other.signature or ""), key) for key, other in others.items()]
        if alike and (best := max(alike))[0] >= least:
            found.append(NearDuplicate(row.partition_key, best[1], best[0]))
        for band in bands:
            first.setdefault(band, row)
            last[band] = row
    return found


def repeated_titles(candidates: Iterable[Title]) -> list[list[Title]]:
    """Groups candidates of different nodes whose titles have the same words, case, order and endings aside; the largest group first."""
    groups: dict[frozenset[str], list[Title]] = {}
    for candidate in candidates:
        if words := title_words(candidate.title):
            groups.setdefault(words, []).append(candidate)
    several = [group for group in groups.values() if len({member.partition_key for member in group}) > 1]
    return sorted(several, key=len, reverse=True)


def count_levels(rows: Iterable[Measured], branch_of: Callable[[str], str]) -> dict[str, Levels]:
    """Counts the levels of items, such as the complexity of candidates: by branch, and of all under an empty name.

    Args:
        rows: contents in the framework's order.
        branch_of: from a node's code to the name of its branch.
    """
    counts: dict[str, Levels] = {"": {}}
    for row in rows:
        for field, values in row.figures.get("levels", {}).items():
            for branch in ("", branch_of(row.code)):
                of_field = counts.setdefault(branch, {}).setdefault(field, {})
                for value, count in values.items():
                    of_field[value] = of_field.get(value, 0) + count
    return counts


def unbalanced(levels: Mapping[str, Mapping[str, int]], shares: Mapping[str, Mapping[str, float]], tolerance: float) -> list[str]:
    """Says what is out of balance: fields against the shares that are aimed at, and everything else that nearly all items have in common.

    Args:
        levels: counts by field and value. Fewer than 30 items are not judged.
        shares: as the stage has them, by field and value.
        tolerance: how far a share may be from what is aimed at.
    """
    said = []
    for field, counts in levels.items():
        total = sum(counts.values())
        if total < LEAST_JUDGED:
            continue
        if field in shares:
            said += [
                f"{value.lower()} {field} is {counts.get(value, 0) / total:.0%}, {target:.0%} is aimed at"
                for value, target in shares[field].items()
                if abs(counts.get(value, 0) / total - target) > tolerance
            ]
        else:
            said += [f"{field} is {value} for {count / total:.0%}" for value, count in counts.items() if count > ONE_SIDED * total]
    return said
