"""Reads a batch's input file as OpenAI does before it starts: one bad line refuses the whole batch.

Codes and messages as observed at OpenAI; those for mixed models, repeated ids, empty and too long files as compatible servers word them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caseforge_assets.batch_server.request_body import body_sha256, parsed_object, prompt_tokens
from caseforge_assets.batch_server.responses_form import as_chat, is_embeddings, is_responses
from caseforge_assets.batch_server.state.batches import LineProblem
from caseforge_assets.batch_server.state.requests import RequestLine

MOST_PROBLEMS = 100
HOSTED_MODEL = re.compile(r"^(gpt-|chatgpt-|o\d|ft:|text-embedding-)")


@dataclass
class InputFile:
    """The findings of one pass over an input file."""

    lines: list[RequestLine] = field(default_factory=list)
    problems: list[LineProblem] = field(default_factory=list)
    model: str | None = None
    input_tokens: int = 0


class BadLineError(Exception):
    """One line is wrong."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def read_input_file(
    path: Path, endpoint: str, *, most_requests: int, takes_model: Callable[[str], bool], stop: Callable[[], bool]
) -> InputFile:
    """Read and judge every line.

    Args:
        path: The JSONL file.
        endpoint: The endpoint that the batch was created for.
        most_requests: The number of lines that a batch may have.
        takes_model: Whether there is such a model.
        stop: Asked at each line; True ends the reading early.

    Returns:
        The lines, or the first hundred problems.
    """
    found = InputFile()
    seen: set[str] = set()
    offset = 0
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, start=1):
            if stop() or len(found.problems) >= MOST_PROBLEMS:
                break
            if raw.strip():
                _read_line(found, seen, raw, RequestLine(number, "", "", offset), endpoint, takes_model)
            offset += len(raw)
    if not found.lines and not found.problems:
        found.problems.append(LineProblem("empty_file", "The batch input file is empty."))
    if len(found.lines) > most_requests:
        found.problems.append(
            LineProblem("too_many_tasks", f"The batch input file has {len(found.lines)} requests. A batch may have {most_requests}.")
        )
    return found


def _read_line(found: InputFile, seen: set[str], raw: bytes, at: RequestLine, endpoint: str, takes_model: Callable[[str], bool]) -> None:
    try:
        request = _parsed(raw)
        _check_envelope(request, endpoint, seen)
        body = _checked_body(request["body"], endpoint, found.model, takes_model)
    except BadLineError as error:
        found.problems.append(LineProblem(error.code, str(error), at.line, error.param))
        return
    found.model = body["model"]
    found.input_tokens += prompt_tokens(as_chat(body, endpoint))
    found.lines.append(RequestLine(at.line, request["custom_id"], body_sha256(body), at.offset))


def _parsed(raw: bytes) -> dict[str, Any]:
    request = parsed_object(raw)
    if request is None:
        raise BadLineError("invalid_json_line", "This line is not parseable as valid JSON.")
    return request


def _check_envelope(request: dict[str, Any], endpoint: str, seen: set[str]) -> None:
    for name in ("custom_id", "method", "url", "body"):
        if request.get(name) in (None, ""):
            raise BadLineError("missing_required_parameter", f"Missing required parameter: '{name}'.", name)
    custom_id = request["custom_id"]
    if not isinstance(custom_id, str) or not _encodable(custom_id):
        raise BadLineError("invalid_type", "Invalid type for 'custom_id': expected a string.", "custom_id")
    if request["method"] != "POST":
        raise BadLineError("invalid_method", "The method of every request has to be POST.", "method")
    if request["url"] != endpoint:
        raise BadLineError("invalid_url", "The URL provided for this request does not match the batch endpoint.", "url")
    if custom_id in seen:
        raise BadLineError("duplicate_custom_id", f"The custom_id '{custom_id}' is used by an earlier line.", "custom_id")
    seen.add(custom_id)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checked_body(body: object, endpoint: str, model_of_file: str | None, takes_model: Callable[[str], bool]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise BadLineError("invalid_type", "Invalid type for 'body': expected an object.", "body")
    for name in ("model", "input" if is_responses(endpoint) or is_embeddings(endpoint) else "messages"):
        if not body.get(name):
            raise BadLineError("missing_required_parameter", f"Missing required parameter: '{name}'.", f"body.{name}")
    model = body["model"]
    if not isinstance(model, str) or not takes_model(model):
        raise BadLineError("model_not_found", f"The provided model '{model}' is not supported by the Batch API.", "body.model")
    if model_of_file not in (None, model):
        raise BadLineError("mismatched_model", "All requests of a batch have to use the same model.", "body.model")
    if body.get("stream"):
        api = "Responses" if is_responses(endpoint) else "Chat Completions"
        raise BadLineError("streaming_unsupported", f"{api}: Streaming is not supported in the Batch API.", "body.stream")
    return body
