"""Tokens and costs before anything is sent: input tokens counted offline, output tokens from history or typical answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from caseforge_assets.batches.usage import Usage
from caseforge_assets.costs.own_prices import NO_OWN_PRICES, OwnPrices
from caseforge_assets.costs.prices import cost_usd
from caseforge_assets.costs.tokenizer import count_plain_tokens
from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.model_rules import EMBEDDINGS

# Billed for real requests of gpt-5 beside the tokens of the texts: 10 for a system and a user message.
TOKENS_PER_REQUEST = 2
TOKENS_PER_MESSAGE = 4
EMBEDDING_ENCODING = "cl100k_base"

_PIECE_CHARACTERS = 500_000  # the tokenizer refuses texts of a million characters


def count_tokens(text: str) -> int:
    """Count the tokens of a text in o200k_base, the encoding of OpenAI's models since gpt-4o.

    Args:
        text: Of any length.
    """
    return sum(count_plain_tokens(text[start : start + _PIECE_CHARACTERS]) for start in range(0, len(text), _PIECE_CHARACTERS))


def request_tokens(body: Mapping[str, Any]) -> int:
    """Count the input tokens of a request, as they are going to be billed: within ten on real requests for a chat completion, by their texts alone for vectors.

    Args:
        body: The request's body. A JSON schema in it is counted as text.
    """
    messages: Sequence[Mapping[str, str]] = body["messages"]
    if body.get("endpoint") == EMBEDDINGS:
        return sum(count_plain_tokens(message["content"], EMBEDDING_ENCODING) for message in messages)
    tokens = TOKENS_PER_REQUEST + TOKENS_PER_MESSAGE * len(messages)
    for message in messages:
        shared = message["role"] == "system"  # the same in thousands of requests
        tokens += _count_shared(message["content"]) if shared else count_tokens(message["content"])
    response_format = body.get("response_format")
    return tokens + (_count_shared(canonical_json(response_format)) if response_format else 0)


def expected_cost_usd(
    model: str, input_tokens: int, output_tokens: int, requests: int = 1, on: datetime | None = None, own: OwnPrices = NO_OWN_PRICES
) -> Decimal | None:
    """Estimate the cost of requests at batch prices, without any luck with the prompt cache.

    Args:
        model: The model.
        input_tokens: Of all requests together.
        output_tokens: Expected of all answers together.
        requests: How many there are, at least 1. Prices may go by the size of a call, so an average one is priced.
        on: The date of the price list; now if None.
        own: Prices that count before the table's, by model.

    Returns:
        USD; None where the model has no batch price.
    """
    average = Usage(round(input_tokens / requests), 0, round(output_tokens / requests), 0)
    cost = cost_usd(average, model, on, own)
    return None if cost is None else cost * requests


@lru_cache(maxsize=32)
def _count_shared(text: str) -> int:
    return count_tokens(text)
