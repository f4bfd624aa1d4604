"""Development of answers over days or weeks, and the most frequent errors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from caseforge_assets.costs.sums import Cost, added_up

BY_WEEK_FROM_DAYS = 15
SHOWN_CHARACTERS = 160
_VARYING = (
    (re.compile(r"\b(?:batch|req|file|org|proj|chatcmpl|batch_req)[-_][A-Za-z0-9_-]{4,}"), "…"),
    (re.compile(r"\b[0-9a-f]{8,}\b"), "…"),
    (re.compile(r"'[^']{1,80}'|\"[^\"]{1,80}\""), "'…'"),
    (re.compile(r"\d[\d.,]*"), "N"),
)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Answers of one day (UTC) in one stage from one kind of provider.

    `attempts` are all that ended, expired ones included, `good` those with content. Costs of None are unknown, `unknown_costs` counts them.
    """

    day: date
    stage: str
    kind: str
    attempts: int
    good: int
    output_tokens: int | None
    cost_usd: Decimal | None
    unknown_costs: int

    @property
    def cost(self) -> Cost:
        """Their cost, all together."""
        return Cost.of(self.cost_usd, self.unknown_costs)


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt: where, what it came to, and why."""

    stage: str
    outcome: str
    detail: str
    code: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Failures that say the same but for numbers and names: how many, in which stages, and where it was met first."""

    outcome: str
    says: str
    count: int
    share: float
    stages: tuple[str, ...]
    example: str


def periods(days: Sequence[DayFigures], since_days: float) -> list[DayFigures]:
    """Days as they are; added up to weeks, named by their Mondays, where it is more than two of them."""
    if since_days < BY_WEEK_FROM_DAYS:
        return list(days)
    weeks = [replace(row, day=row.day - timedelta(days=row.day.weekday())) for row in days]
    return sorted(added_up(weeks, by=("day", "stage", "kind")), key=lambda week: (week.day, week.stage, week.kind))


def patterns(failures: Iterable[Failure]) -> list[Pattern]:
    """The failures by what they have in common, most frequent first."""
    groups: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        groups.setdefault((failure.outcome, common_text(failure.detail)), []).append(failure)
    total = sum(len(group) for group in groups.values())
    found = [
        Pattern(outcome, says, len(group), len(group) / total, tuple(Counter(failure.stage for failure in group)), group[0].code)
        for (outcome, says), group in groups.items()
    ]
    return sorted(found, key=lambda pattern: (-pattern.count, pattern.outcome, pattern.says))


def common_text(detail: str) -> str:
    """Strip a text of its numbers, ids and quoted names."""
    for varying, instead in _VARYING:
        detail = varying.sub(instead, detail)
    plain = " ".join(detail.split())
    return plain if len(plain) <= SHOWN_CHARACTERS else plain[: SHOWN_CHARACTERS - 1] + "…"
