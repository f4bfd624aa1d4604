"""A request body in, a ``chat.completion`` object out, with a plausible usage; cut off where the budget ends, as a real one."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from caseforge_assets.batch_server.answers import Answer, error_answer
from caseforge_assets.batch_server.request_body import (
    CHARS_PER_TOKEN,
    body_sha256,
    completion_budget,
    message_texts,
    prompt_tokens,
    text_tokens,
)
from caseforge_assets.batch_server.writer.json_answer import UnwritableSchemaError, write_value
from caseforge_assets.batch_server.writer.models import answering_model, answers_responses_only, reasons
from caseforge_assets.batch_server.writer.prose import write_prose
from caseforge_assets.batch_server.writer.rules import RefusedRequestError, asked_schema, check_request
from caseforge_assets.batch_server.writer.subject import read_subject

ANY_OBJECT = {"type": "object", "properties": {"title": {"type": "string"}, "description": {"type": "string"}}}
# OpenAI caches prompts from 1,024 tokens on, in steps of 128.
LEAST_CACHED_TOKENS, CACHE_STEP_TOKENS = 1_024, 128


def complete(body: dict[str, Any], created_at: float) -> Answer:
    """Answer a request: the same body gets the same text, tokens and ids.

    Returns:
        Status 200 with a completion, or 400 or 404 with an error body.
    """
    if answers_responses_only(body["model"]):
        return error_answer(404, "This model is only supported in v1/responses and not in v1/chat/completions.", param="model")
    return write_completion(body, created_at)


def write_completion(body: dict[str, Any], created_at: float) -> Answer:
    """The same for any model: what is asked elsewhere is written like this, too."""
    sha = body_sha256(body)
    seed = int(sha[:16], 16)
    try:
        check_request(body)
        text = _write(body, seed)
    except RefusedRequestError as error:
        return error_answer(400, str(error), param=error.param, code=error.code)
    except UnwritableSchemaError as error:
        return error_answer(400, str(error), param="response_format", code="invalid_json_schema")
    return Answer(200, _completion(body, text, f"chatcmpl-{sha[:24]}", int(created_at), seed))


def _write(body: dict[str, Any], seed: int) -> str:
    subject = read_subject(body)
    wanted = asked_schema(body)
    if wanted is not None:
        return json.dumps(write_value(wanted["schema"], subject, seed), ensure_ascii=False)
    if (body.get("response_format") or {}).get("type") == "json_object":
        return json.dumps(write_value(ANY_OBJECT, subject, seed), ensure_ascii=False)
    return write_prose(body, subject, Random(seed))  # noqa: S311 - texts, not secrets


def _completion(body: dict[str, Any], text: str, completion_id: str, created_at: int, seed: int) -> dict[str, Any]:
    reasoning_tokens = _reasoning_tokens(body, seed)
    budget = completion_budget(body)
    finish_reason = "stop"
    if budget is not None and reasoning_tokens + text_tokens(text) > budget:
        finish_reason = "length"
        reasoning_tokens = min(reasoning_tokens, budget)
        text = text[: (budget - reasoning_tokens) * CHARS_PER_TOKEN]
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": created_at,
        "model": answering_model(body["model"]),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": finish_reason,
            }
        ],
        "usage": usage(body, text_tokens(text), reasoning_tokens),
        "service_tier": "default",
        "system_fingerprint": None,
    }


def usage(body: dict[str, Any], content_tokens: int, reasoning_tokens: int) -> dict[str, Any]:
    """Tokens as OpenAI reports them: reasoning tokens are part of the completion tokens."""
    prompt = prompt_tokens(body)
    completion = content_tokens + reasoning_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": _cached_tokens(body), "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _reasoning_tokens(body: dict[str, Any], seed: int) -> int:
    if not reasons(body["model"]) or body.get("reasoning_effort") in ("none", "minimal"):
        return 0
    return 1_000 + seed % 801


def _cached_tokens(body: dict[str, Any]) -> int:
    """All messages but the last count as the prefix that is shared with other requests."""
    tokens = sum(text_tokens(text) for text in message_texts(body)[:-1])
    return tokens - tokens % CACHE_STEP_TOKENS if tokens >= LEAST_CACHED_TOKENS else 0
