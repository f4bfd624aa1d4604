"""A code that says that nothing will work until a person acts has one consequence, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from caseforge_assets.batches.error_codes import AUTH_CODES, QUOTA_CODES, outcome_of_error
from caseforge_assets.batches.results.rejections import BatchError, decide_batch_errors
from caseforge_assets.openai_batch.errors import ProviderStopped
from caseforge_assets.stages.judgement import Next
from caseforge_assets_tests.openai_batch.calls import CALLS, client_of
from caseforge_assets_tests.openai_batch.provider import Provider, answering

CODES = sorted({*AUTH_CODES, *QUOTA_CODES, "model_not_found", "deployment_not_found"})
STATUSES = [400, 402, 403, 404, 429, 500]


@pytest.fixture
def odd() -> Iterator[Provider]:
    with answering() as provider:
        yield provider


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("call", CALLS)
def test_in_the_answer_to_a_call(odd: Provider, tmp_path: Path, call: str, code: str) -> None:
    (tmp_path / "input.jsonl").write_text("{}\n")
    client = client_of(odd)
    client._sdk.max_retries = 0
    for status in STATUSES:
        odd.refuse(status, "The provider's words.", code)
        with pytest.raises(ProviderStopped, match=f"HTTP {status}: The provider's words"):
            CALLS[call](client, tmp_path / "input.jsonl")


@pytest.mark.parametrize("code", CODES)
def test_in_a_batch_and_in_a_line(code: str) -> None:
    for said in (code, code.upper(), code.replace("_", "-")):
        assert decide_batch_errors([BatchError(said, "words")]).stop_reason
        assert all(outcome_of_error(status, said, "words").follow_up is Next.stop for status in [None, *STATUSES])


@pytest.mark.parametrize(
    "message",
    [
        "Billing hard limit has been reached",
        "You exceeded your current quota, please check your plan and billing details.",
        "Your credit balance is too low to access the API.",
        "Your account is not active, please check your billing details on our website.",
    ],
)
def test_without_a_code_the_words_count(odd: Provider, tmp_path: Path, message: str) -> None:
    odd.refuse(400, message, None)
    with pytest.raises(ProviderStopped):
        CALLS["create"](client_of(odd), tmp_path)
    assert decide_batch_errors([BatchError(None, message)]).stop_reason
    assert outcome_of_error(400, None, message).follow_up is Next.stop


def test_a_type_counts_where_the_code_only_repeats_the_status(odd: Provider, tmp_path: Path) -> None:
    odd.answers = lambda _: (500, {"error": {"message": "x", "type": "insufficient_quota", "code": "500"}})
    with pytest.raises(ProviderStopped):
        CALLS["create"](client_of(odd), tmp_path)
