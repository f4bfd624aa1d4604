"""Sums of money that know what they lack: the one way in which costs are added up and said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ZERO = Decimal(0)
Row = TypeVar("Row", bound="DataclassInstance")


class Payment(StrEnum):
    """The ways in which the answers of a provider are paid for: to it, not at all, or elsewhere."""

    billed = "billed"
    simulated = "simulated"
    imported = "imported"


@dataclass(frozen=True, slots=True)
class Cost:
    """A sum of amounts in USD: of those that are known, and how many are not. Nothing is not unknown: it is 0 and lacks nothing."""

    known_usd: Decimal = ZERO
    unknown: int = 0

    @classmethod
    def of(cls, amount_usd: Decimal | None, unknown: int | None = None) -> Cost:
        """Of one amount, None being unknown; or of a sum of known amounts (None: there is none) beside so many unknown ones."""
        lacks = int(amount_usd is None) if unknown is None else unknown
        return cls(amount_usd if amount_usd is not None else ZERO, lacks)

    @property
    def usd(self) -> Decimal | None:
        """The whole sum; None where a part of it is unknown."""
        return None if self.unknown else self.known_usd

    def __add__(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(self.known_usd + other.known_usd, self.unknown + other.unknown)

    def __mul__(self, count: int) -> Cost:
        """So many of it."""
        return Cost(self.known_usd * count, self.unknown * count)

    def __str__(self) -> str:
        """As people read it."""
        if not self.unknown:
            return usd(self.known_usd)
        return f"{usd(self.known_usd)} and {self.unknown:,} unknown" if self.known_usd else "unknown"


def total(amounts: Iterable[Cost | Decimal | None]) -> Cost:
    """Amounts and sums together; an amount of None is unknown."""
    sums = [amount if isinstance(amount, Cost) else Cost.of(amount) for amount in amounts]
    return Cost(sum((part.known_usd for part in sums), ZERO), sum(part.unknown for part in sums))


def added_up(rows: Sequence[Row], *, by: Sequence[str]) -> list[Row]:
    """Rows that are alike in the columns `by` as one, in the order in which they come first.

    All other columns are added up, of what is known; None where nothing is.
    """
    if not rows:
        return []
    import pandas  # not at the top: commands that add nothing up do without it

    table = pandas.DataFrame([asdict(row) for row in rows], dtype=object)
    sums = table.groupby(list(by), sort=False, as_index=False).sum(min_count=1)
    return [
        type(rows[0])(**{str(name): None if pandas.isna(value) else value for name, value in record.items()})
        for record in sums.to_dict("records")
    ]


def named(cost: Cost | Decimal | None, simulated: bool) -> str:
    """A sum or an amount as people read it: what nobody is billed is never shown without the word."""
    said = str(cost) if isinstance(cost, Cost) else usd(cost)
    return f"{said} (simulated)" if simulated else said


def usd(amount: Decimal | None) -> str:
    """An amount as people read it; unknown is said, never shown as 0."""
    if amount is None:
        return "unknown"
    return f"${amount:,.2f}" if abs(amount) >= 1 or amount == 0 else f"${amount:,.4f}"


def exact_usd(amount: Decimal) -> str:
    """An amount that a person set, as it was set, so that a small one is not shown as 0.

    Args:
        amount: In dollars; of it two decimals are shown at least.
    """
    cents = amount.quantize(Decimal("0.01"))
    return f"${cents:,}" if cents == amount else f"${amount.normalize():,f}"
