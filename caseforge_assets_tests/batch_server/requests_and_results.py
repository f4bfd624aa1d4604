"""Requests that the tests send, and ways to read the results."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Sequence
from typing import Any

from openai import OpenAI
from openai.types import Batch

FINAL = ("completed", "failed", "expired", "cancelled")
PATIENCE_S = 30


def request_line(custom_id: str, **body: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": f"Process: Plan the menu of {custom_id}\nDescription: Choosing dishes for guests."}]
    return {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "gpt-5", "messages": messages, "max_completion_tokens": 8000, **body},
    }


def jsonl(lines: Sequence[dict[str, Any] | str]) -> bytes:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()


def upload(client: OpenAI, lines: Sequence[dict[str, Any] | str]) -> str:
    return client.files.create(file=("requests.jsonl", jsonl(lines)), purpose="batch").id


def create(client: OpenAI, lines: Sequence[dict[str, Any] | str], **options: Any) -> Batch:
    return client.batches.create(input_file_id=upload(client, lines), endpoint="/v1/chat/completions", completion_window="24h", **options)


def wait_for(client: OpenAI, batch_id: str, *states: str, completed: int = 0) -> Batch:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        batch = client.batches.retrieve(batch_id)
        assert batch.request_counts is not None
        if batch.status in states and batch.request_counts.completed >= completed:
            return batch
        assert batch.status in states or batch.status not in FINAL, f"ended as {batch.status}: {batch.errors}"
        time.sleep(0.01)
    raise AssertionError(f"{batch_id} is {batch.status} after {PATIENCE_S} s")


def run(client: OpenAI, lines: Sequence[dict[str, Any] | str], *states: str) -> Batch:
    return wait_for(client, create(client, lines).id, *(states or ("completed",)))


def read_lines(client: OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()] if file_id else []


def output(client: OpenAI, batch: Batch) -> list[dict[str, Any]]:
    return read_lines(client, batch.output_file_id)


def errors(client: OpenAI, batch: Batch) -> list[dict[str, Any]]:
    return read_lines(client, batch.error_file_id)


def custom_ids(lines: Sequence[dict[str, Any]]) -> list[str]:
    return [line["custom_id"] for line in lines]


def choice(line: dict[str, Any]) -> dict[str, Any]:
    choices: list[dict[str, Any]] = line["response"]["body"]["choices"]
    return choices[0]


def stats(base_url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{base_url}/_caseforge/stats") as response:
        counts: dict[str, Any] = json.load(response)
    return counts
