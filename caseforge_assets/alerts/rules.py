"""The rules, one for each thing that can be wrong, and how grave a finding is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """One rule each; the names are those of caseforge.toml, of the database, and of messages."""

    failed_share = "failed_share"
    token_limit = "token_limit"  # noqa: S105
    batch_failed = "batch_failed"
    batch_expired = "batch_expired"
    unknown_batch = "unknown_batch"
    short_results = "short_results"
    stray_lines = "stray_lines"
    usage_differs = "usage_differs"
    too_long = "too_long"
    plan_open = "plan_open"
    plan_waits = "plan_waits"
    cost_over_estimate = "cost_over_estimate"
    cost_over_baseline = "cost_over_baseline"
    budget = "budget"
    authentication = "authentication"
    silence = "silence"
    webhook_given_up = "webhook_given_up"
    model_ends = "model_ends"

    @property
    def meaning(self) -> str:
        """The condition under which it is raised, in one line for people."""
        return _FACTS[self].meaning

    @property
    def ends(self) -> str:
        """The condition under which it is cleared, in one line for people."""
        return _FACTS[self].ends

    @property
    def once(self) -> bool:
        """Tell whether it is about something that happened: told once of its subject, and never again when it was cleared."""
        return _FACTS[self].once

    @property
    def ends_when_acknowledged(self) -> bool:
        """Tell whether nothing but a person can end it."""
        return self in (Rule.stray_lines, Rule.usage_differs)


class Severity(StrEnum):
    """Gravity: a warning can wait until somebody looks, what is critical costs money or stops the work."""

    warning = "warning"
    critical = "critical"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong now.

    `subject` is what it is about, as the rule counts it (`batch 7`, `plan 3`, `all frameworks`): there is one open alert per rule and
    subject. `framework_key` is None where it concerns several, or all.
    """

    rule: Rule
    subject: str
    severity: Severity
    text: str
    framework_key: str | None = None


@dataclass(frozen=True)
class _Facts:
    meaning: str
    ends: str
    once: bool = False


_ANSWERED = "all of its nodes were answered since, by a retry or another batch"
_FACTS = {
    Rule.failed_share: _Facts("more than this share of a batch failed", _ANSWERED, once=True),
    Rule.token_limit: _Facts("more than this share of a batch's answers ended at their token limit", _ANSWERED, once=True),
    Rule.batch_failed: _Facts("the provider refused a batch, or it failed as a whole", _ANSWERED, once=True),
    Rule.batch_expired: _Facts("a batch ran out of its time", _ANSWERED, once=True),
    Rule.unknown_batch: _Facts(
        "the provider does not know a batch any more, or gives no list to look up one that it may have created",
        "the provider knows it again, or it was adopted or given up",
    ),
    Rule.short_results: _Facts(
        "what a batch brings falls short of what its provider counts, for longer than `missing_files_grace_s`",
        "the rest came, or it was given up",
    ),
    Rule.stray_lines: _Facts(
        "result files held lines that cannot be read or answer nothing that was asked", "a person acknowledged it", True
    ),
    Rule.usage_differs: _Facts(
        "the provider counts other tokens of a batch than the lines of its files add up to", "a person acknowledged it", True
    ),
    Rule.too_long: _Facts(
        "requests are too long for their model, even made from half, and were not sent", "they are sent, or nobody asks for them any more"
    ),
    Rule.plan_open: _Facts("a plan is not through so many hours after its first submission", "its last outcome is there"),
    Rule.plan_waits: _Facts(
        "an approved plan is held back by its limit, a budget or an unknown price, or a draft waits for approval for so many hours",
        "it is sent, declined or cancelled",
    ),
    Rule.cost_over_estimate: _Facts("a plan's answers cost so much more than they were expected to", "they do not any more"),
    Rule.cost_over_baseline: _Facts("a node of a plan costs so much more than nodes did in earlier runs", "it does not any more"),
    Rule.budget: _Facts("this share of a budget is spent or reserved; critical when all of it is", "there is room again"),
    Rule.authentication: _Facts(
        "the provider refuses the key, the account or the model; nothing is sent", "it accepts them, or a person sends again"
    ),
    Rule.model_ends: _Facts(
        "a stage's model ends within 45 days; critical from when on nothing is sent to it any more", "another model is configured"
    ),
    Rule.silence: _Facts("batches are open, and nothing was collected for so many hours", "something is collected, or nothing is open"),
    Rule.webhook_given_up: _Facts(
        "a webhook did not take events for three days, and they are given up",
        "they are delivered after all, the webhook is removed, or they are as old as events are kept",
    ),
}
