"""Tokens and costs before anything is sent: input tokens counted offline, output tokens from history or typical answers.

Tokens are counted by the compiled part of bpe-openai, which brings its vocabularies along: `import bpe_openai` decodes three of them in Python, which takes half
a second and is not needed. That part is private; a contract test holds it against the package.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from importlib.machinery import PathFinder
from typing import Any

from caseforge_assets.batches.results.response_body import Usage
from caseforge_assets.costs.prices import NO_OWN_PRICES, OwnPrices, cost_usd
from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.model_rules import EMBEDDINGS

# Billed for real requests of gpt-5 beside the tokens of the texts: 10 for a system and a user message.
TOKENS_PER_REQUEST = 2
TOKENS_PER_MESSAGE = 4
ENCODING, EMBEDDING_ENCODING = "o200k_base", "cl100k_base"  # of OpenAI's models since gpt-4o, and of those for vectors
PACKAGE, COMPILED = "bpe_openai", "bpe_openai._bindings"

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


def count_plain_tokens(text: str, encoding: str = ENCODING) -> int:
    """Count the tokens of a text of less than a million characters; special tokens in it are text like any other."""
    return int(_tokenizer(encoding).count(text.encode("utf-8", "replace").decode("utf-8")))


@cache
def _tokenizer(encoding: str) -> Any:
    package = importlib.util.find_spec(PACKAGE)
    spec = PathFinder.find_spec(COMPILED, package.submodule_search_locations if package else None)
    if spec is None or spec.loader is None:
        raise ImportError(f"{COMPILED} is not there; install the pinned version of bpe-openai")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.tokenizer_for_encoding(encoding)
