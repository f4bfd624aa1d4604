"""The priority of use cases: value, effort, risk and quality, weighed as a reader weighs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields

HIGHEST_WEIGHT = 10
_LEVELS: Mapping[str, float] = {"low": 0.0, "medium": 0.5, "high": 1.0}


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of value, effort, risk and quality, from 0 (does not count) to 10."""

    value: int = 5
    effort: int = 3
    risk: int = 2
    quality: int = 1

    def __post_init__(self) -> None:
        """Refuses what is no weight.

        Raises:
            ValueError: one of them is out of range.
        """
        for name, weight in zip((field.name for field in fields(self)), astuple(self), strict=True):
            if not 0 <= weight <= HIGHEST_WEIGHT:
                raise ValueError(f"the weight of {name} is {weight}; it goes from 0 to {HIGHEST_WEIGHT}")

    @property
    def formula(self) -> str:
        """Says how a priority is made, for people."""
        return (
            f"({self.value} × value + {self.effort} × ease + {self.risk} × safety + {self.quality} × quality) ÷ (sum of the weights) × 100; "
            "value is High 1, Medium ½, Low 0; ease and safety are 1 less effort and risk; what is not known counts neither above nor below"
        )


def level(text: str | None) -> float | None:
    """A level as a number from 0 to 1; None: it is none of Low, Medium and High."""
    return None if text is None else _LEVELS.get(text.strip().lower())


@dataclass(frozen=True, slots=True)
class Weighed:
    """A use case's value, effort and risk, weighed: `points` of `total` hundredths; quality, which differs by answer, comes on top."""

    points: int
    total: int

    def exactly(self, weights: Weights, quality: int | None) -> float | None:
        """The priority as it is sorted by: equal numbers are equal shares, because a quotient of small whole numbers is always rounded alike.

        Args:
            quality: score of its node's set, 0 to 100; None: not measured.
        """
        points, total = (
            (self.points, self.total) if quality is None else (self.points + weights.quality * quality, self.total + weights.quality)
        )
        return points / total if total else None


def weighed(weights: Weights, *, value: str | None, effort: str | None, risk: str | None) -> Weighed:
    """Value, ease and safety as far as they are known: Low, Medium or High each."""
    against = [(weights.effort, level(effort)), (weights.risk, level(risk))]
    known = [(weights.value, level(value)), *((weight, None if part is None else 1 - part) for weight, part in against)]
    counted = [(weight, round(100 * part)) for weight, part in known if part is not None]
    return Weighed(sum(weight * part for weight, part in counted), sum(weight for weight, _ in counted))


def priority(weights: Weights, *, value: str | None, effort: str | None, risk: str | None, quality: int | None) -> int | None:
    """The priority of a use case, 0 to 100; None: nothing of what counts is known.

    Args:
        value: Low, Medium or High, as effort and risk.
        quality: score of its node's set, 0 to 100; None: not measured.
    """
    found = weighed(weights, value=value, effort=effort, risk=risk).exactly(weights, quality)
    return None if found is None else round(found)
