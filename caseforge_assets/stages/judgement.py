"""The outcomes of attempts, what follows from each, and the judgement on one answer.

`Outcome` is the only list of outcomes there is; the documentation's table is made from it. Which outcome a result
line has is decided in `batches.results.outcomes`, whether a text is good content by each stage's own answer module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from caseforge_assets.safe_text import replace_unstorable
from caseforge_assets.stages.canonical import fingerprint


class Next(StrEnum):
    """The step that follows an outcome."""

    none = "none"
    retry_larger_budget = "retry_larger_budget"
    retry = "retry"
    retry_shorter_context = "retry_shorter_context"
    person = "person"
    pending_again = "pending_again"
    stop = "stop"


class Outcome(StrEnum):
    """The named successes and failures of an attempt."""

    ok = "ok"
    salvaged = "salvaged"
    truncated_reasoning = "truncated_reasoning"
    truncated = "truncated"
    whitespace = "whitespace"
    repetition = "repetition"
    refused = "refused"
    content_filtered = "content_filtered"
    invalid_json = "invalid_json"
    schema_violation = "schema_violation"
    too_few_candidates = "too_few_candidates"
    sections_missing = "sections_missing"
    empty = "empty"
    rate_limited = "rate_limited"
    server_error = "server_error"
    invalid_request = "invalid_request"
    context_length = "context_length"
    auth = "auth"
    model_not_found = "model_not_found"
    quota = "quota"
    expired = "expired"
    missing_line = "missing_line"
    cancelled = "cancelled"
    given_up = "given_up"
    batch_rejected = "batch_rejected"
    not_sent = "not_sent"

    @property
    def good(self) -> bool:
        """Tell whether there is content to store."""
        return _FACTS[self].follow_up is Next.none

    @property
    def counted(self) -> bool:
        """Tell whether it counts as one of the attempts that a node has."""
        return _FACTS[self].counted

    @property
    def follow_up(self) -> Next:
        """The step that the node's request takes now."""
        return _FACTS[self].follow_up

    @property
    def meaning(self) -> str:
        """One line for people."""
        return _FACTS[self].meaning


@dataclass(frozen=True)
class _Facts:
    follow_up: Next
    counted: bool
    meaning: str


_FACTS: Mapping[Outcome, _Facts] = {
    Outcome.ok: _Facts(Next.none, True, "A complete answer."),
    Outcome.salvaged: _Facts(Next.none, True, "The answer was cut off; what was complete in it is enough and was kept."),
    Outcome.truncated_reasoning: _Facts(Next.retry_larger_budget, True, "Reasoning used up the token budget before any text was written."),
    Outcome.truncated: _Facts(Next.retry_larger_budget, True, "The token budget ended before the text did."),
    Outcome.whitespace: _Facts(
        Next.retry, True, "Blanks and line breaks used up the token budget; a larger one would hold more of the same, and is not bought."
    ),
    Outcome.repetition: _Facts(
        Next.retry, True, "One thing over and over used up the token budget; a larger one would hold more of the same, and is not bought."
    ),
    Outcome.refused: _Facts(Next.person, True, "The model declined to answer."),
    Outcome.content_filtered: _Facts(Next.person, True, "The provider's content filter stopped the answer."),
    Outcome.invalid_json: _Facts(Next.retry, True, "The answer is not JSON, and its syntax could not be repaired with certainty."),
    Outcome.schema_violation: _Facts(Next.retry, True, "The answer is JSON, but not of the form that was asked for."),
    Outcome.too_few_candidates: _Facts(Next.retry, True, "Fewer use cases than the six that are the minimum."),
    Outcome.sections_missing: _Facts(Next.retry, True, "A section of the document is absent or empty."),
    Outcome.empty: _Facts(Next.retry, True, "The answer holds no text."),
    Outcome.rate_limited: _Facts(Next.retry, True, "The provider had too many requests at once (HTTP 429)."),
    Outcome.server_error: _Facts(Next.retry, True, "The provider failed on this request (HTTP 5xx or a time-out on its side)."),
    Outcome.invalid_request: _Facts(Next.person, True, "The provider refused the request as faulty (HTTP 400)."),
    Outcome.context_length: _Facts(Next.retry_shorter_context, True, "The request is longer than the model can read."),
    Outcome.auth: _Facts(Next.stop, False, "The provider did not accept the key, or the account may not do this (HTTP 401 or 403)."),
    Outcome.model_not_found: _Facts(Next.stop, False, "The account has no such model, or no batches for it (HTTP 404)."),
    Outcome.quota: _Facts(Next.stop, False, "The account's credit or spending limit is used up."),
    Outcome.expired: _Facts(Next.pending_again, False, "The batch's time was over before this request's turn came."),
    Outcome.missing_line: _Facts(Next.pending_again, False, "The batch ended without a line for this request."),
    Outcome.cancelled: _Facts(Next.person, False, "The batch was cancelled before this request's turn came."),
    Outcome.given_up: _Facts(Next.person, False, "A person gave up waiting for what its batch brings; it may have been paid for."),
    Outcome.batch_rejected: _Facts(
        Next.pending_again, False, "The batch was refused in validation, for reasons that are not this request's."
    ),
    Outcome.not_sent: _Facts(Next.pending_again, False, "The batch was never created."),
}

GOOD = tuple(outcome for outcome in Outcome if outcome.good)
TRUNCATED = (Outcome.truncated, Outcome.truncated_reasoning)
CUT_OFF = (*TRUNCATED, Outcome.salvaged)  # by the budget
LINELESS = (Outcome.missing_line, Outcome.given_up, Outcome.cancelled, Outcome.expired)  # sent, and ended without a line
BATCHES_DOING = (Outcome.expired, Outcome.cancelled, Outcome.given_up, Outcome.batch_rejected, Outcome.not_sent)  # not the request's
UNANSWERED = (*BATCHES_DOING, Outcome.missing_line)  # say nothing of how good answers are


@dataclass(frozen=True)
class VectorsAsked:
    """The vectors that a request asked for: one for each of its texts, of so many numbers; None: of as many as the model gives."""

    texts: int
    dimensions: int | None


@dataclass(frozen=True)
class Answer:
    """A model's answer, as a stage judges it.

    Attributes:
        text: The text, possibly empty.
        finish_reason: OpenAI's `stop`, `length`, `content_filter`, …; None where the server gave none.
        refusal: The text of `message.refusal`, if any.
        reasoning_tokens: Tokens spent on thinking, a part of `output_tokens`; None if unknown.
        output_tokens: All completion tokens; None if unknown.
        max_completion_tokens: The budget that the request had; None if unknown.
        may_be_thinking: Whether thinking was begun before the text and never ended, so that all of it may be thinking.
        chosen: Titles of the chosen items that the request was made from, for a stage that is given such.
        vectors: For a stage that makes vectors, what the request asked for; None if unknown.
    """

    text: str
    finish_reason: str | None
    refusal: str | None
    reasoning_tokens: int | None
    output_tokens: int | None
    max_completion_tokens: int | None
    may_be_thinking: bool = False
    chosen: tuple[str, ...] = ()
    vectors: VectorsAsked | None = None

    @property
    def cut(self) -> bool:
        """Tell whether the token budget ended the answer."""
        return self.finish_reason in {"length", "max_tokens", "max_output_tokens"}

    @property
    def budget(self) -> int | None:
        """Tokens at which a cut answer was cut: what it used, or else what it was allowed."""
        return self.output_tokens or self.max_completion_tokens


@dataclass(frozen=True)
class Item:
    """One of several things in a content, such as a use-case candidate.

    Attributes:
        title: Its title.
        fields: Its typed values by name, the title not among them. Values are such as JSON can hold.
    """

    title: str
    fields: Mapping[str, object]


@dataclass(frozen=True)
class Content:
    """Good content of a node in a stage.

    Attributes:
        body: Markdown for the reader. It is a model's text: escape or sanitize HTML in it where it is rendered.
        items: Its items, in order; empty for a stage whose content is the body alone.
        surplus: Items beyond as many as were asked for. They were paid for and are kept, and are no part of the content.
    """

    body: str
    items: tuple[Item, ...] = ()
    surplus: tuple[Item, ...] = ()

    @cached_property
    def version(self) -> str:
        """SHA-256 (hexadecimal) of body and items: equal content has equal versions, whatever is in surplus."""
        return fingerprint({"body": self.body, "items": [[item.title, dict(item.fields)] for item in self.items]})

    def storable(self) -> "Content":
        """Give the same where characters that no database holds are replaced."""
        return Content(replace_unstorable(self.body), _storable(self.items), _storable(self.surplus))


def _storable(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(Item(replace_unstorable(item.title), {name: _clean(value) for name, value in item.fields.items()}) for item in items)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return replace_unstorable(value)
    if isinstance(value, list | tuple):
        return [_clean(part) for part in value]
    return {str(name): _clean(part) for name, part in value.items()} if isinstance(value, dict) else value


@dataclass(frozen=True)
class Judgement:
    """The decision on one attempt.

    Attributes:
        outcome: What it came to.
        detail: Why, for people; empty for a good answer about which nothing needs saying.
        content: The content, for good outcomes only.
        notes: What was tolerated, a sentence each.
    """

    outcome: Outcome
    detail: str = ""
    content: Content | None = None
    notes: tuple[str, ...] = ()


def shorten(text: str, length: int = 300) -> str:
    """Bring a text to one line of limited length."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
