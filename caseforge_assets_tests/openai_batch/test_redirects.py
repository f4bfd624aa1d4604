"""Redirects: what makes something is never made elsewhere, and nobody but the configured provider gets the key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.openai_batch.errors import ProviderError, ProviderRefused
from caseforge_assets_tests.openai_batch.calls import CALLS, ENDPOINT, KEY
from caseforge_assets_tests.openai_batch.provider import Provider, answering

BATCH = {"id": "batch_1", "object": "batch", "status": "in_progress", "created_at": 1790705881}
REDIRECTS = [301, 302, 303, 307, 308]


@pytest.fixture
def configured() -> Iterator[Provider]:
    with answering() as provider:
        yield provider


@pytest.fixture
def other() -> Iterator[Provider]:
    with answering() as provider:
        provider.body = json.dumps(BATCH).encode()
        yield provider


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "input.jsonl").write_text("{}\n")
    return tmp_path / "input.jsonl"


def redirecting(configured: Provider, status: int, to: str) -> BatchClient:
    configured.status, configured.headers = status, {"location": to}
    client = BatchClient(configured.base_url, KEY, timeout_s=5)
    client._sdk.max_retries = 0
    return client


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("call", ["create", "upload", "cancel"])
def test_what_makes_something_is_not_made_elsewhere(configured: Provider, other: Provider, path: Path, call: str, status: int) -> None:
    client = redirecting(configured, status, f"{other.base_url}/batches?token=s3cret")
    with pytest.raises(ProviderRefused, match=r"is redirected to .*/batches, which is not followed") as caught:
        CALLS[call](client, path)
    assert "s3cret" not in str(caught.value)
    assert len(configured.calls) == 1
    assert other.calls == []


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_creation_is_not_sent_again_to_another_address_of_the_same_server(configured: Provider, status: int) -> None:
    with pytest.raises(ProviderRefused):
        redirecting(configured, status, "/v1/other/batches").create("file-1", ENDPOINT, "s")
    assert configured.calls == ["POST /v1/batches"]


@pytest.mark.parametrize("call", ["identify", "find_file", "list_batches", "retrieve"])
def test_what_is_asked_is_not_asked_of_another_server(configured: Provider, other: Provider, path: Path, call: str) -> None:
    with pytest.raises(ProviderError, match="which is not followed"):
        CALLS[call](redirecting(configured, 307, f"{other.base_url}/batches"), path)
    assert other.calls == []


def test_what_is_read_may_have_moved_within_its_server(configured: Provider) -> None:
    client = redirecting(configured, 307, "/v2/batches/batch_1")
    configured.answers = lambda call: (200, BATCH) if "/v2/" in call else None
    assert client.retrieve("batch_1")["id"] == "batch_1"


def test_a_file_may_lie_at_another_server_which_gets_no_key(configured: Provider, other: Provider) -> None:
    other.body = b"a line\n"
    assert b"".join(redirecting(configured, 302, f"{other.base_url}/blob?signature=1").download("file-1")) == b"a line\n"
    assert configured.keys == [f"Bearer {KEY}"]
    assert other.keys == [None]
