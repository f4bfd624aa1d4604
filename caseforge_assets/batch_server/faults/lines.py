"""Faults of single requests: what a client may find, or miss, in the result files."""

from __future__ import annotations

import json
from dataclasses import replace

from caseforge_assets.batch_server.answer_forms import is_embeddings_answer, text_of, with_text, with_usage
from caseforge_assets.batch_server.answers import error_answer
from caseforge_assets.batch_server.faults.registry import Line, line_fault
from caseforge_assets.batch_server.faults.selection import FaultSpec
from caseforge_assets.batch_server.request_body import CHARS_PER_TOKEN, completion_budget, prompt_tokens, text_tokens
from caseforge_assets.batch_server.writer.completion import usage

USUAL_BUDGET = 4_096


@line_fault()
def truncate(line: Line, _spec: FaultSpec) -> list[Line]:
    """Reasoning eats the whole budget: empty content, finish_reason length."""
    return [_cut(line, "", completion_budget(line.request) or USUAL_BUDGET)]


@line_fault(share=0.5)
def truncate_content(line: Line, spec: FaultSpec) -> list[Line]:
    """The content ends in mid-sentence at the budget; this share of it is left."""
    content = _content(line)
    kept = content[: int(len(content) * spec.number("share"))]
    budget = completion_budget(line.request) or USUAL_BUDGET
    return [_cut(line, kept[: budget * CHARS_PER_TOKEN], max(0, budget - text_tokens(kept)))]


@line_fault()
def http_500(line: Line, _spec: FaultSpec) -> list[Line]:
    """The request failed with a server error."""
    message = "The server had an error processing your request. Sorry about that!"
    return [replace(line, answer=error_answer(500, message, code="server_error"))]


@line_fault(code="rate_limit_exceeded")
def http_429(line: Line, spec: FaultSpec) -> list[Line]:
    """The request was refused with HTTP 429."""
    return [replace(line, answer=error_answer(429, f"Rate limit reached for {line.request['model']}.", code=spec.text("code")))]


@line_fault(message="Invalid value for one of the parameters.", code="invalid_value")
def http_400(line: Line, spec: FaultSpec) -> list[Line]:
    """The request was refused as faulty."""
    return [replace(line, answer=error_answer(400, spec.text("message"), code=spec.text("code")))]


@line_fault()
def http_404(line: Line, _spec: FaultSpec) -> list[Line]:
    """The account has no such model."""
    message = f"The model `{line.request['model']}` does not exist or you do not have access to it."
    return [replace(line, answer=error_answer(404, message, code="model_not_found"))]


@line_fault(tokens=1000.0)
def context_length(line: Line, spec: FaultSpec) -> list[Line]:
    """The model reads no more than so many tokens."""
    most, asked = int(spec.number("tokens")), prompt_tokens(line.request)
    if asked <= most:
        return [line]
    message = f"This model's maximum context length is {most} tokens. However, your messages resulted in {asked} tokens."
    return [replace(line, answer=error_answer(400, message, param="messages", code="context_length_exceeded"))]


@line_fault()
def double_line(line: Line, _spec: FaultSpec) -> list[Line]:
    """Two lines for the request, the first one with a server error."""
    return [*http_500(line, _spec), line]


@line_fault()
def repeated_line(line: Line, _spec: FaultSpec) -> list[Line]:
    """Two lines for the request, the second one with half the text and the same id."""
    content = _content(line)
    return [line, _changed(line, content[: len(content) // 2], "stop")]


@line_fault()
def unknown_custom_id(line: Line, _spec: FaultSpec) -> list[Line]:
    """Beside its line there is one for a request that nobody made."""
    return [line, replace(line, custom_id=f"someone-else-{line.custom_id}")]


@line_fault()
def not_json(line: Line, _spec: FaultSpec) -> list[Line]:
    """In place of its line there is one that is not JSON, and it is not counted as completed."""
    return [replace(line, text="upstream connect error or disconnect/reset before headers")]


@line_fault()
def body_as_text(line: Line, _spec: FaultSpec) -> list[Line]:
    """The body of the response is a string that holds JSON."""
    return [replace(line, answer=replace(line.answer, body=json.dumps(line.answer.body)))] if line.answer else [line]


@line_fault()
def no_usage(line: Line, _spec: FaultSpec) -> list[Line]:
    """The answer says nothing of tokens."""
    if line.answer is None or not line.answer.ok:
        return [line]
    body = {name: value for name, value in line.answer.body.items() if name != "usage"}
    return [replace(line, answer=replace(line.answer, body=body))]


@line_fault()
def in_error_file(line: Line, _spec: FaultSpec) -> list[Line]:
    """The line stands in the error file although it is none."""
    return [replace(line, in_error_file=True)]


@line_fault()
def missing_line(_line: Line, _spec: FaultSpec) -> list[Line]:
    """No line in either file, and it is not counted as completed."""
    return []


def _content(line: Line) -> str:
    return text_of(line.answer.body) if line.answer and line.answer.ok else ""


def _cut(line: Line, content: str, reasoning_tokens: int) -> Line:
    cut = _changed(line, content, "length")
    if cut.answer is None or not cut.answer.ok or is_embeddings_answer(cut.answer.body):
        return cut
    body = with_usage(cut.answer.body, usage(line.request, text_tokens(content), reasoning_tokens))
    return replace(cut, answer=replace(cut.answer, body=body))


def _changed(line: Line, content: str, finish_reason: str) -> Line:
    if line.answer is None or not line.answer.ok:
        return line
    return replace(line, answer=replace(line.answer, body=with_text(line.answer.body, content, finish_reason)))
