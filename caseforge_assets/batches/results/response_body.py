"""The body of a result line's response: the text, how it ended, the tokens that it states, or the error. Tolerant of other servers.

Bodies of chat completions and of the responses API are read alike; https://platform.openai.com/docs/api-reference/responses/object has the
form of the latter. Vectors become text, too: a line each, as base64 of floats of four bytes.
"""

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from caseforge_assets.safe_text import replace_unstorable
from caseforge_assets.stages.texts.tolerant_json import parse_tolerantly

MAX_UNIX_SECONDS = 253_402_300_799  # the end of the year 9999, the last that a datetime can hold
MAX_TOKENS = 10**8  # no model reads or writes as much in one call; more is no figure to calculate with


@dataclass(frozen=True)
class ResponseBody:
    """A chat completion, a response, or an error, as far as it is of use. Texts are as they came, None or empty where they did not."""

    model: str | None = None
    response_id: str | None = None
    created: int | None = None
    text: str = ""
    refusal: str | None = None
    finish_reason: str | None = None
    usage: Mapping[str, object] | None = None
    error_code: str | None = None
    error_message: str | None = None
    notes: tuple[str, ...] = ()


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


def read_body(raw: object) -> ResponseBody:
    """Read a body; what it lacks is empty, and nothing about it is an error here.

    Args:
        raw: The value of `response.body`: an object, or (llama-stack) the same as a JSON string.
    """
    notes: tuple[str, ...] = ()
    if isinstance(raw, str):
        try:
            raw, was_deep = parse_tolerantly(raw)
            notes = ("The body came as a JSON string.", *(("Parts of it that are nested too deeply were left out.",) if was_deep else ()))
        except ValueError:
            notes = ("The body is a string and not JSON.",)
    if not isinstance(raw, Mapping):
        return ResponseBody(notes=notes)
    if not isinstance(raw.get("choices"), list) and (raw.get("object") == "response" or isinstance(raw.get("output"), list)):
        return _read_response(raw, notes)
    if not isinstance(raw.get("choices"), list) and is_embedding_list(raw.get("data")):
        return _read_embeddings(raw, notes)
    choices = raw.get("choices")
    choice = as_object(choices[0]) if isinstance(choices, list) and choices else {}
    message = as_object(choice.get("message"))
    code, error_message = read_error(raw.get("error"))
    usage = raw.get("usage")
    return ResponseBody(
        model=as_text(raw.get("model")),
        response_id=as_text(raw.get("id")),
        created=_unix_seconds(raw.get("created")),
        text=_content(message.get("content")) or _content(choice.get("text")) or _arguments(message.get("tool_calls")),
        refusal=as_text(message.get("refusal")),
        finish_reason=as_text(choice.get("finish_reason")),
        usage=usage if isinstance(usage, Mapping) else None,
        error_code=code,
        error_message=error_message,
        notes=notes,
    )


def is_embedding_list(data: object) -> bool:
    """Tell whether a value is the data of an answer of /v1/embeddings.

    Args:
        data: Of a body.
    """
    return isinstance(data, list) and bool(data) and "embedding" in as_object(data[0])


def _read_embeddings(raw: Mapping[str, object], notes: tuple[str, ...]) -> ResponseBody:
    """Read a body with vectors, in the order of their texts; what is no vector is an empty line."""
    data = raw["data"]
    entries = [as_object(entry) for entry in data] if isinstance(data, list) else []
    places = [entry.get("index", place) for place, entry in enumerate(entries)]
    if sorted(map(str, places)) == sorted(map(str, range(len(entries)))):
        entries = [entry for _, entry in sorted(zip(map(int, map(str, places)), entries, strict=True), key=lambda one: one[0])]
    usage = raw.get("usage")
    return ResponseBody(
        model=as_text(raw.get("model")),
        response_id=as_text(raw.get("id")),
        created=_unix_seconds(raw.get("created")),
        text="\n".join(_as_base64(entry.get("embedding")) for entry in entries),
        finish_reason="stop",
        usage=usage if isinstance(usage, Mapping) else None,
        notes=notes,
    )


def _as_base64(vector: object) -> str:
    if isinstance(vector, str):
        return "".join(vector.split())
    try:
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() if isinstance(vector, list) else ""
    except (struct.error, OverflowError):
        return ""


_NOT_ANSWERED = {"failed", "cancelled", "queued", "in_progress"}


def _read_response(raw: Mapping[str, object], notes: tuple[str, ...]) -> ResponseBody:
    """Read a body of the responses API: the text is in the messages among its output, and why it ended in its status."""
    status = as_text(raw.get("status"))
    code, error_message = read_error(raw.get("error"))
    if status in _NOT_ANSWERED and code is None and error_message is None:
        error_message = f"the response's status is {status}"
    parts = _message_parts(raw.get("output"))
    usage = raw.get("usage")
    return ResponseBody(
        model=as_text(raw.get("model")),
        response_id=as_text(raw.get("id")),
        created=_unix_seconds(raw.get("created_at")),
        text="".join(map(_text_of, parts)) or as_text(raw.get("output_text")) or _arguments(raw.get("output")),
        refusal="".join(text for part in parts if isinstance(text := part.get("refusal"), str)) or None,
        finish_reason="stop" if status == "completed" else as_text(as_object(raw.get("incomplete_details")).get("reason")) or status,
        usage=usage if isinstance(usage, Mapping) else None,
        error_code=code,
        error_message=error_message,
        notes=notes,
    )


def _message_parts(output: object) -> list[Mapping[str, object]]:
    """The parts of all messages of an output, each message once; thinking and calls of tools are none, and a remark on the way is none where an answer follows."""
    items = [as_object(item) for item in output] if isinstance(output, list) else []
    messages = [item for item in items if item.get("type", "message") == "message"]
    answers = [item for item in messages if item.get("phase") != "commentary"]
    contents = [item.get("content") for item in answers or messages]
    parts: list[Mapping[str, object]] = []
    for content in (content for place, content in enumerate(contents) if content not in contents[:place]):
        parts += [as_object(part) for part in content] if isinstance(content, list) else [{"text": content}]
    return parts


def read_error(raw: object) -> tuple[str | None, str | None]:
    """Read code and message of an error object; the type stands in for a code that is missing or only repeats the HTTP status (LiteLLM).

    Args:
        raw: The value of `error`, in a line or in a body.
    """
    if isinstance(raw, str):
        return None, as_text(raw)
    error = as_object(raw)
    code, kind = as_text(error.get("code")), as_text(error.get("type"))
    return (kind or code) if code is None or code.isdigit() else code, as_text(error.get("message"))


def as_object(value: object) -> Mapping[str, object]:
    """Take a JSON value as an object; an empty one if it is none.

    Args:
        value: Any JSON value.
    """
    return value if isinstance(value, Mapping) else {}


def as_text(value: object) -> str | None:
    """Take a JSON value as a text that can be stored; None if it is none, or empty.

    Args:
        value: Any JSON value. Numbers count as text: some servers give codes as numbers.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return _digits(value)
    return replace_unstorable(value) if isinstance(value, str) and value else None


def _digits(value: int) -> str | None:
    return str(value) if abs(value) < 10**18 else None


def _content(value: object) -> str:
    """Join the text of a message, whose content is a string, a part or a list of parts."""
    if isinstance(value, str):
        return value
    return "".join(_text_of(as_object(part)) for part in (value if isinstance(value, list) else [value]))


def _text_of(part: Mapping[str, object]) -> str:
    """The text of a part, which some servers put into an object of its own."""
    text = part.get("text")
    text = as_object(text).get("value") if isinstance(text, Mapping) else text
    return text if isinstance(text, str) else ""


def _arguments(calls: object) -> str:
    """The arguments of a single call of a function, where a model answers by one although none was offered; empty where there are several."""
    items = [as_object(call) for call in calls] if isinstance(calls, list) else []
    given = [as_object(item.get("function")).get("arguments") or item.get("arguments") for item in items]
    texts = [text for text in given if isinstance(text, str)]
    return texts[0] if len(texts) == 1 else ""


def _unix_seconds(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MAX_UNIX_SECONDS:
        return None
    return int(value)


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
