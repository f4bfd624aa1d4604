"""Packing: nothing lost, nothing twice, limits kept, order kept."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from caseforge_assets.batches.packing import MAX_FILE_BYTES, PackItem, PackLimits, lowered_token_limit, pack

ITEMS = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50), st.sampled_from(["gpt-5", "gpt-5-mini"])), max_size=60).map(
    lambda rows: [PackItem(number, *row) for number, row in enumerate(rows)]
)
LIMITS = st.builds(PackLimits, st.integers(1, 10), st.integers(1, 200), st.none() | st.integers(1, 200))


@given(items=ITEMS, limits=LIMITS)
def test_packing(items: list[PackItem], limits: PackLimits) -> None:
    batches = pack(items, limits)
    assert sorted((item for batch in batches for item in batch), key=lambda item: item.request_id) == items
    assert pack(iter(items), limits) == batches
    for batch in batches:
        assert len({item.model for item in batch}) == 1
        assert len(batch) <= limits.max_requests
        assert len(batch) == 1 or sum(item.size_bytes for item in batch) <= limits.max_bytes
        assert (
            len(batch) == 1 or limits.max_enqueued_tokens is None or sum(item.input_tokens for item in batch) <= limits.max_enqueued_tokens
        )
    for model in ("gpt-5", "gpt-5-mini"):
        ids = [item.request_id for batch in batches for item in batch if item.model == model]
        assert ids == sorted(ids)
    assert [batch[0].request_id for batch in batches] == sorted(batch[0].request_id for batch in batches)


@given(items=ITEMS, limits=LIMITS)
def test_no_batch_could_have_taken_the_next_ones_first_request(items: list[PackItem], limits: PackLimits) -> None:
    for model in ("gpt-5", "gpt-5-mini"):
        batches = [batch for batch in pack(items, limits) if batch[0].model == model]
        for batch, following in itertools.pairwise(batches):
            fuller = [*batch, following[0]]
            tokens = sum(item.input_tokens for item in fuller)
            assert (
                len(fuller) > limits.max_requests
                or sum(item.size_bytes for item in fuller) > limits.max_bytes
                or (limits.max_enqueued_tokens is not None and tokens > limits.max_enqueued_tokens)
            )


def test_openais_limits_are_the_defaults() -> None:
    items = [PackItem(number, 100, 5_000, "gpt-5") for number in range(50_001)]
    assert [len(batch) for batch in pack(items, PackLimits())] == [50_000, 1]
    large = [PackItem(number, MAX_FILE_BYTES // 2, 1, "gpt-5") for number in range(3)]
    assert [len(batch) for batch in pack(large, PackLimits())] == [2, 1]
    assert pack([], PackLimits()) == []


def test_a_token_limit_is_learned() -> None:
    assert lowered_token_limit(3_000_000, 2_000_000) == 2_000_000
    assert lowered_token_limit(3_000_000, None) == 1_500_000
    assert lowered_token_limit(1_000_000, 2_000_000) == 500_000
    assert [lowered_token_limit(tried, None) for tried in (5, 1, 0)] == [2, 1, 1]


def test_a_stated_limit_counts_where_it_explains_the_rejection() -> None:
    assert lowered_token_limit(3_000_000, 3_000_000) == 1_500_000
    assert lowered_token_limit(3_000_001, 3_000_000) == 3_000_000
    assert [lowered_token_limit(10, stated) for stated in (-1, 0, 1)] == [5, 5, 1]
