"""Outcomes and what follows from them; content versions; answers without text, in every stage."""

import pytest

from caseforge_assets.stages.judgement import Content, Item, Next, Outcome, shorten
from caseforge_assets.stages.stage import Stage
from caseforge_assets_tests.stages.answers import answer
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

STOPPING = {Outcome.auth, Outcome.model_not_found, Outcome.quota}


def test_every_outcome_says_what_it_means() -> None:
    for outcome in Outcome:
        assert outcome.meaning.endswith(".")
        assert "\n" not in outcome.meaning
        assert outcome.follow_up in Next


def test_only_good_outcomes_need_nothing_more() -> None:
    assert {outcome for outcome in Outcome if outcome.good} == {Outcome.ok, Outcome.salvaged}


def test_what_is_not_the_requests_fault_is_not_counted() -> None:
    not_counted = {outcome for outcome in Outcome if not outcome.counted}
    assert not_counted == STOPPING | {
        Outcome.expired,
        Outcome.missing_line,
        Outcome.cancelled,
        Outcome.given_up,
        Outcome.batch_rejected,
        Outcome.not_sent,
    }


def test_account_problems_stop_everything() -> None:
    assert {outcome for outcome in Outcome if outcome.follow_up is Next.stop} == STOPPING


@pytest.mark.parametrize("stage", stages_as_they_come().shared, ids=lambda stage: stage.key)
class TestAnswersWithoutText:
    def test_reasoning_used_all(self, stage: Stage) -> None:
        judgement = stage.judge(answer("", "length", reasoning_tokens=4_000, output_tokens=4_000))
        assert judgement.outcome is Outcome.truncated_reasoning
        assert judgement.detail == "reasoning used all 4,000 tokens of the budget; no text was left"
        assert judgement.content is None

    def test_reasoning_used_nearly_all(self, stage: Stage) -> None:
        judgement = stage.judge(answer(" \n", "length", reasoning_tokens=3_968, output_tokens=4_000))
        assert judgement.outcome is Outcome.truncated_reasoning
        assert "3,968 of the 4,000 tokens" in judgement.detail

    def test_blanks_that_used_the_budget_need_no_larger_one_unless_most_of_it_was_thinking(self, stage: Stage) -> None:
        def outcome(reasoning_tokens: int | None) -> Outcome:
            return stage.judge(answer("\n\n", "length", reasoning_tokens=reasoning_tokens, output_tokens=8_000)).outcome

        assert [outcome(tokens) for tokens in (None, 0, 3_000, 4_000)] == [Outcome.whitespace] * 4
        assert outcome(4_001) is Outcome.truncated_reasoning

    def test_usage_unknown(self, stage: Stage) -> None:
        judgement = stage.judge(answer("", "length", reasoning_tokens=None, output_tokens=None, max_completion_tokens=8_000))
        assert judgement.outcome is Outcome.truncated_reasoning
        assert "8,000 tokens" in judgement.detail

    def test_empty(self, stage: Stage) -> None:
        assert stage.judge(answer(" \n\t")).outcome is Outcome.empty
        assert stage.judge(answer("", None)).outcome is Outcome.empty

    def test_refused_even_with_text(self, stage: Stage) -> None:
        judgement = stage.judge(answer("I can't.", refusal="I can't help\nwith that."))
        assert judgement.outcome is Outcome.refused
        assert "I can't help with that." in judgement.detail

    def test_filtered_even_with_text(self, stage: Stage) -> None:
        assert stage.judge(answer("## Overview\nHalf of", "content_filter")).outcome is Outcome.content_filtered


def test_a_text_is_brought_to_one_line_of_limited_length() -> None:
    assert [shorten(text, 5) for text in (" a\nb ", "abcde", "abcdef")] == ["a b", "abcde", "abcd…"]
    assert len(shorten("x" * 400)) == 300


def test_content_version_is_of_body_and_items() -> None:
    content = Content("Text", (Item("A", {"risk_level": "Low", "complexity_score": 1}),))
    assert content.version == Content("Text", (Item("A", {"complexity_score": 1, "risk_level": "Low"}),)).version
    assert content.version != Content("Text", (Item("A", {"risk_level": "Low", "complexity_score": 2}),)).version
    assert content.version != Content("Text").version
    assert len(content.version) == 64
