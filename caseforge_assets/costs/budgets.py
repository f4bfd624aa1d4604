"""Budgets: what is left, whether requests still fit in, and by how much they do not. USD, Decimal throughout."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

ZERO = Decimal(0)

Key = TypeVar("Key")


def budget_left(budget_usd: Decimal, spent_usd: Decimal, reserved_usd: Decimal) -> Decimal:
    """Say what is left of a budget; negative where it is overdrawn.

    Args:
        budget_usd: The budget.
        spent_usd: Costs of answers.
        reserved_usd: Expected costs of requests under way.
    """
    return budget_usd - spent_usd - reserved_usd


def over_by(budget_usd: Decimal, committed_usd: Decimal, new_usd: Decimal) -> Decimal:
    """Say by how much new requests would go over a budget; 0 where they fit.

    Args:
        budget_usd: The budget.
        committed_usd: What is spent or reserved.
        new_usd: Expected costs of the new requests.
    """
    return max(committed_usd + new_usd - budget_usd, ZERO)


def check_budget(
    new: Sequence[tuple[str, int | None, Decimal | None]],
    budget_usd: Decimal | None,
    framework_budgets: Mapping[str, Decimal | None],
    committed: Mapping[str, Decimal],
    plans: Mapping[int, tuple[Decimal | None, Decimal]],
    *,
    allow_unknown: bool = False,
) -> str:
    """Check requests to a provider that bills against all budgets that concern them.

    Args:
        new: Framework, plan and expected cost (None: unknown) of each request.
        budget_usd: The budget over all frameworks; None where there is none.
        framework_budgets: The budgets of single frameworks; None or absent where there is none.
        committed: What is spent or reserved, by framework; all of it counts against the budget over all.
        plans: For each plan its cap (None where it has none) and what of it is spent or reserved.
        allow_unknown: Whether requests of unknown cost may be sent; they count as nothing.

    Returns:
        Why nothing may be sent, and by how much it is over; empty where all budgets are kept.
    """
    unknown = sum(cost is None for _, _, cost in new)
    if unknown and not allow_unknown:
        return (
            f"the cost of {unknown:,} of {len(new):,} requests is unknown, because there is no batch price for their model. "
            "Choose another model, or set allow_unknown_cost = true in caseforge.toml."
        )
    by_framework, by_plan = _sums((key, cost) for key, _, cost in new), _sums((plan, cost) for _, plan, cost in new)
    without = sorted(key for key in by_framework if budget_usd is None and framework_budgets.get(key) is None)
    if without:
        return f"there is no budget for {', '.join(without)}. Set budget_usd in caseforge.toml."
    problems = []
    if budget_usd is not None:
        spent, wanted = sum(committed.values(), ZERO), sum(by_framework.values(), ZERO)
        problems.append(_over("the budget over all frameworks", budget_usd, spent, wanted))
    for key, wanted in by_framework.items():
        if (budget := framework_budgets.get(key)) is not None:
            problems.append(_over(f"the budget of {key}", budget, committed.get(key, ZERO), wanted))
    for plan, wanted in by_plan.items():
        cap, spent = plans.get(plan, (None, ZERO)) if plan is not None else (None, ZERO)
        if cap is not None:
            problems.append(_over(f"the limit of plan {plan}", cap, spent, wanted))
    return "; ".join(problem for problem in problems if problem)


def _over(name: str, budget_usd: Decimal, committed_usd: Decimal, new_usd: Decimal) -> str:
    over = over_by(budget_usd, committed_usd, new_usd)
    if not over:
        return ""
    return f"{name} (${budget_usd:,.2f}) would be overdrawn by ${over:,.4f}: ${committed_usd:,.4f} spent or reserved, ${new_usd:,.4f} more wanted"


def _sums(costs: Iterable[tuple[Key, Decimal | None]]) -> dict[Key, Decimal]:
    sums: dict[Key, Decimal] = {}
    for key, cost in costs:
        sums[key] = sums.get(key, ZERO) + (cost or ZERO)
    return sums
