"""The form of /v1/responses against that of /v1/chat/completions: what is asked there, asked here; what is answered here, answered there.

Source: openai SDK 3.54, types/responses/response_create_params.py, response.py, response_usage.py.
"""

from __future__ import annotations

import hashlib
from typing import Any

from caseforge_assets.batch_server.request_body import inputs_of, message_text

REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


def is_responses(endpoint: str) -> bool:
    """Tells whether a path such as ``/v1/responses`` takes requests of this form."""
    return endpoint.endswith("/responses")


def is_embeddings(endpoint: str) -> bool:
    """Tells whether a path such as ``/v1/embeddings`` takes texts and gives vectors."""
    return endpoint.endswith("/embeddings")


def as_chat(body: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """A request to an endpoint as a chat completion would be asked; whatever cannot be understood in it is left out."""
    if is_embeddings(endpoint):
        return {"model": body.get("model"), "messages": [{"role": "user", "content": text} for text in inputs_of(body)]}
    return chat_request(body) if is_responses(endpoint) else body


def chat_request(body: dict[str, Any]) -> dict[str, Any]:
    """A request of this form as a chat completion would be asked."""
    text, reasoning = _object(body.get("text")), _object(body.get("reasoning"))
    asked = {
        "model": body.get("model"),
        "messages": _messages(body),
        "max_completion_tokens": body.get("max_output_tokens"),
        "temperature": body.get("temperature"),
        "top_p": body.get("top_p"),
        "reasoning_effort": reasoning.get("effort"),
        "verbosity": text.get("verbosity"),
        "response_format": _response_format(_object(text.get("format"))),
    }
    return {name: value for name, value in asked.items() if value is not None}


def _messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    given, instructions = body.get("input"), body.get("instructions")
    first = [{"role": "system", "content": instructions}] if isinstance(instructions, str) and instructions else []
    if isinstance(given, str):
        return [*first, {"role": "user", "content": given}]
    items = [item for item in given if isinstance(item, dict) and "role" in item] if isinstance(given, list) else []
    return [*first, *({"role": item["role"], "content": _content(item.get("content"))} for item in items)]


def _content(content: object) -> object:
    """A message's text; of a list of parts, those that are text."""
    if not isinstance(content, list):
        return content
    return [{"type": "text", "text": part["text"]} for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]


def _response_format(form: dict[str, Any]) -> dict[str, Any] | None:
    if form.get("type") != "json_schema":
        return form or None
    return {"type": "json_schema", "json_schema": {name: value for name, value in form.items() if name != "type"}}


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def response_object(body: dict[str, Any], completion: dict[str, Any]) -> dict[str, Any]:
    """A chat completion, which has at least one choice, as the answer to a request of this form."""
    choice = _object(completion["choices"][0])
    message = _object(choice.get("message"))
    response_id = f"resp_{hashlib.sha256(str(completion.get('id')).encode()).hexdigest()[:32]}"
    asked = {name: body.get(name) for name in ("instructions", "max_output_tokens", "previous_response_id", "temperature", "top_p")}
    answer = {
        "id": response_id,
        "object": "response",
        "created_at": completion.get("created"),
        "error": None,
        "model": completion.get("model"),
        **asked,
        "parallel_tool_calls": True,
        "reasoning": {"effort": None, "summary": None, **_object(body.get("reasoning"))},
        "store": body.get("store", True),
        "text": {"format": {"type": "text"}, "verbosity": "medium", **_object(body.get("text"))},
        "tool_choice": "auto",
        "tools": [],
        "truncation": "disabled",
        "usage": response_usage(_object(completion.get("usage"))),
        "metadata": body.get("metadata") or {},
    }
    answer["output"] = [{"id": f"rs_{response_id[5:]}", "type": "reasoning", "summary": []}] if _thought(completion) else []
    return ended(answer, message_text(message), message.get("refusal"), choice.get("finish_reason") or "stop")


def ended(answer: dict[str, Any], text: str, refusal: str | None, finish_reason: str | None) -> dict[str, Any]:
    """The answer with another text or refusal, which ended as a chat completion says by its finish_reason; None: as it did before."""
    status = answer.get("status") if finish_reason is None else "incomplete" if finish_reason in REASONS else "completed"
    details = answer.get("incomplete_details") if finish_reason is None else None
    if finish_reason in REASONS:
        details = {"reason": REASONS[finish_reason]}
    parts: list[dict[str, Any]] = [{"type": "output_text", "annotations": [], "logprobs": [], "text": text}] if text else []
    if refusal:
        parts = [{"type": "refusal", "refusal": refusal}]
    message = {"id": f"msg_{answer['id'][5:]}", "type": "message", "status": status, "role": "assistant", "content": parts}
    others = [item for item in answer["output"] if item.get("type") != "message"]
    output = [*others, message] if parts or status == "completed" else others
    return {**answer, "status": status, "incomplete_details": details, "output": output}


def response_text(answer: dict[str, Any]) -> str:
    """The text of an answer of this form."""
    messages = [item for item in answer.get("output") or [] if isinstance(item, dict) and item.get("type") == "message"]
    parts = [part for message in messages for part in message.get("content") or [] if isinstance(part, dict)]
    return "".join(part["text"] for part in parts if isinstance(part.get("text"), str))


def response_usage(usage: dict[str, Any]) -> dict[str, Any]:
    """The tokens of a chat completion under the names that they have here."""
    read, written = _object(usage.get("prompt_tokens_details")), _object(usage.get("completion_tokens_details"))
    tokens_in, tokens_out = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    return {
        "input_tokens": tokens_in,
        "input_tokens_details": {
            "cached_tokens": read.get("cached_tokens") or 0,
            "cache_write_tokens": read.get("cache_write_tokens") or 0,
        },
        "output_tokens": tokens_out,
        "output_tokens_details": {"reasoning_tokens": written.get("reasoning_tokens") or 0},
        "total_tokens": tokens_in + tokens_out,
    }


def _thought(completion: dict[str, Any]) -> bool:
    details = _object(_object(completion.get("usage")).get("completion_tokens_details"))
    return bool(details.get("reasoning_tokens"))
