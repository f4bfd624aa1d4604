"""Every call that the provider's door knows, with what tests give it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets_tests.openai_batch.provider import Provider

ENDPOINT = "/v1/chat/completions"
KEY = "sk-test-Ab12Cd34Ef56"
JUST_NOW = datetime.now(UTC) - timedelta(minutes=1)
TIMEOUT_S = 0.5
Call = Callable[[BatchClient, Path], Any]
CALLS: dict[str, Call] = {
    "identify": lambda client, _: client.identify(),
    "upload": lambda client, path: client.upload(path, "caseforge-x.jsonl"),
    "find_file": lambda client, _: client.find_file("caseforge-x.jsonl", JUST_NOW),
    "create": lambda client, _: client.create("file-1", ENDPOINT, "s"),
    "list_batches": lambda client, _: list(client.list_batches(JUST_NOW)),
    "retrieve": lambda client, _: client.retrieve("batch_1"),
    "cancel": lambda client, _: client.cancel("batch_1"),
    "download": lambda client, _: list(client.download("file-1")),
}


def client_of(odd: Provider) -> BatchClient:
    """A client that loses patience soon."""
    return BatchClient(odd.base_url, KEY, timeout_s=TIMEOUT_S, upload_timeout_s=TIMEOUT_S)
