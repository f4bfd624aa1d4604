"""Reads the tokens that a response states."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one response, as the provider counted them.

    Attributes:
        input_tokens: All of the request's tokens.
        cached_tokens: Those of them that came from the prompt cache.
        output_tokens: All of the answer's tokens.
        reasoning_tokens: Those of them that were spent on thinking.
        cache_write_tokens: Those of the input tokens that were written to the prompt cache; none of them is a cached one.
    """

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cache_write_tokens: int = 0


MAX_TOKENS = 10**8  # no model reads or writes as much in one call; more is no figure to calculate with


def usage_of(raw: object) -> Usage | None:
    """Read a usage object of the chat completions API, or one in the names of the responses API and of batch objects.

    Args:
        raw: The value of `usage`, whatever it is.

    Returns:
        The usage; None where input or output tokens are missing or no numbers, because then the cost is unknown.
    """
    if not isinstance(raw, Mapping):
        return None
    input_tokens = _tokens(raw, "prompt_tokens", "input_tokens")
    output_tokens = _tokens(raw, "completion_tokens", "output_tokens")
    if output_tokens is None and input_tokens is not None and _tokens(raw, "total_tokens") == input_tokens:
        output_tokens = 0  # of /v1/embeddings, which writes nothing
    if input_tokens is None or output_tokens is None:
        return None
    details = _details(raw, "prompt_tokens_details", "input_tokens_details")
    cached = min(_tokens(details, "cached_tokens") or 0, input_tokens)
    written = min(_tokens(details, "cache_write_tokens") or 0, input_tokens - cached)
    reasoning = _tokens(_details(raw, "completion_tokens_details", "output_tokens_details"), "reasoning_tokens") or 0
    return Usage(input_tokens, cached, output_tokens, min(reasoning, output_tokens), written)


def _tokens(raw: Mapping[str, object], *names: str) -> int | None:
    for name in names:
        count = _whole(raw.get(name))
        if count is not None and 0 <= count <= MAX_TOKENS:
            return count
    return None


def _whole(value: object) -> int | None:
    """A whole number, also as servers in languages without integers write it: 1000.0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _details(raw: Mapping[str, object], *names: str) -> Mapping[str, object]:
    return next((details for name in names if isinstance(details := raw.get(name), Mapping)), {})
