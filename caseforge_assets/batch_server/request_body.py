"""Reads from a request body what can be read without knowing what it is for: its texts, its hash, and its tokens by number of characters."""

from __future__ import annotations

import hashlib
import json
from typing import Any

CHARS_PER_TOKEN = 4
MOST_DEPTH = 64  # of JSON; a schema within a request is some twenty deep


def parsed_object(raw: bytes) -> dict[str, Any] | None:
    """The JSON object that a text is; None where it is none, or is nested deeper than any request."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _is_shallow(found) else None


def _is_shallow(value: object) -> bool:
    level: list[object] = [value]
    for _ in range(MOST_DEPTH):
        within = [part for part in level if isinstance(part, dict | list)]
        if not within:
            return True
        level = [part for part in within for part in (part.values() if isinstance(part, dict) else part)]
    return False


def text_tokens(text: str) -> int:
    """Tokens of a text, at least 1 unless it is empty."""
    return -(-len(text) // CHARS_PER_TOKEN)


def message_text(message: object) -> str:
    """The text of a message, whose content is a string or a list of parts."""
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))


def message_texts(body: dict[str, Any]) -> list[str]:
    """The texts of all messages of a request."""
    messages = body.get("messages")
    return [message_text(message) for message in messages] if isinstance(messages, list) else []


def inputs_of(body: dict[str, Any]) -> list[str]:
    """The texts of a request; empty where it has none, or something else in their place."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    return texts if isinstance(texts, list) and all(isinstance(text, str) for text in texts) else []


def prompt_tokens(body: dict[str, Any]) -> int:
    """Tokens of all messages of a request."""
    return sum(text_tokens(text) for text in message_texts(body))


def body_sha256(body: dict[str, Any]) -> str:
    """The same for bodies that ask the same, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def completion_budget(body: dict[str, Any]) -> int | None:
    """Reads how many tokens an answer may have, under the name that the request uses; None without a limit, or with one that is no number."""
    budget = body.get("max_completion_tokens") or body.get("max_tokens")
    return budget if isinstance(budget, int) and budget > 0 else None
