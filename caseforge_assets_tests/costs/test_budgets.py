"""Budgets: which plans fit, which wait and by how much; and sums that know what they lack."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseforge_assets.costs.budgets import Limits, Wanted, budget_left, hold_back, over_by
from caseforge_assets.costs.sums import Cost, exact_usd, total

D = Decimal
RETAIL, BANK = Wanted(1, "retail", 2, Cost(D("0.05"))), Wanted(2, "bank", 1, Cost(D("0.10")))


def waits(*wanted: Wanted, **changes: Any) -> dict[int, str]:
    values: dict[str, Any] = {"budget_usd": D(10), "framework_budgets": {}, "committed": {}, "plans": {}}
    return hold_back(wanted or (RETAIL, BANK), Limits(**(values | changes)))


def test_within_all_budgets() -> None:
    assert waits() == {}
    assert waits(framework_budgets={"retail": D("0.05"), "bank": None}, plans={1: (D("0.05"), Cost()), 2: (None, Cost(D(99)))}) == {}
    assert hold_back([], Limits(None, {}, {}, {})) == {}


def test_a_plan_over_its_own_limit_waits_alone() -> None:
    assert waits(plans={1: (D("0.01"), Cost())}) == {
        1: "2 requests of plan 1 of retail wait: the limit of plan 1 ($0.01) would be overdrawn by $0.0400: $0.0000 spent or reserved, "
        "$0.0500 more wanted. Raise the limit (caseforge plans raise 1 --max-cost-usd USD) or cancel the plan (caseforge plans cancel 1)"
    }


def test_a_framework_over_its_budget_holds_up_no_other() -> None:
    assert list(waits(framework_budgets={"bank": D("0.05")})) == [2]
    assert "$0.9800 spent or reserved" in waits(framework_budgets={"retail": D(1)}, committed={"retail": Cost(D("0.98"))})[1]


def test_the_budget_over_all_goes_to_the_oldest_plans() -> None:
    assert list(waits(budget_usd=D("0.14"))) == [2]
    assert list(waits(budget_usd=D("0.04"))) == [1, 2]
    assert list(waits(Wanted(1, "retail", 2, Cost(D(11))), BANK)) == [1], "what waits takes nothing"
    assert "by $4.0500" in waits(RETAIL, committed={"retail": Cost(D(8)), "another": Cost(D(6))})[1]


def test_what_an_older_plan_takes_of_a_frameworks_budget_is_not_there_for_the_next() -> None:
    first, second = Wanted(1, "retail", 1, Cost(D("0.06"))), Wanted(2, "retail", 1, Cost(D("0.06")))
    assert list(waits(first, second, framework_budgets={"retail": D("0.11")})) == [2]
    assert waits(first, second, framework_budgets={"retail": D("0.12")}) == {}
    assert list(waits(first, second, framework_budgets={"retail": D("0.12")}, committed={"retail": Cost(D("0.01"))})) == [2]


def test_the_oldest_plan_comes_first_whatever_their_order() -> None:
    wanted = [Wanted(plan_id, "retail", 1, Cost(D(1))) for plan_id in (3, 2, 4, 1)]
    assert [list(waits(*wanted, budget_usd=D(budget))) for budget in range(5)] == [[1, 2, 3, 4], [2, 3, 4], [3, 4], [4], []]


def test_a_plan_that_waits_says_for_which_budget_and_what_to_do() -> None:
    said = waits(BANK, budget_usd=D("0.04"), framework_budgets={"bank": D("0.05")}, plans={2: (D("0.06"), Cost())})[2]
    assert said.startswith("1 request of plan 2 of bank waits: the budget over all frameworks ($0.04) would be overdrawn by $0.0600")
    assert "; the budget of bank ($0.05) would be overdrawn by $0.0500" in said
    assert "; the limit of plan 2 ($0.06) would be overdrawn by $0.0400" in said
    assert said.endswith(
        "Raise budget_usd in caseforge.toml or raise the limit (caseforge plans raise 2 --max-cost-usd USD) or cancel the plan (caseforge plans cancel 2)"
    )


def test_no_budget_is_not_an_unlimited_one() -> None:
    assert "there is no budget for bank. Set budget_usd" in waits(budget_usd=None, framework_budgets={"retail": D(1)})[2]
    assert waits(budget_usd=None, framework_budgets={"retail": D(1), "bank": D(1)}) == {}


def test_unknown_costs_are_not_nothing() -> None:
    unknown = Wanted(3, "bank", 2, Cost(D("0.10"), 1))
    assert "the cost of 1 of 2 requests is unknown" in waits(RETAIL, BANK, unknown)[3]
    assert list(waits(RETAIL, BANK, unknown)) == [3]
    assert waits(RETAIL, BANK, unknown, allow_unknown=True) == {}
    assert "cannot be kept" in waits(unknown, allow_unknown=True, plans={3: (D(5), Cost())})[3]


def test_answers_of_unknown_cost_are_named_beside_what_is_spent() -> None:
    assert "(3 answers of unknown cost counted as expected)" in waits(budget_usd=D(1), committed={"retail": Cost(D(1), 3)})[1]


MONEY = st.decimals(0, 1_000, places=6)


@given(budget=MONEY, spent=MONEY, reserved=MONEY, new=MONEY)
def test_what_is_left_and_what_is_over(budget: Decimal, spent: Decimal, reserved: Decimal, new: Decimal) -> None:
    left, over = budget_left(budget, spent, reserved), over_by(budget, spent + reserved, new)
    assert over >= 0
    assert (over == 0) == (new <= left)
    assert over == 0 or over == new - left


@given(costs=st.lists(MONEY, max_size=5), budget=MONEY)
def test_what_is_sent_never_goes_over_the_budget(costs: list[Decimal], budget: Decimal) -> None:
    wanted = [Wanted(number, "retail", 1, Cost(cost)) for number, cost in enumerate(costs, 1)]
    held = waits(*wanted, budget_usd=budget) if wanted else {}
    assert sum((request.cost.known_usd for request in wanted if request.plan_id not in held), D(0)) <= budget


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("0.0001", "$0.0001"),
        ("0.00001", "$0.00001"),
        ("0.01", "$0.01"),
        ("0.5", "$0.50"),
        ("1000", "$1,000.00"),
        ("1e3", "$1,000.00"),
        ("0", "$0.00"),
    ],
)
def test_a_limit_is_shown_as_it_was_set(amount: str, says: str) -> None:
    assert exact_usd(D(amount)) == says


def test_a_small_limit_that_is_overdrawn_is_not_shown_as_nothing() -> None:
    assert "($0.0001) would be overdrawn" in waits(budget_usd=D("0.0001"))[1]


@pytest.mark.parametrize(
    ("amounts", "usd", "says"),
    [
        ([], D(0), "$0.00"),
        ([D("0.05"), D(1)], D("1.05"), "$1.05"),
        ([D("0.05"), None, None], None, "$0.0500 and 2 unknown"),
        ([None], None, "unknown"),
    ],
)
def test_a_sum_knows_what_it_lacks(amounts: list[Decimal | None], usd: Decimal | None, says: str) -> None:
    sums = total(amounts)
    assert (sums.usd, str(sums)) == (usd, says)
    assert sums == sum((Cost.of(amount) for amount in amounts), Cost())
    assert total([sums, sums]).unknown == 2 * sums.unknown
