"""A batch's own count of tokens at its provider, held against what the lines of its files add up to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from caseforge_assets.costs.prices import priced_as, rates_on
from caseforge_assets.settings import Configuration
from caseforge_assets.settings.project import Project
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.collecting.attempts import TokenSums
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.submitting.batches import BatchRow


def usage_difference(connection: Connection, project: Project, batch: BatchRow) -> str | None:
    """Gives what a batch's provider counts otherwise than its recorded lines, and what that is worth, for people.

    Returns:
        None where both are the same, where the provider gives no count, or one of nothing, and where an answer came without its usage.
    """
    remote = batch.remote or {}
    theirs, ours = _counted(remote.get("usage") or {}), attempts.token_sums(connection, batch.id)
    if theirs is None or ours.unknown:
        return None
    more_cached = theirs.cached_tokens - ours.cached_tokens if theirs.cached_tokens else 0  # not every provider counts these
    more = TokenSums(theirs.input_tokens - ours.input_tokens, more_cached, theirs.output_tokens - ours.output_tokens)
    if more == TokenSums(0, 0, 0):
        return None
    worth = _usd(project.configuration, _real_model(project.configuration, batch, remote.get("model")), batch.model, more)
    says = f"its provider counts {_said(theirs, cached=bool(more_cached))}, the lines of its files {_said(ours, cached=bool(more_cached))}"
    if worth is None:
        return says
    return f"{says}: at batch prices ${abs(worth):,.4f} {'more' if worth >= 0 else 'less'} than its answers cost here"


def _real_model(configuration: Configuration, batch: BatchRow, name: str | None) -> str | None:
    """The model that a batch's provider names, whatever it calls it."""
    return batch.model if name is not None and name == batch.sent_as else configuration.provider.real_model(name or "") or None


def _counted(usage: Mapping[str, Any]) -> TokenSums | None:
    """Gives what `read_batch` left of a batch's usage; a count of nothing is that of a provider that does not count."""
    if not usage.get("input_tokens") or usage.get("output_tokens") is None:
        return None
    return TokenSums(usage["input_tokens"], usage.get("cached_tokens", 0), usage["output_tokens"])


def _usd(configuration: Configuration, answered: str | None, asked: str, tokens: TokenSums) -> Decimal | None:
    """Gives what so many tokens, more or fewer, cost in calls of usual size; None where the model has no known price."""
    today = datetime.now(UTC).date()
    rates = rates_on(priced_as(configuration.prices, answered, asked, today), today, configuration.prices)
    if rates is None:
        return None
    plain = tokens.input_tokens - tokens.cached_tokens
    return rates.input * plain + rates.cached * tokens.cached_tokens + rates.output * tokens.output_tokens


def _said(tokens: TokenSums, *, cached: bool) -> str:
    of_these = f" ({tokens.cached_tokens:,} from the cache)" if cached else ""
    return f"{tokens.input_tokens:,} tokens in{of_these} and {tokens.output_tokens:,} out"
