"""Measures how far a score tells two groups apart: by the area under the curve, and the spread of a group's scores."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from caseforge_assets.stages.quality import Quality


def auc(good: Sequence[float], bad: Sequence[float]) -> float | None:
    """Give how often one of the good lies above one of the bad, ties counted half: 0.5 tells nothing, 1.0 everything."""
    if not good or not bad:
        return None
    return sum((first > second) + 0.5 * (first == second) for first in good for second in bad) / len(good) / len(bad)


def points(measured: Sequence[Quality], part: str) -> list[float]:
    """Give the points of a part, where it applies."""
    return [value for quality in measured if (value := quality.parts.get(part)) is not None]


def spread(scores: Sequence[float]) -> tuple[float, float, float]:
    """Give median, and the scores that a tenth lies below and above."""
    ordered = sorted(scores)
    tenth = round(0.1 * (len(ordered) - 1))
    return median(ordered), ordered[tenth], ordered[-1 - tenth]
