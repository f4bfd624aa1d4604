"""Each outcome is followed by its action; and the states of batches."""

from dataclasses import replace
from typing import Any

import pytest

from caseforge_assets.batches.next_action import MAX_ATTEMPTS, AttemptMade, NextKind, NextRequest, next_request
from caseforge_assets.batches.states import SETTLED, UNSETTLED, BatchState, RemoteStatus, is_final, remote_status
from caseforge_assets.stages.judgement import Next, Outcome

MADE = AttemptMade(Outcome.ok, counted=1, budget=8_000, budget_limit=32_000, generation=0)


def after(outcome: Outcome, *, asked: bool = False, max_attempts: int = MAX_ATTEMPTS, **changes: Any) -> NextRequest:
    step = next_request(replace(MADE, outcome=outcome, **changes), max_attempts=max_attempts, asked=asked)
    assert step.reason
    return step


@pytest.mark.parametrize("outcome", [Outcome.truncated, Outcome.truncated_reasoning])
def test_a_truncated_answer_gets_twice_the_budget_up_to_the_limit(outcome: Outcome) -> None:
    assert after(outcome) == NextRequest(NextKind.new_request, 16_000, 0, "with 16,000 instead of 8,000 tokens")
    assert after(outcome, budget=20_000).max_completion_tokens == 32_000
    at_limit = after(outcome, budget=32_000, generation=4)
    assert (at_limit.kind, at_limit.max_completion_tokens, at_limit.generation) == (NextKind.new_request, 32_000, 5)
    assert after(outcome, budget=40_000).max_completion_tokens == 40_000


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome.follow_up is Next.retry])
def test_a_bad_answer_is_asked_for_again_in_the_next_generation(outcome: Outcome) -> None:
    step = after(outcome, generation=1, counted=2)
    assert (step.kind, step.max_completion_tokens, step.generation) == (NextKind.new_request, 8_000, 2)
    assert after(outcome, counted=3).kind is NextKind.give_up
    assert after(outcome, counted=3, asked=True).kind is NextKind.new_request
    assert after(outcome, counted=3, max_attempts=4).kind is NextKind.new_request


def test_a_context_is_shortened_once() -> None:
    assert after(Outcome.context_length).kind is NextKind.shorter_context
    assert after(Outcome.context_length, context_shortened=True).kind is NextKind.give_up


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome.follow_up is Next.pending_again])
def test_what_was_nobodys_fault_stays_the_same_request(outcome: Outcome) -> None:
    step = after(outcome, generation=2, counted=3)
    assert step == NextRequest(NextKind.same_request, 8_000, 2, "it was not the request's fault")


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome.follow_up in {Next.person, Next.stop}])
def test_what_a_person_decides_waits_for_one(outcome: Outcome) -> None:
    step = after(outcome)
    assert step.kind is NextKind.give_up
    assert step.reason
    again = after(outcome, asked=True, counted=3)
    assert again.kind is (NextKind.new_request if outcome.counted else NextKind.same_request)
    assert again.generation == (1 if outcome.counted else 0)


@pytest.mark.parametrize("outcome", [Outcome.ok, Outcome.salvaged])
def test_a_good_answer_needs_nothing(outcome: Outcome) -> None:
    assert after(outcome).kind is NextKind.nothing
    assert after(outcome, asked=True).kind is NextKind.nothing


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("in_progress", RemoteStatus.in_progress),
        ("IN_PROGRESS", RemoteStatus.in_progress),
        ("In Progress", RemoteStatus.in_progress),
        ("COMPLETED", RemoteStatus.completed),
        ("canceled", RemoteStatus.cancelled),
        ("cancelling", RemoteStatus.cancelling),
        ("queued", RemoteStatus.unrecognized),
        ("", RemoteStatus.unrecognized),
        (None, RemoteStatus.unrecognized),
    ],
)
def test_status_words(text: str | None, status: RemoteStatus) -> None:
    assert remote_status(text) is status


def test_final_states() -> None:
    assert {status.value for status in RemoteStatus if is_final(status)} == {"completed", "failed", "expired", "cancelled"}
    assert set(SETTLED) == set(BatchState) - set(UNSETTLED)
