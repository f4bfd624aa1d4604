"""Completion budgets that fit the node: predicted from what answers to requests like it used.

The logarithm of the output tokens is taken for a linear function of the request's length, the node's level and its number of
official KPIs; how far answers lie above that line says how much room a share of them needs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH_ANSWERS = 200
STEP_TOKENS = 256  # budgets are rounded up to these, so that few different ones come about


@dataclass(frozen=True, slots=True)
class RequestSize:
    """The figures of a request that are known before it is sent."""

    input_tokens: int
    level: int
    kpis: int


@dataclass(frozen=True, slots=True)
class UsedTokens:
    """The tokens that an answer used, thinking included; a truncated one would have used more."""

    size: RequestSize
    output_tokens: int
    truncated: bool


@dataclass(frozen=True)
class BudgetFit:
    """A fitted line and the room above it."""

    weights: tuple[float, ...]
    room: float

    def budget(self, size: RequestSize, least: int, most: int) -> int:
        """The completion budget of a request in tokens, between `least` and `most`."""
        expected = sum(weight * value for weight, value in zip(self.weights, _features(size), strict=True))
        tokens = math.exp(min(expected + self.room, math.log(most)))
        return max(least, min(most, STEP_TOKENS * math.ceil(tokens / STEP_TOKENS)))


def fit_budgets(answers: Sequence[UsedTokens], quantile: float) -> BudgetFit | None:
    """Fits the line to answers of one stage and model.

    Args:
        quantile: The share of answers, between 0 and 1, that shall have room. Truncated answers count as ones that had none.

    Returns:
        None before there are `ENOUGH_ANSWERS`, or where so many of them are truncated that the quantile lies among these.
    """
    import numpy  # not at the top: commands that plan nothing do without it

    whole = [answer for answer in answers if not answer.truncated and answer.output_tokens > 0]
    if len(whole) < ENOUGH_ANSWERS:
        return None
    features = numpy.array([_features(answer.size) for answer in whole])
    used = numpy.log([answer.output_tokens for answer in whole])
    weights = numpy.linalg.lstsq(features, used, rcond=None)[0]
    above = sorted(float(value) for value in used - features @ weights)
    place = math.ceil(quantile * len(answers)) - 1  # truncated ones stand at the end
    return BudgetFit(tuple(float(weight) for weight in weights), above[place]) if place < len(above) else None


def _features(size: RequestSize) -> tuple[float, ...]:
    return (1.0, math.log(max(size.input_tokens, 1)), float(size.level), float(size.kpis))
