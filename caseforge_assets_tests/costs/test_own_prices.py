"""Prices of one's own: from when on they count, for which models, and what they come to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from caseforge_assets.batches.results.response_body import Usage
from caseforge_assets.costs.estimates import expected_cost_usd
from caseforge_assets.costs.prices import NO_OWN_PRICES, OwnPrice, OwnPrices, cost_usd, price_at_once_usd, priced_as, rates_on

ON = datetime(2026, 12, 20, 9, tzinfo=UTC)
PRICE = OwnPrice.model_validate({"input": 1.2, "cached_input": "0.06", "cache_write": 1.5, "output": 6, "valid_from": "2026-12-15"})
OWN: OwnPrices = {"gpt-6.2-sol": PRICE, "gpt-6.1-sol": PRICE, "plain": OwnPrice(input=Decimal(2), output=Decimal(8))}
USAGE = Usage(2_000, 512, 4_000, 1_000, 1_024)
OWN_COST = Decimal("0.02612352")  # 464 at $1.20, 512 at $0.06, 1,024 at $1.50, 4,000 at $6 a million
TABLE_COST = Decimal("0.0217696")  # 464 at $1, 512 at $0.05, 1,024 at $1.25, 4,000 at $5


@pytest.mark.parametrize("model", ["gpt-6.2-sol", "gpt-6.2-sol-2026-12-10", "gpt-6.1-sol", "gpt-6.1-sol-2026-11-01"])
def test_it_counts_before_the_table_for_dated_names_too(model: str) -> None:
    assert cost_usd(USAGE, model, ON, OWN) == OWN_COST


def test_it_counts_from_its_day_on() -> None:
    eve, day = datetime(2026, 12, 14, 23, 59, tzinfo=UTC), datetime(2026, 12, 15, tzinfo=UTC)
    assert (cost_usd(USAGE, "gpt-6.1-sol", eve, OWN), cost_usd(USAGE, "gpt-6.1-sol", day, OWN)) == (TABLE_COST, OWN_COST)
    assert (cost_usd(USAGE, "gpt-6.2-sol", eve, OWN), cost_usd(USAGE, "gpt-6.2-sol", day, OWN)) == (None, OWN_COST)


def test_rates_are_those_of_ones_own_from_their_day_on() -> None:
    eve, day = date(2026, 12, 14), date(2026, 12, 15)
    found = [rates_on("gpt-6.1-sol", on, OWN) for on in (eve, day)]
    assert [rates and rates.input * 1_000_000 for rates in found] == [1, Decimal("1.2")]
    assert [rates_on("gpt-6.2-sol", on, OWN) is None for on in (eve, day)] == [True, False]


def test_what_has_no_price_of_its_own_costs_what_other_input_does() -> None:
    assert cost_usd(USAGE, "plain", ON, OWN) == cost_usd(Usage(2_000, 0, 4_000, 0), "plain", ON, OWN) == Decimal("0.036")


def test_other_models_are_priced_by_the_table_or_not_at_all() -> None:
    assert cost_usd(USAGE, "gpt-6.1-terra", ON, OWN) == cost_usd(USAGE, "gpt-6.1-terra", ON)
    assert cost_usd(USAGE, "gpt-6.2-solo", ON, OWN) is None
    assert cost_usd(None, "gpt-6.2-sol", ON, OWN) is None


def test_calls_of_any_size_have_the_same_price() -> None:
    assert cost_usd(Usage(1_000_000, 0, 0, 0), "gpt-6.2-sol", ON, OWN) == Decimal("1.2")


def test_impossible_usage_is_priced_once() -> None:
    assert cost_usd(Usage(10, 500, 0, 0, 500), "gpt-6.2-sol", ON, OWN) == 10 * Decimal("0.06") / 1_000_000


def test_a_free_model_costs_nothing_and_that_is_known() -> None:
    assert cost_usd(USAGE, "free", ON, {"free": OwnPrice(input=Decimal(0), output=Decimal(0))}) == 0


def test_estimates_use_it() -> None:
    assert expected_cost_usd("gpt-6.2-sol", 20_000, 40_000, 10, ON, OWN) == Decimal("0.264")
    assert expected_cost_usd("gpt-6.2-sol", 20_000, 40_000, 10, ON) is None


@pytest.mark.parametrize(
    ("answered", "asked", "priced"),
    [
        ("gpt-6.2-sol-2026-12-10", "gpt-6.2-sol", "gpt-6.2-sol-2026-12-10"),
        ("vendor/gpt-6.2", "gpt-6.2-sol", "gpt-6.2-sol"),
        (None, "gpt-6.2-sol", "gpt-6.2-sol"),
        ("gpt-6.1-terra", "gpt-6.1-terra", "gpt-6.1-terra"),
        ("vendor/any", "any", "vendor/any"),
    ],
)
def test_an_answer_has_the_price_of_the_model_that_was_asked_where_only_that_has_one(answered: str | None, asked: str, priced: str) -> None:
    assert priced_as(OWN, answered, asked, ON.date()) == priced


def test_without_prices_of_ones_own_the_model_that_answered_counts() -> None:
    assert priced_as(NO_OWN_PRICES, "gpt-5", "gpt-6.1-sol", date(2026, 12, 20)) == "gpt-5"


@pytest.mark.parametrize(
    "wrong",
    [
        {"input": 1},
        {"input": -1, "output": 5},
        {"input": "nan", "output": 5},
        {"input": "inf", "output": 5},
        {"input": 1_000_000, "output": 5},
        {"input": 1, "output": 5, "cached": 0.1},
        {"input": 1, "output": 5, "valid_from": "soon"},
        {"input": "1 USD", "output": 5},
    ],
)
def test_what_is_no_price_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OwnPrice.model_validate(wrong)


def test_a_call_that_is_answered_at_once_costs_twice_the_batch_price() -> None:
    assert price_at_once_usd(Usage(1_000, 0, 500, 0), "plain", OWN) == 2 * Decimal("0.006")
    assert price_at_once_usd(Usage(1_000, 0, 500, 0), "unheard-of", OWN) is None
