"""The errors of a batch that failed in validation decide what becomes of its requests."""

import pytest

from caseforge_assets.batches.results.rejections import BatchError, Rejection, decide_batch_errors
from caseforge_assets.stages.judgement import Judgement, Outcome


def test_named_lines_are_to_blame_and_no_others() -> None:
    errors = [
        {"code": "missing_required_parameter", "line": 2, "message": "Missing required parameter: 'messages'.", "param": "body.messages"},
        {"code": "invalid_json_line", "line": 5, "message": "This line is not parseable as valid JSON.", "param": None},
        {"code": "invalid_json_line", "line": 9, "message": "This line is not parseable as valid JSON.", "param": None},
    ]
    verdict = decide_batch_errors([BatchError.of(error) for error in errors])
    assert verdict.rejection is Rejection.bad_lines
    assert list(verdict.bad_lines) == [2, 5, 9]
    assert verdict.detail == "2 times: invalid_json_line: This line is not parseable as valid JSON. (and 1 other error)"
    assert verdict.judgement_of(2).outcome is Outcome.invalid_request
    assert "at body.messages" in verdict.judgement_of(2).detail
    assert verdict.judgement_of(1) == Judgement(Outcome.batch_rejected, verdict.detail)
    assert not verdict.stop_reason
    assert not verdict.token_limit_exceeded


def test_the_token_limit_is_learned() -> None:
    message = "Enqueued token limit reached for gpt-5 in organization org-x. Limit: 2,000,000 enqueued tokens. Please try again once …"
    verdict = decide_batch_errors([BatchError("token_limit_exceeded", message)])
    assert (verdict.rejection, verdict.token_limit_exceeded, verdict.enqueued_token_limit) == (Rejection.too_much_enqueued, True, 2_000_000)
    assert verdict.judgement_of(1).outcome is Outcome.batch_rejected
    by_code = decide_batch_errors([BatchError("token_limit_exceeded", "Too much.")])
    assert (by_code.token_limit_exceeded, by_code.enqueued_token_limit, by_code.detail) == (True, None, "token_limit_exceeded: Too much.")


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        ("The number of enqueued tokens has surpassed the configured limit of 30K", 30_000),
        ("The number of enqueued tokens has surpassed the configured limit of 1.5M. Wait for batches to complete.", 1_500_000),
        ("Too many enqueued tokens: the limit is 2 billion", 2_000_000_000),
        ("You have reached your limit of 200M enqueued tokens", 200_000_000),
        ("Enqueued token limit: 90.000", 90_000),
        ("Enqueued token limit: 1,500K", 1_500_000),
        ("Enqueued token limit: 1,500.5K", 1_500_500),
        ("Enqueued token limit reached", None),
        ("The limit of 0 enqueued tokens is reached", None),
    ],
)
def test_the_token_limit_is_learned_in_other_words_too(message: str, limit: int | None) -> None:
    for code in ("token_limit_exceeded", None, "400"):
        verdict = decide_batch_errors([BatchError(code, message)])
        assert (verdict.token_limit_exceeded, verdict.enqueued_token_limit) == (True, limit)


@pytest.mark.parametrize("message", ["The input has too many tokens; reduce them.", "Maximum of 50,000 tokens exceeded in line 3"])
def test_other_tokens_are_no_token_limit(message: str) -> None:
    assert not decide_batch_errors([BatchError("invalid_request", message, 3)]).token_limit_exceeded


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("model_not_found", Outcome.model_not_found), ("insufficient_quota", Outcome.quota), ("invalid_api_key", Outcome.auth)],
)
def test_account_problems_blame_no_line(code: str, outcome: Outcome) -> None:
    verdict = decide_batch_errors([BatchError(code, "No.", line) for line in (1, 2)])
    assert (verdict.rejection, verdict.outcome, verdict.bad_lines) == (Rejection.stop, outcome, {})
    assert verdict.stop_reason == f"2 times: {code}: No."
    assert verdict.judgement_of(1).outcome is outcome


@pytest.mark.parametrize(("line", "read"), [(1, 1), (7, 7), (0, None), (-1, None), ("7", None), (None, None)])
def test_the_first_line_is_1(line: object, read: int | None) -> None:
    assert BatchError.of({"code": "invalid_request", "message": "No.", "line": line}) == BatchError("invalid_request", "No.", read)


def test_other_rejections_send_all_lines_again() -> None:
    lost = decide_batch_errors(
        [BatchError.of({"code": "invalid_request", "line": None, "param": "file_id", "message": "Cannot find file."})]
    )
    assert (lost.rejection, lost.outcome, lost.bad_lines) == (Rejection.other, Outcome.batch_rejected, {})
    silent = decide_batch_errors([])
    assert (silent.rejection, silent.detail) == (Rejection.other, "the provider rejected the batch without saying why")
    assert decide_batch_errors([BatchError.of(None), BatchError.of({"line": "7"})]).rejection is Rejection.other
