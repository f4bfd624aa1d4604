"""Prices of tokens, to the cent and below."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.batches.results.response_body import MAX_TOKENS, Usage, usage_of
from caseforge_assets.costs import prices
from caseforge_assets.costs.prices import FIRST_BATCH_PRICES, cost_usd, has_batch_price, priced_models
from caseforge_assets_tests.batches.files import real_file

ON = datetime(2026, 11, 23, tzinfo=UTC)
DOCUMENT = {"prompt_tokens": 439, "completion_tokens": 4_239, "total_tokens": 4_678}
USE_CASES = {"prompt_tokens": 3_607, "completion_tokens": 8_891, "total_tokens": 12_498}
MILLION = 1_000_000


@pytest.mark.parametrize("model", ["gpt-5", "gpt-5-2025-08-07"])
def test_a_document_and_a_node_of_use_cases_with_gpt_5(model: str) -> None:
    document, use_cases = (cost_usd(usage_of(raw), model, ON) for raw in (DOCUMENT, USE_CASES))
    assert document == Decimal("0.021469375")
    assert use_cases == Decimal("0.046709375")
    assert f"${document:.4f} and ${use_cases:.4f}" == "$0.0215 and $0.0467"


@pytest.mark.parametrize(
    ("model", "input_usd", "cached_usd", "output_usd"),
    [
        ("gpt-5", ".625", ".0625", "5"),
        ("gpt-5.1", ".625", ".0625", "5"),
        ("gpt-5-mini", ".125", ".0125", "1"),
        ("gpt-5-nano", ".025", ".0025", ".20"),
        ("gpt-5.2", ".875", ".0875", "7"),
        ("gpt-6-luna", ".05", ".005", ".25"),
        ("gpt-6.1-terra", ".5", ".025", "2.5"),
        ("gpt-6.1-sol", "1", ".05", "5"),
    ],
)
def test_batch_prices_of_small_calls(model: str, input_usd: str, cached_usd: str, output_usd: str) -> None:
    tokens = 10_000
    expected = (Decimal(input_usd) * 6_000 + Decimal(cached_usd) * 4_000 + Decimal(output_usd) * tokens) / MILLION
    assert cost_usd(Usage(tokens, 4_000, tokens, 9_000), model, ON) == expected


@pytest.mark.parametrize(
    ("model", "write_usd"), [("gpt-5.6-terra", "1.25"), ("gpt-6-luna", ".0625"), ("gpt-6.1-terra", ".625"), ("gpt-6.1-sol", "1.25")]
)
def test_what_is_written_to_the_cache_costs_a_quarter_more_than_what_is_read(model: str, write_usd: str) -> None:
    plain, written = cost_usd(Usage(10_000, 0, 0, 0), model, ON), cost_usd(Usage(10_000, 0, 0, 0, 10_000), model, ON)
    assert written == Decimal(write_usd) * 10_000 / MILLION
    assert written == Decimal("1.25") * (plain or 0)


def test_an_answer_that_read_from_the_cache_and_wrote_to_it_costs_what_each_part_costs() -> None:
    usage = Usage(2_000, 512, 4_000, 1_000, 1_024)
    assert cost_usd(usage, "gpt-6.1-sol", ON) == (464 + 512 * Decimal("0.05") + 1_024 * Decimal("1.25") + 4_000 * 5) / MILLION


def test_without_a_price_for_writing_to_the_cache_it_costs_what_is_read() -> None:
    assert cost_usd(Usage(2_000, 512, 0, 0, 1_024), "gpt-5", ON) == cost_usd(Usage(2_000, 512, 0, 0), "gpt-5", ON)


def test_calls_above_the_limit_of_the_price_write_to_the_cache_at_twice_the_price() -> None:
    assert cost_usd(Usage(300_000, 0, 0, 0, 300_000), "gpt-6.1-sol", ON) == Decimal("2.5") * 300_000 / MILLION


def test_never_the_full_price() -> None:
    """Before batch prices were listed, the table would give the standard price, twice as much."""
    usage = Usage(439, 0, 4_239, 1_400)
    for on in (datetime(2025, 8, 27, tzinfo=UTC), FIRST_BATCH_PRICES, ON, None):
        assert cost_usd(usage, "gpt-5", on) == Decimal("0.021469375")


@pytest.mark.parametrize("model", ["", "unknown", "llama-3.3-70b", "gpt-5-search-api", "chatgpt-4o-latest"])
def test_a_model_without_a_batch_price_has_an_unknown_cost(model: str) -> None:
    assert cost_usd(Usage(439, 0, 4_239, 0), model, ON) is None


def test_models_that_have_a_batch_price_are_named() -> None:
    named = priced_models("2026-11-23")
    assert {"gpt-5", "gpt-6.1-sol"} <= set(named)
    assert "gpt-5-search-api" not in named
    assert [name for name in named if not has_batch_price(name, "2026-11-23")] == []


def test_unknown_usage_has_an_unknown_cost() -> None:
    assert cost_usd(None, "gpt-5", ON) is None


def test_no_tokens_cost_nothing() -> None:
    assert cost_usd(Usage(0, 0, 0, 0), "gpt-5", ON) == 0


def test_impossible_usage_does_not_fail() -> None:
    assert cost_usd(Usage(10, 500, 0, 0), "gpt-5", ON) == Decimal("0.0625") * 10 / MILLION
    assert cost_usd(Usage(10, 8, 0, 0, 500), "gpt-6.1-sol", ON) == (8 * Decimal("0.05") + 2 * Decimal("1.25")) / MILLION
    assert cost_usd(Usage(300_000, 300_000, 0, 0, 500), "gpt-6.1-sol", ON) == Decimal("0.1") * 300_000 / MILLION


def test_truncated_answers_cost_money_too() -> None:
    lines = [
        line for line in read_lines([real_file("process_details_truncated.output.jsonl").read_bytes()]) if isinstance(line, ResultLine)
    ]
    costs = [cost_usd(usage_of(line.usage), line.model or "", ON) for line in lines]
    assert costs == [Decimal("0.0202725"), Decimal("0.02024375"), Decimal("0.020241875")]


def test_usage_is_read_in_both_ways_of_writing_it() -> None:
    chat = DOCUMENT | {"prompt_tokens_details": {"cached_tokens": 128}, "completion_tokens_details": {"reasoning_tokens": 1_400}}
    responses = {
        "input_tokens": 439,
        "output_tokens": 4_239,
        "input_tokens_details": {"cached_tokens": 128},
        "output_tokens_details": {"reasoning_tokens": 1_400},
    }
    assert usage_of(chat) == usage_of(responses) == Usage(439, 128, 4_239, 1_400)
    assert usage_of(DOCUMENT) == Usage(439, 0, 4_239, 0)


@pytest.mark.parametrize(("input_name", "output_name"), [("prompt", "completion"), ("input", "output")])
def test_what_was_written_to_the_cache_is_a_part_of_the_input_and_none_of_what_came_from_it(input_name: str, output_name: str) -> None:
    def read(**details: object) -> Usage | None:
        return usage_of({f"{input_name}_tokens": 1_500, f"{output_name}_tokens": 10, f"{input_name}_tokens_details": details})

    assert read(cached_tokens=128, cache_write_tokens=1_024) == Usage(1_500, 128, 10, 0, 1_024)
    assert read(cache_write_tokens=9_999) == Usage(1_500, 0, 10, 0, 1_500)
    assert read(cached_tokens=1_400, cache_write_tokens=1_024) == Usage(1_500, 1_400, 10, 0, 100)
    assert read(cache_write_tokens=None) == read(cache_write_tokens=-1) == read(cache_write_tokens="5") == Usage(1_500, 0, 10, 0)


@pytest.mark.parametrize(
    "raw",
    [None, 5, [], {}, {"prompt_tokens": 5}, {"prompt_tokens": "5", "completion_tokens": 1}, {"prompt_tokens": -1, "completion_tokens": 1}],
)
def test_usage_that_cannot_be_read_is_unknown(raw: object) -> None:
    assert usage_of(raw) is None


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert usage_of({"prompt_tokens": 1_000.0, "completion_tokens": 5.0}) == Usage(1_000, 0, 5, 0)
    assert usage_of({"prompt_tokens": 1_000.5, "completion_tokens": 5}) is None
    assert usage_of({"prompt_tokens": float("inf"), "completion_tokens": float("nan")}) is None


def test_no_tokens_are_known_and_more_than_any_model_reads_are_not() -> None:
    assert usage_of({"prompt_tokens": 0, "completion_tokens": 0}) == Usage(0, 0, 0, 0)
    assert usage_of({"prompt_tokens": MAX_TOKENS, "completion_tokens": 1}) == Usage(MAX_TOKENS, 0, 1, 0)
    assert usage_of({"prompt_tokens": MAX_TOKENS + 1, "completion_tokens": 1}) is None


def test_details_may_be_missing_or_absurd() -> None:
    raw = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "prompt_tokens_details": None,
        "completion_tokens_details": {"reasoning_tokens": 99},
    }
    assert usage_of(raw) == Usage(10, 0, 5, 5)


def test_half_of_the_standard_price_is_taken_only_while_the_table_has_no_batch_price(monkeypatch: pytest.MonkeyPatch) -> None:
    usage, model = Usage(MILLION, 0, 0, 0), "text-embedding-3-small"
    now = prices._batch_price(usage, model, ON)
    assert now == Decimal("0.01")  # the table's standard price is twice that
    monkeypatch.setattr(prices, "_price", lambda *_, batch: Decimal("0.01") if batch else Decimal("0.02"))  # as a later table will say
    assert prices._batch_price(usage, model, ON) == now
