"""A request to /v1/responses in, a response out: the same text and tokens as for a chat completion that asks the same."""

from __future__ import annotations

from typing import Any

from caseforge_assets.batch_server.answers import Answer, error_answer
from caseforge_assets.batch_server.responses_form import chat_request, response_object
from caseforge_assets.batch_server.writer.completion import write_completion

# Parameters of chat completions, and where they went.
MOVED = {
    "messages": "input",
    "max_completion_tokens": "max_output_tokens",
    "max_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
    "response_format": "text.format",
}
LEAST_OUTPUT_TOKENS = 16


def respond(body: dict[str, Any], created_at: float) -> Answer:
    """Answer a request.

    Returns:
        Status 200 with a response, or 400 with an error body.
    """
    if (refused := _refused(body)) is not None:
        return refused
    answer = write_completion(chat_request(body), created_at)
    return Answer(answer.status_code, response_object(body, answer.body)) if answer.ok else _in_its_words(answer)


def _refused(body: dict[str, Any]) -> Answer | None:
    for name, moved_to in MOVED.items():
        if name in body:
            message = f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{moved_to}'."
            return error_answer(400, message, param=name, code="unsupported_parameter")
    for name in ("text", "reasoning"):
        if not isinstance(body.get(name) or {}, dict):
            return error_answer(400, f"Invalid type for '{name}': expected an object.", param=name, code="invalid_type")
    budget = body.get("max_output_tokens")
    if isinstance(budget, int) and budget < LEAST_OUTPUT_TOKENS:
        message = f"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= {LEAST_OUTPUT_TOKENS}, but got {budget}."
        return error_answer(400, message, param="max_output_tokens", code="integer_below_min_value")
    return None


def _in_its_words(answer: Answer) -> Answer:
    """An error about a parameter that has another name here."""
    error = answer.body["error"]
    name, _, rest = str(error["param"] or "").partition(".")
    if name not in MOVED:
        return answer
    here = ".".join(part for part in (MOVED[name], rest.removeprefix("json_schema.")) if part)
    changed = {**error, "param": here, "message": error["message"].replace(f"'{error['param']}'", f"'{here}'")}
    return Answer(answer.status_code, {"error": changed})
