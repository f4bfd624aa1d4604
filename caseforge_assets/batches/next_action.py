"""Decides what follows a failed attempt: another request and with what, the same one again, or nothing until a person acts."""

from dataclasses import dataclass
from enum import StrEnum

from caseforge_assets.stages.judgement import Next, Outcome
from caseforge_assets.wording import counted

MAX_ATTEMPTS = 3


class NextKind(StrEnum):
    """The kinds of steps that follow a failed attempt."""

    nothing = "nothing"
    new_request = "new_request"
    shorter_context = "shorter_context"
    same_request = "same_request"
    give_up = "give_up"


@dataclass(frozen=True)
class NextRequest:
    """The next step.

    Attributes:
        kind: `new_request` has another budget or generation; `shorter_context` has a new body, too; `same_request` is
            pending again as it is; `give_up` waits for a person; `nothing` is left to do after a good answer.
        max_completion_tokens: The budget of the next request; as it was where it does not change.
        generation: The generation of the next request; as it was where budget or body change, and so the fingerprint.
        reason: Why, for people.
    """

    kind: NextKind
    max_completion_tokens: int
    generation: int
    reason: str = ""


@dataclass(frozen=True)
class AttemptMade:
    """An attempt of which it is to be decided what follows.

    Attributes:
        outcome: What it came to.
        counted: The node's counted attempts in this stage, this one among them.
        budget: The completion tokens that its request had.
        budget_limit: The most that a request of the stage may have.
        generation: The request's generation.
        context_shortened: Whether the request's context was shortened already.
    """

    outcome: Outcome
    counted: int
    budget: int
    budget_limit: int
    generation: int
    context_shortened: bool = False


def next_request(made: AttemptMade, *, max_attempts: int = MAX_ATTEMPTS, asked: bool = False) -> NextRequest:
    """Decide what follows an attempt.

    Args:
        made: The attempt.
        max_attempts: Counted attempts after which a person has to ask.
        asked: Whether a person asks: then neither the number of attempts nor the outcome stands in the way.
    """
    outcome = made.outcome

    def step(kind: NextKind, reason: str, budget: int = made.budget, of_generation: int = made.generation) -> NextRequest:
        return NextRequest(kind, budget, of_generation, reason)

    match outcome.follow_up:
        case Next.none:
            return step(NextKind.nothing, "there is a good answer")
        case Next.pending_again:
            return step(NextKind.same_request, "it was not the request's fault")
        case Next.stop if not asked:
            return step(NextKind.give_up, "nothing is sent until key, model or credit are in order")
        case Next.person if not asked:
            return step(NextKind.give_up, "a person decides whether to ask again")
    if not outcome.counted:
        return step(NextKind.same_request, "a person asks for it again")
    if made.counted >= max_attempts and not asked:
        attempts = counted(made.counted, "attempt was", "attempts were")
        return step(NextKind.give_up, f"{attempts} made; a person decides whether to ask again")
    if outcome.follow_up is Next.retry_shorter_context:
        if made.context_shortened:
            return step(NextKind.give_up, "the context was shortened already, and the request is still too long")
        return step(NextKind.shorter_context, "with a shorter context")
    raised = min(2 * made.budget, made.budget_limit)
    if outcome.follow_up is Next.retry_larger_budget and raised > made.budget:
        return step(NextKind.new_request, f"with {raised:,} instead of {made.budget:,} tokens", budget=raised)
    return step(NextKind.new_request, "once more", of_generation=made.generation + 1)
