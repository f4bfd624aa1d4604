"""Budgets: what fits, what does not, and by how much."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from caseforge_assets.costs.budgets import budget_left, check_budget, over_by

D = Decimal
NEW: list[tuple[str, int | None, Decimal | None]] = [("retail", 1, D("0.02")), ("retail", 1, D("0.03")), ("bank", 2, D("0.10"))]


def check(new: list[tuple[str, int | None, Decimal | None]] = NEW, **changes: Any) -> str:
    values: dict[str, Any] = {"budget_usd": D(10), "framework_budgets": {}, "committed": {}, "plans": {}}
    return check_budget(new, **(values | changes))


def test_within_all_budgets() -> None:
    assert check() == ""
    assert check(framework_budgets={"retail": D("0.05"), "bank": None}, plans={1: (D("0.05"), D(0)), 2: (None, D(99))}) == ""
    assert check([]) == ""


def test_over_the_budget_over_all() -> None:
    assert check(budget_usd=D("0.14")) == (
        "the budget over all frameworks ($0.14) would be overdrawn by $0.0100: $0.0000 spent or reserved, $0.1500 more wanted"
    )
    assert "by $4.1500" in check(committed={"retail": D(8), "another": D(6)})


def test_over_the_budget_of_a_framework_or_plan() -> None:
    problems = check(framework_budgets={"retail": D(1)}, committed={"retail": D("0.98")}, plans={2: (D("0.50"), D("0.45"))})
    assert problems == (
        "the budget of retail ($1.00) would be overdrawn by $0.0300: $0.9800 spent or reserved, $0.0500 more wanted; "
        "the limit of plan 2 ($0.50) would be overdrawn by $0.0500: $0.4500 spent or reserved, $0.1000 more wanted"
    )


def test_no_budget_is_not_an_unlimited_one() -> None:
    assert check(budget_usd=None) == "there is no budget for bank, retail. Set budget_usd in caseforge.toml."
    assert check(budget_usd=None, framework_budgets={"retail": D(1), "bank": D(1)}) == ""


def test_unknown_costs_are_not_nothing() -> None:
    new = [*NEW, ("bank", None, None)]
    assert check(new).startswith("the cost of 1 of 4 requests is unknown")
    assert check(new, allow_unknown=True) == ""


MONEY = st.decimals(0, 1_000, places=6)


@given(budget=MONEY, spent=MONEY, reserved=MONEY, new=MONEY)
def test_what_is_left_and_what_is_over(budget: Decimal, spent: Decimal, reserved: Decimal, new: Decimal) -> None:
    left, over = budget_left(budget, spent, reserved), over_by(budget, spent + reserved, new)
    assert over >= 0
    assert (over == 0) == (new <= left)
    assert over == 0 or over == new - left
