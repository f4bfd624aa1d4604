"""The lines of output and error files, as OpenAI writes them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from caseforge_assets.batch_server.answer_forms import tokens_of
from caseforge_assets.batch_server.answers import Answer
from caseforge_assets.batch_server.faults.registry import Line
from caseforge_assets.batch_server.request_body import parsed_object
from caseforge_assets.batch_server.state.journal import JournalEntry

EXPIRED = {"code": "batch_expired", "message": "This request could not be executed before the completion window expired."}
CANCELLED = {"code": "batch_cancelled", "message": "This request was not executed because the batch was cancelled."}


def journal_entry(batch_id: str, line_number: int, lines: list[Line]) -> JournalEntry:
    """Makes the entry that is kept of a request: its lines by file, and what counts of them.

    Args:
        batch_id: The batch.
        line_number: The request's line in the input file.
        lines: One line; none or several where faults are at work.
    """
    output = [_text(batch_id, line) for line in lines if _succeeded(line)]
    errors = [_text(batch_id, line) for line in lines if not _succeeded(line)]
    usage = next(filter(None, (_usage(line.answer) for line in lines)), {})
    counted = any(line.text is None for line in lines)
    return JournalEntry(line_number, bool(errors) and not output, output, errors, usage, counted)


def unanswered_line(batch_id: str, custom_id: str, error: dict[str, str]) -> str:
    """The line of a request that the batch did not get to."""
    return _text(batch_id, Line(custom_id, {}, None, error))


def _succeeded(line: Line) -> bool:
    return not line.in_error_file and (line.text is not None or (line.answer is not None and line.answer.ok))


def _text(batch_id: str, line: Line) -> str:
    if line.text is not None:
        return line.text
    digest = hashlib.sha256(f"{batch_id}|{line.custom_id}".encode()).hexdigest()
    response: dict[str, Any] | None = None
    if line.answer is not None:
        response = {"status_code": line.answer.status_code, "request_id": f"req_{digest[:32]}", "body": line.answer.body}
    return json.dumps({"id": f"batch_req_{digest[32:56]}", "custom_id": line.custom_id, "response": response, "error": line.error})


def _usage(answer: Answer | None) -> dict[str, int]:
    body = answer.body if answer else None
    return tokens_of(parsed_object(body.encode(errors="replace")) if isinstance(body, str) else body)  # a fault's text holds JSON
