"""A provider's codes and words for errors become outcomes."""

from __future__ import annotations

import pytest

from caseforge_assets.batches.error_codes import outcome_of_words, says_stop
from caseforge_assets.batches.results.outcomes import has_answer
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets_tests.batches.files import body, line, read_one
from caseforge_assets_tests.stages.answers import document


@pytest.mark.parametrize(
    ("code", "message", "outcome", "stops"),
    [
        ("deployment_not_found", None, Outcome.model_not_found, True),
        ("Deployment-Not-Found ", None, Outcome.model_not_found, True),
        ("odd", "You exceeded your current quota, please check your plan.", Outcome.quota, True),
        (None, "This model's maximum context length is 128000 tokens.", Outcome.context_length, False),
        ("rate_limit_exceeded", "Your credit balance is too low", Outcome.rate_limited, False),
        ("odd", "Something else went wrong.", None, False),
        (None, None, None, False),
    ],
)
def test_a_code_that_is_known_counts_before_words(code: str | None, message: str | None, outcome: Outcome | None, stops: bool) -> None:
    assert outcome_of_words(code, message) is outcome
    assert says_stop(code, message) is stops


@pytest.mark.parametrize(("status", "answered"), [(199, False), (200, True), (299, True), (300, False), (500, False)])
def test_a_text_is_an_answer_only_where_the_call_went_well(status: int, answered: bool) -> None:
    assert has_answer(read_one(line(body(document()), status_code=status))) is answered
