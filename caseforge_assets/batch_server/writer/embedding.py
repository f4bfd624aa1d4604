"""A request to /v1/embeddings in, vectors out. They mean nothing, but are not chance: texts that share words have vectors that are near each other.

Each word points into some directions of its own; a text's vector is the sum of its words', of length 1. Facts of the API: openai SDK 3.54,
types/embedding_create_params.py and create_embedding_response.py; https://developers.openai.com/api/docs/guides/embeddings.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from caseforge_assets.batch_server.answers import Answer, error_answer
from caseforge_assets.batch_server.request_body import inputs_of, text_tokens

DIMENSIONS = {"text-embedding-3-small": 1_536, "text-embedding-3-large": 3_072, "text-embedding-ada-002": 1_536}
SHORTENS = frozenset(("text-embedding-3-small", "text-embedding-3-large"))
OTHERS = 1_536
MOST_INPUTS, MOST_TOKENS, MOST_TOKENS_OF_ALL = 2_048, 8_192, 300_000
DIRECTIONS = 16  # of a word; its hash has two bytes for each

_WORD = re.compile(r"\w+")
Vector = npt.NDArray[np.float32]


class _Refused(Exception):
    """The request cannot be answered."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


def embed(body: dict[str, Any], created_at: float) -> Answer:  # noqa: ARG001 - asked like the other writers
    """Answer a request: the same texts get the same vectors.

    Returns:
        Status 200 with a list of embeddings, which says that it is simulated, or 400 with an error body.
    """
    try:
        dimensions = _dimensions(body)
        texts = _texts(body)
    except _Refused as refused:
        return error_answer(400, str(refused), param=refused.param)
    as_base64 = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _written(vector_of(text, dimensions), as_base64=as_base64)}
        for index, text in enumerate(texts)
    ]
    tokens = sum(map(text_tokens, texts))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Answer(200, {"object": "list", "data": data, "model": body["model"], "usage": usage, "simulated": True})


def vector_of(text: str, dimensions: int) -> Vector:
    """The vector of a text."""
    vector = np.zeros(dimensions, dtype=np.float32)
    for word, count in Counter(_WORD.findall(text.lower())).items():
        places, signs = _directions(word)
        np.add.at(vector, places % dimensions, signs * np.float32(1 + np.log(count)))
    length = float(np.linalg.norm(vector))
    if not length:
        vector[0] = length = 1.0
    return vector / np.float32(length)


@lru_cache(maxsize=50_000)
def _directions(word: str) -> tuple[npt.NDArray[np.int64], Vector]:
    numbers = np.frombuffer(hashlib.blake2b(word.encode(), digest_size=2 * DIRECTIONS).digest(), dtype="<u2").astype(np.int64)
    return numbers >> 1, np.where(numbers & 1, 1.0, -1.0).astype(np.float32)


def _written(vector: Vector, *, as_base64: bool) -> str | list[float]:
    if as_base64:
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return [round(number, 8) for number in vector.tolist()]


def _dimensions(body: dict[str, Any]) -> int:
    model, asked = body["model"], body.get("dimensions")
    most = DIMENSIONS.get(model, OTHERS)
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise _Refused("encoding_format", f"Invalid value: '{body['encoding_format']}'. Supported values are: 'float' and 'base64'.")
    if asked is None:
        return most
    if model not in SHORTENS:
        raise _Refused("dimensions", "This model does not support specifying dimensions.")
    if not isinstance(asked, int) or isinstance(asked, bool) or not 1 <= asked <= most:
        raise _Refused("dimensions", f"Invalid value for 'dimensions' = {asked}. Must be between 1 and {most}.")
    return asked


def _texts(body: dict[str, Any]) -> list[str]:
    texts = inputs_of(body)
    if not texts or not all(texts):
        raise _Refused("input", "Invalid 'input': a text, or a list of texts, none of them empty. (This local server takes no tokens.)")
    if len(texts) > MOST_INPUTS:
        raise _Refused("input", f"Invalid 'input': list too long. Expected at most {MOST_INPUTS} inputs, but got {len(texts)}.")
    tokens = list(map(text_tokens, texts))
    if max(tokens) > MOST_TOKENS:
        raise _Refused("input", f"This model's maximum context length is {MOST_TOKENS} tokens, however you requested {max(tokens)} tokens.")
    if sum(tokens) > MOST_TOKENS_OF_ALL:
        raise _Refused("input", f"Requested {sum(tokens)} tokens, max {MOST_TOKENS_OF_ALL} tokens per request.")
    return texts
