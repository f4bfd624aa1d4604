"""Consent is to a price that was seen: who approves a plan by its number says which one, and a plan that costs more by now is not approved."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from caseforge_assets.commands.approving.view_plans import ReckonedPlan
from caseforge_assets.costs.sums import exact_usd

_MILLIONTH = Decimal("0.000001")  # as exact as the price of a plan is stored, and told in events


class PriceRisen(ValueError):
    """A plan costs more than whoever approves it has seen; `reckoned` has what it costs now."""

    def __init__(self, detail: str, reckoned: ReckonedPlan) -> None:
        """Takes what is told, and the plan as it is now."""
        super().__init__(detail)
        self.reckoned = reckoned


def refuse_risen_price(reckoned: ReckonedPlan, seen_usd: Decimal | None) -> None:
    """Refuses a plan that costs more than was seen; roll back what was decided of it.

    Args:
        reckoned: the plan as it was approved.
        seen_usd: the price that was seen; None: it was unknown.

    Raises:
        PriceRisen: it costs more, or is unknown now, or was unknown and is not any more.
    """
    now_usd = reckoned.open_cost.usd
    if now_usd is None and seen_usd is None:
        return
    if now_usd is not None and seen_usd is not None and _rounded(now_usd) <= _rounded(seen_usd):
        return
    seen = "unknown" if seen_usd is None else exact_usd(seen_usd)
    now = f"unknown ({reckoned.open_cost})" if now_usd is None else exact_usd(now_usd)
    raise PriceRisen(
        f"plan {reckoned.plan.id} is expected to cost {now}, and the approval names {seen}. Nothing was approved; look at the plan and approve it again",
        reckoned,
    )


def _rounded(amount_usd: Decimal) -> Decimal:
    return amount_usd.quantize(_MILLIONTH, ROUND_HALF_UP)
