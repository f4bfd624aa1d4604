"""Tells why a batch failed in validation, and what follows for its requests: which lines are to blame, and whether anything may be sent at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from caseforge_assets.batches.error_codes import outcome_of_error, says_too_much_enqueued, stated_token_limit
from caseforge_assets.batches.results.response_body import as_object, as_text, read_error
from caseforge_assets.stages.judgement import Judgement, Next, Outcome
from caseforge_assets.wording import counted


@dataclass(frozen=True)
class BatchError:
    """One entry of a failed batch's `errors.data`.

    Attributes:
        code: Such as `missing_required_parameter`.
        message: The provider's words.
        line: The line of the input file that it names, the first is 1; None where it names none.
        param: The parameter that it names.
    """

    code: str | None
    message: str
    line: int | None = None
    param: str | None = None

    @classmethod
    def of(cls, raw: object) -> "BatchError":
        """Read an entry of `errors.data`, whatever it lacks.

        Args:
            raw: The entry.
        """
        entry = as_object(raw)
        code, message = read_error(entry)
        line = entry.get("line")
        return cls(code, message or "", line if isinstance(line, int) and line > 0 else None, as_text(entry.get("param")))


class Rejection(StrEnum):
    """The reasons for which a batch fails in validation."""

    bad_lines = "bad_lines"
    too_much_enqueued = "too_much_enqueued"
    stop = "stop"
    other = "other"


@dataclass(frozen=True)
class BatchVerdict:
    """The meaning of a batch's validation errors.

    Attributes:
        rejection: Why it failed.
        outcome: The outcome of all requests whose lines are not named.
        detail: For people: the errors, most frequent first.
        bad_lines: For each named line (the first is 1) what is wrong with it; these requests are `invalid_request`.
        enqueued_token_limit: The account's limit, where the provider stated it.
    """

    rejection: Rejection
    outcome: Outcome
    detail: str
    bad_lines: Mapping[int, str] = field(default_factory=dict)
    enqueued_token_limit: int | None = None

    @property
    def token_limit_exceeded(self) -> bool:
        """Tell whether the account had too many tokens waiting, so that fewer have to be sent at a time."""
        return self.rejection is Rejection.too_much_enqueued

    @property
    def stop_reason(self) -> str:
        """Say why nothing must be sent any more until a person acts; empty where that is not so."""
        return self.detail if self.rejection is Rejection.stop else ""

    def judgement_of(self, line_number: int) -> Judgement:
        """Judge a request of the batch.

        Args:
            line_number: The number of its line in the input file; the first is 1.
        """
        if (problem := self.bad_lines.get(line_number)) is not None:
            return Judgement(Outcome.invalid_request, problem)
        return Judgement(self.outcome, self.detail)


def decide_batch_errors(errors: Sequence[BatchError]) -> BatchVerdict:
    """Decide what a failed batch's errors mean for its requests.

    Errors that concern the account (key, money, a model that it does not have) go before lines: they would name every
    line, and no request is to blame.

    Args:
        errors: The batch's `errors.data`; it may be empty.
    """
    detail = _most_frequent(errors)
    for error in errors:
        outcome = outcome_of_error(None, error.code, error.message)
        if outcome.follow_up is Next.stop:
            return BatchVerdict(Rejection.stop, outcome, detail)
    for error in errors:
        if says_too_much_enqueued(error.code, error.message):
            limit = stated_token_limit(error.message)
            return BatchVerdict(Rejection.too_much_enqueued, Outcome.batch_rejected, detail, enqueued_token_limit=limit)
    bad_lines = {error.line: _in_words(error) for error in reversed(errors) if error.line is not None}
    rejection = Rejection.bad_lines if bad_lines else Rejection.other
    return BatchVerdict(rejection, Outcome.batch_rejected, detail, dict(sorted(bad_lines.items())))


def _most_frequent(errors: Sequence[BatchError]) -> str:
    if not errors:
        return "the provider rejected the batch without saying why"
    counts: dict[str, int] = {}
    for error in errors:
        counts[_in_words(error)] = counts.get(_in_words(error), 0) + 1
    text, count = max(counts.items(), key=lambda entry: entry[1])
    others = len(errors) - count
    return (f"{count:,} times: " if count > 1 else "") + text + (f" (and {counted(others, 'other error')})" if others else "")


def _in_words(error: BatchError) -> str:
    where = f" at {error.param}" if error.param else ""
    return f"{error.code or 'error'}{where}: {' '.join(error.message.split())[:500]}"
