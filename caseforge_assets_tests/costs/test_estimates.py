"""Tokens counted offline, and what is expected of requests that were not sent yet."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from caseforge_assets.batches.results.response_body import usage_of
from caseforge_assets.costs.estimates import count_tokens, expected_cost_usd, request_tokens
from caseforge_assets.stages.stage import Source, StageSettings, request_body
from caseforge_assets_tests.batches.files import real_file
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

ON = datetime(2026, 11, 23, tzinfo=UTC)


def test_counted_tokens_are_those_that_were_billed() -> None:
    billed = {}
    for line in real_file("process_details_truncated.output.jsonl").read_text().splitlines():
        result = json.loads(line)
        usage = usage_of(result["response"]["body"]["usage"])
        assert usage is not None
        billed[result["custom_id"]] = usage.input_tokens
    requests = [json.loads(line) for line in real_file("process_details.input.jsonl").read_text().splitlines()]
    assert {request["custom_id"]: request_tokens(request["body"]) for request in requests} == billed


def test_answers_are_counted_within_a_percent() -> None:
    for line in real_file("process_details_ok.output.jsonl").read_text().splitlines():
        body = json.loads(line)["response"]["body"]
        usage = usage_of(body["usage"])
        assert usage is not None
        assert count_tokens(body["choices"][0]["message"]["content"]) == pytest.approx(
            usage.output_tokens - usage.reasoning_tokens, rel=0.01
        )


def test_any_text_can_be_counted() -> None:
    assert count_tokens("") == 0
    assert count_tokens("Hello world") == 2
    assert count_tokens("<|endoftext|>") > 1
    assert count_tokens("a\ud800b\x00") > 0
    assert count_tokens("word " * 250_000) == pytest.approx(250_000, rel=0.01)


def test_a_request_costs_two_tokens_and_each_message_four_beside_its_text() -> None:
    messages = [{"role": "system", "content": "Hello world"}, {"role": "user", "content": "Hello world"}]
    assert request_tokens({"messages": messages}) == 2 + 2 * (4 + 2)
    assert request_tokens({"messages": messages[1:]}) == 2 + 4 + 2
    assert request_tokens({"messages": messages, "response_format": {}}) == request_tokens({"messages": messages})


def test_the_schema_is_counted() -> None:
    source = Source("Pack goods", "Process: Pack goods", (), "A document.")
    body = request_body(stages_as_they_come().shared[1], StageSettings(), source)
    assert request_tokens(body) > request_tokens({key: value for key, value in body.items() if key != "response_format"}) + 200


def test_estimates() -> None:
    assert expected_cost_usd("gpt-5", 439, 4_239, on=ON) == Decimal("0.021469375")
    assert expected_cost_usd("gpt-5", 439 * 1_545, 4_239 * 1_545, 1_545, ON) == Decimal("0.021469375") * 1_545
    assert expected_cost_usd("unknown", 439, 4_239, on=ON) is None


def test_stages_have_typical_figures() -> None:
    assert [stage.typical_output_tokens for stage in stages_as_they_come().shared] == [4_239, 8_891]
    for stage in stages_as_they_come().shared:
        assert stage.typical_output_tokens < stage.default_max_completion_tokens < stage.max_max_completion_tokens
