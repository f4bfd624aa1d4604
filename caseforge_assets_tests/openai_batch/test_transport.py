"""Every call that is used, against every way in which an answer can go wrong: each has a name, and none takes longer than its time-out."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.openai_batch.errors import (
    ProviderError,
    ProviderNotFound,
    ProviderNotListing,
    ProviderRefused,
    ProviderStopped,
    ProviderUnclear,
)
from caseforge_assets_tests.openai_batch.calls import CALLS, KEY, TIMEOUT_S, client_of
from caseforge_assets_tests.openai_batch.provider import Provider, answering

TRIES_OF_THE_SDK = 4
STATUSES: list[tuple[int, str | None, type[ProviderError]]] = [
    (401, "invalid_api_key", ProviderStopped),
    (403, None, ProviderStopped),
    (404, None, ProviderNotFound),
    (408, None, ProviderUnclear),
    (409, None, ProviderRefused),
    (413, None, ProviderRefused),
    (429, "rate_limit_exceeded", ProviderUnclear),
    (429, "insufficient_quota", ProviderStopped),
    (500, None, ProviderUnclear),
    (503, None, ProviderUnclear),
]


@pytest.fixture
def odd() -> Iterator[Provider]:
    with answering() as provider:
        provider.retry_after_ms = 1  # the SDK's own pauses are not what is looked at
        yield provider


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "input.jsonl").write_text("{}\n")
    return tmp_path / "input.jsonl"


def fails(call: str, client: BatchClient, path: Path) -> ProviderError:
    started = time.monotonic()
    with pytest.raises(ProviderError) as caught:
        CALLS[call](client, path)
    assert time.monotonic() - started < TRIES_OF_THE_SDK * (TIMEOUT_S + 0.5)
    assert KEY not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(("status", "code", "kind"), STATUSES, ids=[f"{status}-{code}" for status, code, _ in STATUSES])
@pytest.mark.parametrize("call", CALLS)
def test_a_status_means_the_same_for_every_call(odd: Provider, path: Path, call: str, status: int, code: str | None, kind: type) -> None:
    odd.refuse(status, f"No. ({KEY})", code)
    if call == "find_file" and status in (403, 404):
        assert CALLS[call](client_of(odd), path) is None  # where files are not listed, one is uploaded once more, which costs nothing
        return
    error = fails(call, client_of(odd), path)
    of_create = {(409, None): ProviderUnclear, (429, "rate_limit_exceeded"): ProviderRefused}
    of_list = {(403, None): ProviderNotListing, (404, None): ProviderNotListing}
    of_this_call = {"create": of_create, "list_batches": of_list}.get(call, {})
    assert type(error) is of_this_call.get((status, code), kind)
    assert f"HTTP {status}: No." in str(error)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_too_many_calls_stop_nothing_with_whatever_status_they_are_refused(odd: Provider, path: Path, status: int) -> None:
    odd.refuse(status, "Slow down.", "rate_limit_exceeded")
    assert type(fails("retrieve", client_of(odd), path)) is ProviderUnclear


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_what_may_pass_is_tried_again_except_the_call_that_costs_money(odd: Provider, path: Path, call: str, status: int) -> None:
    odd.refuse(status, "Later.")
    fails(call, client_of(odd), path)
    assert len(odd.calls) == (1 if call == "create" else TRIES_OF_THE_SDK)


@pytest.mark.parametrize("call", CALLS)
def test_a_connection_that_is_reset_half_way_is_unclear(odd: Provider, path: Path, call: str) -> None:
    odd.body, odd.reset = b'{"object": "list", "data": []}' * 100, True
    client = client_of(odd)
    client._sdk.max_retries = 0
    assert type(fails(call, client, path)) is ProviderUnclear


@pytest.mark.parametrize("call", CALLS)
def test_a_body_that_stalls_ends_with_the_time_out(odd: Provider, path: Path, call: str) -> None:
    odd.body, odd.stall_s = b'{"object": "list", "data": []}' * 100, 30.0
    client = client_of(odd)
    client._sdk.max_retries = 0
    assert type(fails(call, client, path)) is ProviderUnclear


@pytest.mark.parametrize("call", sorted(CALLS.keys() - {"download", "identify"}))
@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"[1, 2]", b"null", b'{"object": "lis'])
def test_what_is_not_the_apis_answer_is_unclear(odd: Provider, path: Path, call: str, body: bytes) -> None:
    odd.body = body
    client = client_of(odd)
    client._sdk.max_retries = 0
    assert type(fails(call, client, path)) is ProviderUnclear


@pytest.mark.parametrize("call", CALLS)
def test_nobody_there_is_unclear(path: Path, call: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = BatchClient(f"http://127.0.0.1:{port}/v1", KEY, timeout_s=TIMEOUT_S)
    client._sdk.max_retries = 0
    error = fails(call, client, path)
    assert type(error) is ProviderUnclear
    assert "no connection to the provider" in str(error)


def test_a_download_shorter_than_announced_is_unclear(odd: Provider, path: Path) -> None:
    odd.body, odd.missing_bytes = b'{"custom_id": "one"}\n', 10
    client = client_of(odd)
    client._sdk.max_retries = 0
    assert type(fails("download", client, path)) is ProviderUnclear
