"""Result lines to be spoiled by tests, and the real batch files that lie beside the checkout."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from caseforge_assets.batches.results.lines import ResultLine, UnreadableLine, read_lines

USAGE = {
    "prompt_tokens": 439,
    "completion_tokens": 4_239,
    "total_tokens": 4_678,
    "prompt_tokens_details": {"cached_tokens": 128},
    "completion_tokens_details": {"reasoning_tokens": 1_400},
}


def real_file(name: str) -> Path:
    """Gives a real file of OpenAI's Batch API; skips the test where it is absent."""
    path = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "openai_batches" / name
    if not path.exists():
        pytest.skip(f"needs the real batch file {name} in shared/data/openai_batches beside the checkout")
    return path


def body(text: object = "Some text.", finish_reason: str = "stop", **changes: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": changes.pop("refusal", None)}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_705_881,
        "model": "gpt-5-2025-08-07",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": USAGE,
    } | changes


def error_body(code: str | None, message: str = "It went wrong.") -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


def line(
    response_body: object, status_code: int | None = 200, custom_id: object = "usecases-1-2-4-r7", error: object = None
) -> dict[str, Any]:
    response = None if status_code is None else {"status_code": status_code, "request_id": "req_1", "body": response_body}
    return {"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": error}


def write(*lines: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def read_one(raw: bytes | Mapping[str, Any]) -> ResultLine:
    (found,) = read_lines([raw if isinstance(raw, bytes) else write(raw)])
    assert isinstance(found, ResultLine), found
    return found


def unreadable_one(raw: bytes) -> UnreadableLine:
    (found,) = read_lines([raw])
    assert isinstance(found, UnreadableLine), found
    return found
