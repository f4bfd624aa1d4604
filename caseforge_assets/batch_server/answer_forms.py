"""The body of a good answer, a chat completion, a response or a list of vectors: its text, its end and its tokens, read and changed alike."""

from __future__ import annotations

from typing import Any

from caseforge_assets.batch_server.responses_form import ended, response_text, response_usage

Body = dict[str, Any]


def _is_response(body: Body) -> bool:
    return body.get("object") == "response"


def is_embeddings_answer(body: Body) -> bool:
    """Tells whether it holds vectors, and no text."""
    return body.get("object") == "list"


def text_of(body: Body) -> str:
    """The text; empty where there is none, as of vectors, which nothing that changes texts changes."""
    if is_embeddings_answer(body):
        return ""
    return response_text(body) if _is_response(body) else body["choices"][0]["message"]["content"] or ""


def with_text(body: Body, text: str, finish_reason: str | None = None) -> Body:
    """The answer with another text. It ends as ``finish_reason`` says in the words of chat completions; None: as it did."""
    if is_embeddings_answer(body):
        return body
    return ended(body, text, None, finish_reason) if _is_response(body) else _with_message(body, {"content": text}, finish_reason)


def with_refusal(body: Body, refusal: str) -> Body:
    """A refusal in place of the answer."""
    if is_embeddings_answer(body):
        return body
    if _is_response(body):
        return ended(body, "", refusal, None)
    return _with_message(body, {"content": None, "refusal": refusal}, None)


def _with_message(body: Body, message: Body, finish_reason: str | None) -> Body:
    choice = body["choices"][0]
    reason = choice.get("finish_reason") if finish_reason is None else finish_reason
    return {**body, "choices": [{**choice, "message": {**choice["message"], **message}, "finish_reason": reason}]}


def with_usage(body: Body, usage: Body) -> Body:
    """The answer with other tokens, which are given under the names of chat completions."""
    return {**body, "usage": response_usage(usage) if _is_response(body) else usage}


def tokens_of(body: object) -> dict[str, int]:
    """The tokens that would be billed; nothing where an answer says nothing of them."""
    usage = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(usage, dict):
        return {}
    given, made = ("input", "output") if "input_tokens" in usage else ("prompt", "completion")
    return {
        "input": _count(usage, f"{given}_tokens"),
        "cached": _count(usage.get(f"{given}_tokens_details"), "cached_tokens"),
        "output": _count(usage, f"{made}_tokens"),
        "reasoning": _count(usage.get(f"{made}_tokens_details"), "reasoning_tokens"),
    }


def _count(counts: object, name: str) -> int:
    """A number of tokens; 0 where another server says something else there."""
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if isinstance(value, int) else 0
