"""Money on the wire: a decimal as text with its currency, null where it is unknown."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.costs.sums import Cost


class Money(BaseModel):
    """An amount. A number would be read as a binary fraction by many programs."""

    amount: str = Field(pattern=r"^-?\d+(\.\d+)?$", examples=["105.20"])
    currency: str = Field(default="USD", examples=["USD"])


class GivenMoney(BaseModel):
    """An amount that a caller names, as it is read from here: in US dollars."""

    model_config = ConfigDict(extra="forbid")

    amount: str = Field(pattern=r"^\d{1,8}(\.\d{1,30})?$", examples=["20", "0.35"])
    currency: Literal["USD"] = "USD"

    @property
    def usd(self) -> Decimal:
        """The amount."""
        return Decimal(self.amount)


def money(usd: Decimal | None) -> Money | None:
    """An amount in US dollars; None: it is unknown."""
    return None if usd is None else Money(amount=f"{usd:f}")


class CostSum(BaseModel):
    """A sum that knows what it lacks."""

    known: Money = Field(description="what is known of it")
    unknown: int = Field(description="how many costs are unknown and not in it")
    total: Money | None = Field(description="all of it; null where a part is unknown")


def cost_sum(cost: Cost) -> CostSum:
    """A sum as it goes over the wire."""
    return CostSum(known=Money(amount=f"{cost.known_usd:f}"), unknown=cost.unknown, total=money(cost.usd))
