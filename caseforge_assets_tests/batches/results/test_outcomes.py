"""Each line of a result file comes to one outcome."""

import pytest

from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.batches.results.outcomes import decide
from caseforge_assets.stages.judgement import Judgement, Outcome
from caseforge_assets_tests.batches.files import body, error_body, line, read_one, real_file
from caseforge_assets_tests.stages.answers import document, use_cases
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come


def decide_line(raw: dict[str, object], key: str = "process_details") -> Judgement:
    return decide(read_one(raw), stages_as_they_come()[key], 8_000)


def decide_file(name: str, key: str) -> list[Judgement]:
    found = read_lines([real_file(name).read_bytes()])
    return [decide(line, stages_as_they_come()[key], None) for line in found if isinstance(line, ResultLine)]


def test_real_documents_are_accepted() -> None:
    judgements = decide_file("process_details_ok.output.jsonl", "process_details")
    assert [judgement.outcome for judgement in judgements] == [Outcome.ok] * 3
    assert all(judgement.content and len(judgement.content.body) > 10_000 for judgement in judgements)


def test_real_empty_answers_name_the_reasoning_tokens() -> None:
    judgements = decide_file("process_details_truncated.output.jsonl", "process_details")
    assert {judgement.outcome for judgement in judgements} == {Outcome.truncated_reasoning}
    assert {judgement.detail for judgement in judgements} == {"reasoning used all 4,000 tokens of the budget; no text was left"}
    assert [judgement.content for judgement in judgements] == [None] * 3


def test_real_use_cases_are_accepted() -> None:
    first, *others = decide_file("usecases_mixed.output.jsonl", "usecases")
    assert (first.outcome, first.detail) == (Outcome.truncated_reasoning, "reasoning used all 6,000 tokens of the budget; no text was left")
    assert [judgement.outcome for judgement in others] == [Outcome.ok] * 5
    assert [len(judgement.content.items) for judgement in others if judgement.content] == [7, 7, 9, 10, 10]
    assert all(not judgement.notes for judgement in others)


def test_answers_are_judged_by_their_stage() -> None:
    assert decide_line(line(body(document()))).outcome is Outcome.ok
    assert decide_line(line(body(use_cases())), "usecases").outcome is Outcome.ok
    assert decide_line(line(body(use_cases()))).outcome is Outcome.sections_missing
    assert decide_line(line(body(document())), "usecases").outcome is Outcome.invalid_json


def test_an_error_is_told_by_what_there_is_of_it() -> None:
    assert decide_line(line({"error": {"code": "rate_limit_exceeded"}}, 429)).detail == "HTTP 429 (rate_limit_exceeded)"
    assert decide_line(line(error_body(None, "Too  fast.\n"), 429)).detail == "HTTP 429 (invalid_request_error): Too fast."
    assert decide_line(line(None, None, error={"code": "batch_expired"})).detail == "no response (batch_expired)"
    assert decide_line(line(None, None)).detail == "the line holds neither an answer nor an error"


def test_ways_of_not_answering() -> None:
    assert decide_line(line(body(""))).outcome is Outcome.empty
    assert decide_line(line(body(None, refusal="No."))).outcome is Outcome.refused
    assert decide_line(line(body("Half", "content_filter"))).outcome is Outcome.content_filtered
    assert decide_line(line(body("", "length"))).outcome is Outcome.truncated_reasoning
    assert decide_line(line(body("## Overview", "length"))).outcome is Outcome.truncated
    assert decide_line(line({})).outcome is Outcome.empty


def response(*output: dict[str, object], **changes: object) -> dict[str, object]:
    """A body of the responses API."""
    usage = {"input_tokens": 439, "output_tokens": 4_239, "output_tokens_details": {"reasoning_tokens": 4_239}}
    return {"object": "response", "status": "completed", "error": None, "output": list(output), "usage": usage} | changes


def said(text: str, **changes: object) -> dict[str, object]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]} | changes


THOUGHT: dict[str, object] = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Thinking."}]}
TOOL: dict[str, object] = {"type": "web_search_call", "status": "completed"}
REFUSAL = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
CUT = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
FILTERED = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (response(THOUGHT, TOOL, said(document())), Outcome.ok),
        (response(THOUGHT, said("I look it up.", phase="commentary"), said(document(), phase="final_answer")), Outcome.ok),
        (response(said(document()[:900]), said(document()[900:])), Outcome.ok),
        (response(said(document(), phase="commentary")), Outcome.ok),
        (response(THOUGHT, REFUSAL), Outcome.refused),
        (response(said("No, for this reason."), REFUSAL), Outcome.refused),
        (response(THOUGHT, **CUT), Outcome.truncated_reasoning),
        (response(THOUGHT, said("## Overview"), **CUT), Outcome.truncated),
        (response(said("Half"), **FILTERED), Outcome.content_filtered),
        (response(**FILTERED), Outcome.content_filtered),
        (response(THOUGHT), Outcome.empty),
        (response(status="incomplete", incomplete_details=None), Outcome.empty),
        (response(status="failed", error={"code": "server_error", "message": "Sorry."}), Outcome.server_error),
        (response(status="failed", error={"code": "rate_limit_exceeded", "message": "Too fast."}), Outcome.rate_limited),
        (response(status="failed", error={"code": "invalid_prompt", "message": "Flagged."}), Outcome.invalid_request),
        (response(status="failed", error={"code": "bio_policy", "message": "Blocked."}), Outcome.content_filtered),
        (response(status="failed", error=None), Outcome.server_error),
        (response(status="cancelled"), Outcome.server_error),
        (response(status="in_progress"), Outcome.server_error),
    ],
)
def test_ways_in_which_a_response_ends(found: dict[str, object], outcome: Outcome) -> None:
    assert decide_line(line(found)).outcome is outcome


def test_a_cut_response_names_the_reasoning_tokens_as_a_completion_does() -> None:
    detail = "reasoning used all 4,239 tokens of the budget; no text was left"
    assert decide_line(line(response(THOUGHT, **CUT))).detail == detail


def test_missing_usage_is_tolerated() -> None:
    assert decide_line(line(body(document(), usage=None))).outcome is Outcome.ok
    assert "8,000 tokens" in decide_line(line(body("", "length", usage=None))).detail


@pytest.mark.parametrize(
    ("status_code", "code", "outcome"),
    [
        (400, None, Outcome.invalid_request),
        (400, "invalid_value", Outcome.invalid_request),
        (422, None, Outcome.invalid_request),
        (400, "context_length_exceeded", Outcome.context_length),
        (400, "content_filter", Outcome.content_filtered),
        (400, "model_not_found", Outcome.model_not_found),
        (401, "invalid_api_key", Outcome.auth),
        (401, None, Outcome.auth),
        (403, None, Outcome.auth),
        (404, None, Outcome.model_not_found),
        (404, "model_not_found", Outcome.model_not_found),
        (408, None, Outcome.server_error),
        (429, None, Outcome.rate_limited),
        (429, "rate_limit_exceeded", Outcome.rate_limited),
        (429, "insufficient_quota", Outcome.quota),
        (429, "credit_balance_exhausted", Outcome.quota),
        (429, "organization_spend_limit_exceeded", Outcome.quota),
        (429, "project_spend_limit_exceeded", Outcome.quota),
        (429, "organization_usage_limit_exceeded", Outcome.quota),
        (503, "server_is_overloaded", Outcome.rate_limited),
        (500, None, Outcome.server_error),
        (502, "whatever", Outcome.server_error),
    ],
)
def test_http_errors(status_code: int, code: str | None, outcome: Outcome) -> None:
    body_of_error = error_body(code)
    if code is None:
        del body_of_error["error"]["type"]
    judgement = decide_line(line(body_of_error, status_code))
    assert judgement.outcome is outcome
    assert judgement.detail == f"HTTP {status_code}{f' ({code})' if code else ''}: It went wrong."
    assert judgement.content is None


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("batch_expired", Outcome.expired),
        ("BATCH_EXPIRED", Outcome.expired),
        ("batch_cancelled", Outcome.cancelled),
        ("request_timeout", Outcome.server_error),
        ("invalid_request_error", Outcome.invalid_request),
        ("never_heard_of", Outcome.server_error),
    ],
)
def test_errors_without_a_response(code: str, outcome: Outcome) -> None:
    judgement = decide_line(line(None, None, error={"code": code, "message": "Not\ndone."}))
    assert (judgement.outcome, judgement.detail) == (outcome, f"no response ({code}): Not done.")


def test_context_length_is_seen_by_its_message_too() -> None:
    message = "This model's maximum context length is 400000 tokens. However, your messages resulted in 500000 tokens."
    assert decide_line(line(error_body("string_too_long", message), 400)).outcome is Outcome.context_length


def test_a_line_that_holds_nothing() -> None:
    judgement = decide_line(line(None, None))
    assert (judgement.outcome, judgement.detail) == (Outcome.server_error, "the line holds neither an answer nor an error")


def test_a_text_that_came_is_judged_whatever_stands_beside_it() -> None:
    assert decide_line(line(body(document()), error={"code": "odd", "message": "?"})).outcome is Outcome.ok
    assert decide_line(line(body(document()), 500)).outcome is Outcome.server_error
