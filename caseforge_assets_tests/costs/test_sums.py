"""Sums of money that know what they lack, and how they are said."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from caseforge_assets.costs.sums import Cost, added_up, exact_usd, named, total, usd

ONE, PART = Decimal(1), Decimal("0.0125")


def test_an_amount_is_known_or_not_and_a_sum_says_itself_how_many_are_not() -> None:
    assert Cost.of(ONE) == Cost(ONE, 0)
    assert Cost.of(None) == Cost(Decimal(0), 1)
    assert Cost.of(ONE, 2) == Cost(ONE, 2)
    assert Cost.of(None, 0) == Cost()


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    found = total([ONE, None, Cost(PART, 2)])
    assert found == Cost(ONE + PART, 3)
    assert found.usd is None
    assert total([ONE, Cost(PART)]).usd == ONE + PART
    assert total([]).usd == 0


def test_so_many_of_a_sum_lack_so_many_more() -> None:
    assert Cost(PART, 2) * 3 == Cost(Decimal("0.0375"), 6)


@dataclass(frozen=True)
class Day:
    day: str
    usd: Decimal | None
    tokens: int | None


def test_rows_are_added_up_of_what_is_known() -> None:
    rows = [Day("b", ONE, None), Day("a", PART, 5), Day("b", PART, None), Day("a", None, 7)]
    assert added_up(rows, by=("day",)) == [Day("b", ONE + PART, None), Day("a", PART, 12)]
    assert added_up([], by=("day",)) == []


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (None, "unknown"),
        (Decimal(0), "$0.00"),
        (PART, "$0.0125"),
        (ONE, "$1.00"),
        (Decimal("-1"), "$-1.00"),
        (Decimal("1234.5"), "$1,234.50"),
        (Cost(ONE), "$1.00"),
        (Cost(ONE, 1_200), "$1.00 and 1,200 unknown"),
        (Cost(Decimal(0), 1), "unknown"),
    ],
)
def test_how_money_is_said(amount: Cost | Decimal | None, said: str) -> None:
    assert named(amount, simulated=False) == said
    assert named(amount, simulated=True) == f"{said} (simulated)"


def test_what_a_person_set_is_said_as_it_was_set() -> None:
    assert [exact_usd(Decimal(text)) for text in ("5", "0.10", "0.001", "1500.5")] == ["$5.00", "$0.10", "$0.001", "$1,500.50"]
    assert usd(Decimal("0.00001")) == "$0.0000"
