"""Tokens used, added up over responses. How a response states them is read in `batches.usage`."""

from collections.abc import Iterable

from caseforge_assets.batches.usage import Usage, usage_of

__all__ = ["Usage", "total_usage", "usage_of"]


def total_usage(usages: Iterable[Usage | None]) -> Usage:
    """Add up usages. For showing only: prices depend on the size of each call, so costs are added up, not priced by sums.

    Args:
        usages: Of responses; unknown ones count as nothing.
    """
    known = [usage for usage in usages if usage is not None]
    return Usage(
        sum(usage.input_tokens for usage in known),
        sum(usage.cached_tokens for usage in known),
        sum(usage.output_tokens for usage in known),
        sum(usage.reasoning_tokens for usage in known),
        sum(usage.cache_write_tokens for usage in known),
    )
