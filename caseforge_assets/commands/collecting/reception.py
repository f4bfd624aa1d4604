"""The facts that a batch's answers are recorded with: their origin, their cost, what their provider counts otherwise; and an attempt with the judgement on its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from caseforge_assets.batches.results.lines import ResultLine
from caseforge_assets.batches.results.response_body import Usage, usage_of
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.costs.prices import OwnPrices, priced_as, rates_on
from caseforge_assets.redaction import redact
from caseforge_assets.stages.judgement import Judgement
from caseforge_assets.stages.quality import Quality
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting.attempts import AttemptRow, TokenSums
from caseforge_assets.store.database import clock
from caseforge_assets.store.submitting.batches import BatchRow

SUBMITTED = "submitted"  # origin of a batch whose answers are to its requests as they stand here; imported ones may be to others


@dataclass(frozen=True)
class Judged:
    """One attempt with the line that answered it (None: no line did), the judgement on it, and the measure where it was taken already."""

    attempt: AttemptRow
    line: ResultLine | None
    judgement: Judgement
    quality: Quality | None = None

    @cached_property
    def usage(self) -> Usage | None:
        """Tokens that the line states; None where it states none."""
        return usage_of(self.line.usage) if self.line else None


@dataclass(frozen=True)
class Reception:
    """The facts that a batch's answers are recorded with; `own_prices` count before the table's, `names` are the provider's for models."""

    batch: BatchRow
    stages: Stages
    stage: Stage
    simulated: bool
    stage_version: str
    generated_by: str
    now: datetime
    own_prices: OwnPrices
    names: Mapping[str, str] = field(default_factory=dict)

    def model_called(self, name: str | None) -> str | None:
        """The model that a name stands for at the provider of the batch."""
        return self.batch.model if name and name == self.batch.sent_as else self.names.get(name or "", name) or None

    def priced_as(self, name: str | None) -> str:
        """The model whose price an answer of a model has that its provider calls so."""
        return priced_as(self.own_prices, self.model_called(name), self.batch.model, self.now.date())


def reception_of(project: OpenProject, batch: BatchRow) -> Reception:
    """Gives what the answers of a batch that was submitted to a provider are recorded with."""
    stage = project.stages[batch.stage]
    version, names = stage_version(stage, project.stage_settings[stage.key]), project.configuration.provider.models
    return Reception(
        batch,
        project.stages,
        stage,
        project.provider.simulated,
        version,
        _made_by(project.provider, batch),
        clock.now_in(project.store),
        project.configuration.prices,
        names,
    )


def _made_by(provider: Provider, batch: BatchRow) -> str:
    """Names the maker of contents: the server or provider, and the name that the model has there."""
    where = "local Batch API server (simulated)" if provider.simulated else f"Batch API at {provider.base_url}"
    return f"{where}, as {batch.sent_as}" if batch.sent_as else where


def usage_difference(reception: Reception, ours: TokenSums) -> str | None:
    """Gives what a batch's provider counts otherwise than its recorded lines, and what that is worth, for people.

    Args:
        ours: what the lines add up to.

    Returns:
        None where both are the same, where the provider gives no count, or one of nothing, and where an answer came without its usage.
    """
    remote = reception.batch.remote or {}
    theirs = _counted(remote.get("usage") or {})
    if theirs is None or ours.unknown:
        return None
    more_cached = theirs.cached_tokens - ours.cached_tokens if theirs.cached_tokens else 0  # not every provider counts these
    more = TokenSums(theirs.input_tokens - ours.input_tokens, more_cached, theirs.output_tokens - ours.output_tokens)
    if more == TokenSums(0, 0, 0):
        return None
    worth = _usd(reception, reception.priced_as(remote.get("model")), more)
    says = f"its provider counts {_said(theirs, cached=bool(more_cached))}, the lines of its files {_said(ours, cached=bool(more_cached))}"
    if worth is None:
        return says
    return f"{says}: at batch prices ${abs(worth):,.4f} {'more' if worth >= 0 else 'less'} than its answers cost here"


def _counted(usage: Mapping[str, Any]) -> TokenSums | None:
    """Gives what `read_batch` left of a batch's usage; a count of nothing is that of a provider that does not count."""
    if not usage.get("input_tokens") or usage.get("output_tokens") is None:
        return None
    return TokenSums(usage["input_tokens"], usage.get("cached_tokens", 0), usage["output_tokens"])


def _usd(reception: Reception, model: str, tokens: TokenSums) -> Decimal | None:
    """Gives what so many tokens, more or fewer, cost in calls of usual size; None where the model has no known price."""
    rates = rates_on(model, reception.now.date(), reception.own_prices)
    if rates is None:
        return None
    plain = tokens.input_tokens - tokens.cached_tokens
    return rates.input * plain + rates.cached * tokens.cached_tokens + rates.output * tokens.output_tokens


def _said(tokens: TokenSums, *, cached: bool) -> str:
    of_these = f" ({tokens.cached_tokens:,} from the cache)" if cached else ""
    return f"{tokens.input_tokens:,} tokens in{of_these} and {tokens.output_tokens:,} out"


def failure_text(judgement: Judgement) -> str:
    """Says why a node failed, in one line: the outcome's name, then its detail."""
    return redact(f"{judgement.outcome}: {judgement.detail or judgement.outcome.meaning}")
