"""The provider's own count of a batch's tokens against the lines of its files: what differs is said, with what it is worth to the cent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from caseforge_assets.costs.prices import OwnPrice
from caseforge_assets_tests.commands.collected_batches import collect, to_final
from caseforge_assets_tests.workbench import OpenBench, Workbench

SUMS = "select sum(input_tokens), sum(cached_tokens), sum(output_tokens) from caseforge.attempt"
NOTED = "select usage_differs, reason, stray_lines from caseforge.batch order by id"


def collected(bench: Workbench, usage: object, *, model: str | None = None) -> tuple[str | None, str | None]:
    """Collects a batch of which the provider says this; returns what is noted of it."""
    batch_id = to_final(bench, "1.1.1", "1.1.2")
    said = orjson.dumps({"usage": usage, "model": model}).decode()
    bench.change("update caseforge.batch set remote = remote || cast(:said as jsonb)", said=said)
    assert collect(bench, batch_id) is not None
    ((differs, reason, strays),) = bench.query(NOTED)
    assert strays == 0
    return differs, reason


def counted(bench: Workbench) -> tuple[int, int]:
    """The local server's count for the batch of the same nodes: input and output tokens."""
    (sums,) = bench.query(SUMS)
    return sums[0], sums[2]


@pytest.fixture
def tokens(bench: OpenBench) -> tuple[int, int]:
    """The sum over the lines of the batch: the local server answers the same request alike."""
    opened = bench()
    assert collected(opened, None) == (None, None)
    found = counted(opened)
    opened.change("truncate caseforge.batch, caseforge.attempt, caseforge.content, caseforge.request, caseforge.outbox cascade")
    return found


def usage(tokens_in: int, tokens_out: int, **others: Any) -> dict[str, Any]:
    return {"input_tokens": tokens_in, "output_tokens": tokens_out, "total_tokens": tokens_in + tokens_out, **others}


def test_what_the_server_counts_is_what_its_lines_add_up_to(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    assert opened.query("select usage_differs, reason from caseforge.batch") == [(None, None), (None, None)]
    assert opened.column(
        "select (remote -> 'usage' ->> 'output_tokens')::int from caseforge.batch where stage = 'process_details'"
    ) == opened.column(
        "select sum(a.output_tokens) from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id where b.stage = 'process_details'"
    )


def test_a_count_of_more_says_what_it_is_worth(bench: OpenBench, tokens: tuple[int, int]) -> None:
    tokens_in, tokens_out = tokens
    differs, reason = collected(bench(), usage(tokens_in + 10_000, tokens_out + 2_000))
    assert differs == reason
    assert differs == (
        f"its provider counts {tokens_in + 10_000:,} tokens in and {tokens_out + 2_000:,} out, the lines of its files {tokens_in:,} tokens in and "
        f"{tokens_out:,} out: at batch prices $0.0200 more than its answers cost here"  # 10,000 at $1 and 2,000 at $5 a million
    )


def test_a_count_of_less_too(bench: OpenBench, tokens: tuple[int, int]) -> None:
    tokens_in, tokens_out = tokens
    differs, _ = collected(bench(), usage(tokens_in - 100, tokens_out - 1_000))
    assert differs is not None
    assert "at batch prices $0.0051 less than its answers cost here" in differs  # 100 at $1 and 1,000 at $5


def test_what_came_from_the_cache_is_cheaper(bench: OpenBench, tokens: tuple[int, int]) -> None:
    opened = bench()
    batch_id = to_final(opened, "1.1.1", "1.1.2")
    ((cached,),) = opened.query("select (remote #>> '{usage,cached_tokens}')::int from caseforge.batch")
    said = orjson.dumps({"usage": usage(*tokens, cached_tokens=cached + 1_000)}).decode()
    opened.change("update caseforge.batch set remote = remote || cast(:said as jsonb)", said=said)
    collect(opened, batch_id)
    (differs,) = opened.column("select usage_differs from caseforge.batch")
    assert f"counts {tokens[0]:,} tokens in ({cached + 1_000:,} from the cache) and" in differs
    assert f"{tokens[0]:,} tokens in ({cached:,} from the cache) and" in differs
    assert "at batch prices $0.0010 less" in differs  # 1,000 at $0.05 and not at $1: $0.00095


def test_a_price_of_ones_own_counts(bench: OpenBench, tokens: tuple[int, int]) -> None:
    tokens_in, tokens_out = tokens
    own = {"gpt-6.1-sol": OwnPrice(input=Decimal(3), output=Decimal(7))}
    differs, _ = collected(bench(prices=own), usage(tokens_in + 1_000, tokens_out + 1_000), model="gpt-6.1-sol-2026-10-01")
    assert differs is not None
    assert "at batch prices $0.0100 more" in differs


def test_without_a_price_the_tokens_are_said(bench: OpenBench, tokens: tuple[int, int]) -> None:
    differs, _ = collected(bench(), usage(tokens[0] + 1, tokens[1]), model="a-model-of-theirs")
    assert differs is not None
    assert differs.endswith(f"the lines of its files {tokens[0]:,} tokens in and {tokens[1]:,} out")


@pytest.mark.parametrize(
    "given", [None, {}, {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}, {"total_tokens": 5}, {"input_tokens": 5}]
)
def test_without_a_count_nothing_is_compared(bench: OpenBench, given: object) -> None:
    assert collected(bench(), given) == (None, None)


def test_where_an_answer_came_without_its_usage_nothing_is_compared(bench: OpenBench) -> None:
    opened = bench(faults=["no_usage:match=-1-1-1-r"])
    assert collected(opened, usage(1, 1)) == (None, None)


def test_collecting_again_after_the_provider_has_counted_anew_ends_the_note(bench: OpenBench, tokens: tuple[int, int]) -> None:
    opened = bench()
    differs, _ = collected(opened, usage(1, 1))
    assert differs is not None
    opened.change(
        "update caseforge.batch set state = 'final', remote = jsonb_set(remote, '{usage}', cast(:said as jsonb))",
        said=orjson.dumps(usage(*tokens)).decode(),
    )
    (batch_id,) = opened.column("select id from caseforge.batch")
    collect(opened, batch_id)
    assert opened.query(NOTED) == [(None, None, 0)]
