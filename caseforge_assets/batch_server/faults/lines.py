"""Faults of single requests: what a client may find, or miss, in the result files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from caseforge_assets.batch_server.answers import error_answer
from caseforge_assets.batch_server.faults.registry import Line, line_fault
from caseforge_assets.batch_server.faults.selection import FaultSpec
from caseforge_assets.batch_server.request_body import CHARS_PER_TOKEN, completion_budget, text_tokens
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


@line_fault()
def missing_line(_line: Line, _spec: FaultSpec) -> list[Line]:
    """No line in either file."""
    return []


def _content(line: Line) -> str:
    return line.answer.body["choices"][0]["message"]["content"] or "" if line.answer and line.answer.ok else ""


def _cut(line: Line, content: str, reasoning_tokens: int) -> Line:
    if line.answer is None or not line.answer.ok:
        return line
    body: dict[str, Any] = dict(line.answer.body)
    choice = body["choices"][0]
    message = {**choice["message"], "content": content}
    body["choices"] = [{**choice, "message": message, "finish_reason": "length"}]
    body["usage"] = usage(line.request, text_tokens(content), reasoning_tokens)
    return replace(line, answer=replace(line.answer, body=body))
