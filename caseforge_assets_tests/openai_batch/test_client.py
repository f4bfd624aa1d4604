"""The provider's door over real HTTP: each call, and what each kind of refusal means."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caseforge_assets.openai_batch import client as client_module
from caseforge_assets.openai_batch.client import SUBMISSION_KEY, BatchClient, ProviderIdentity
from caseforge_assets.openai_batch.errors import (
    ProviderError,
    ProviderFull,
    ProviderNotFound,
    ProviderRefused,
    ProviderStopped,
    ProviderUnclear,
)
from caseforge_assets_tests.openai_batch.calls import ENDPOINT, JUST_NOW, KEY
from caseforge_assets_tests.openai_batch.provider import Provider, answering
from caseforge_assets_tests.workbench import serving, stats


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("provider")) as url:
        yield url


@pytest.fixture
def client(base_url: str) -> BatchClient:
    return BatchClient(base_url, KEY, "org/project", timeout_s=10)


@pytest.fixture
def input_path(tmp_path: Path) -> Path:
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "Process: Bake bread"}], "max_completion_tokens": 8000}
    line = {"custom_id": "one", "method": "POST", "url": ENDPOINT, "body": body}
    path = tmp_path / "input.jsonl"
    path.write_text(json.dumps(line) + "\n")
    return path


@pytest.fixture
def odd() -> Iterator[Provider]:
    with answering() as provider:
        yield provider


def odd_client(odd: Provider) -> BatchClient:
    client = BatchClient(odd.base_url, KEY, timeout_s=5)
    client._sdk.max_retries = 0  # what retrying looks like is the SDK's own affair
    return client


def finished(client: BatchClient, remote_id: str) -> dict[str, object]:
    end = time.monotonic() + 20
    while (batch := client.retrieve(remote_id))["status"] != "completed":
        assert time.monotonic() < end, batch
        time.sleep(0.02)
    return batch


def test_clients_read_certificates_once_and_close_their_connections(base_url: str) -> None:
    clients = [BatchClient(base_url, KEY, timeout_s=10) for _ in range(3)]
    assert client_module._certificates.cache_info().misses == 1
    https = [client._sdk._client for client in clients]
    assert all(client.identify().simulated for client in clients)
    assert not any(http.is_closed for http in https)
    clients.clear()
    gc.collect()
    assert all(http.is_closed for http in https)


def test_the_local_server_says_that_it_is_simulated(client: BatchClient, base_url: str) -> None:
    assert client.identify() == ProviderIdentity(base_url, "org/project", simulated=True)


def test_a_server_that_says_nothing_bills(tmp_path: Path) -> None:
    with serving(tmp_path, bills=True) as url:
        assert not BatchClient(url, KEY).identify().simulated


def test_a_batch_goes_there_and_back(client: BatchClient, input_path: Path) -> None:
    file_id = client.upload(input_path, "caseforge-1.jsonl")
    batch = client.create(file_id, ENDPOINT, "submission-1")
    assert batch["metadata"] == {SUBMISSION_KEY: "submission-1"}
    done = finished(client, batch["id"])
    (line,) = b"".join(client.download(str(done["output_file_id"]))).splitlines()
    assert json.loads(line)["custom_id"] == "one"


def test_an_uploaded_file_is_found_by_its_name(client: BatchClient, input_path: Path) -> None:
    first = client.upload(input_path, "caseforge-found.jsonl")
    assert client.find_file("caseforge-found.jsonl", JUST_NOW) == first
    assert client.find_file("caseforge-other.jsonl", JUST_NOW) is None


def test_an_uploaded_file_is_found_on_a_later_page(client: BatchClient, input_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caseforge_assets.openai_batch.client.LIST_LIMIT", 1)
    first, *_ = (client.upload(input_path, name) for name in ("first.jsonl", "second.jsonl", "third.jsonl"))
    assert client.find_file("first.jsonl", JUST_NOW) == first


def test_files_from_before_the_batch_are_not_looked_at(client: BatchClient, input_path: Path) -> None:
    client.upload(input_path, "caseforge-old.jsonl")
    assert client.find_file("caseforge-old.jsonl", datetime.now(UTC) + timedelta(days=2)) is None


def test_batches_are_listed_over_all_pages_back_to_a_time(client: BatchClient, input_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LIST_LIMIT", 2)
    file_id = client.upload(input_path, "caseforge-many.jsonl")
    made = [client.create(file_id, ENDPOINT, f"many-{number}")["id"] for number in range(5)]
    assert [batch["id"] for batch in client.list_batches(JUST_NOW)][:5] == made[::-1]
    assert list(client.list_batches(datetime.now(UTC) + timedelta(days=2))) == []


def test_what_the_provider_does_not_know_is_said_to_be_so(client: BatchClient) -> None:
    with pytest.raises(ProviderNotFound, match="looking at batch batch_none"):
        client.retrieve("batch_none")
    with pytest.raises(ProviderNotFound, match="downloading file file-none"):
        list(client.download("file-none"))


def test_a_finished_batch_cannot_be_cancelled(client: BatchClient, input_path: Path) -> None:
    client._sdk.max_retries = 0  # the SDK repeats a 409, which changes nothing
    batch = client.create(client.upload(input_path, "caseforge-done.jsonl"), ENDPOINT, "done")
    finished(client, batch["id"])
    with pytest.raises(ProviderRefused, match="cancelling batch"):
        client.cancel(batch["id"])


def test_a_batch_under_way_is_cancelled(tmp_path: Path, input_path: Path) -> None:
    with serving(tmp_path, latency_s=60) as url:
        client = BatchClient(url, KEY)
        batch = client.create(client.upload(input_path, "caseforge-stop.jsonl"), ENDPOINT, "stop")
        assert client.cancel(batch["id"])["status"] == "cancelling"


@pytest.mark.parametrize(
    "fault", ["reply_error", "reply_reset", "reply_error:status=429", "reply_error:status=409", "reply_timeout:seconds=2"]
)
def test_creation_is_asked_for_once_whatever_the_answer(tmp_path: Path, input_path: Path, fault: str) -> None:
    with serving(tmp_path, faults=[fault]) as url:
        client = BatchClient(url, KEY, timeout_s=0.5)
        file_id = client.upload(input_path, "caseforge-once.jsonl")
        with pytest.raises(ProviderError):
            client.create(file_id, ENDPOINT, "once")
        assert stats(url)["batches_created"] == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, None, ProviderRefused),
        (307, None, ProviderRefused),
        (400, "billing_hard_limit_reached", ProviderStopped),
        (400, "model_not_found", ProviderStopped),
        (401, "invalid_api_key", ProviderStopped),
        (402, None, ProviderStopped),
        (403, None, ProviderStopped),
        (404, None, ProviderNotFound),
        (408, None, ProviderUnclear),
        (409, None, ProviderUnclear),
        (413, None, ProviderRefused),
        (422, None, ProviderRefused),
        (429, "rate_limit_exceeded", ProviderRefused),
        (429, "insufficient_quota", ProviderStopped),
        (429, "organization_spend_limit_exceeded", ProviderStopped),
        (500, None, ProviderUnclear),
        (500, "insufficient_quota", ProviderStopped),
        (503, "server_is_overloaded", ProviderUnclear),
    ],
)
def test_each_refusal_is_named_for_what_it_means(odd: Provider, status: int, code: str | None, kind: type[ProviderError]) -> None:
    odd.refuse(status, "The provider's own words.", code)
    with pytest.raises(ProviderError, match=f"creating the batch: HTTP {status}: ") as caught:
        odd_client(odd).create("file-1", ENDPOINT, "s")
    assert type(caught.value) is kind
    assert status == 307 or "The provider's own words." in str(caught.value)
    assert odd.calls == ["POST /v1/batches"]


@pytest.mark.parametrize("status", [400, 429, 500])
def test_an_account_that_is_full_says_how_many_tokens_may_wait(odd: Provider, status: int) -> None:
    odd.refuse(status, "Enqueued token limit reached. Limit: 2,000,000 enqueued tokens.", "token_limit_exceeded")
    with pytest.raises(ProviderFull) as caught:
        odd_client(odd).create("file-1", ENDPOINT, "s")
    assert caught.value.stated_limit == 2_000_000


def test_a_key_that_the_provider_repeats_does_not_reach_the_text(odd: Provider) -> None:
    odd.refuse(401, f"Incorrect API key provided: {KEY}. Find yours on the website.")
    with pytest.raises(ProviderStopped, match="Check OPENAI_API_KEY") as caught:
        odd_client(odd).identify()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"<html>maintenance</html>", "text/html"), (b"<html>maintenance</html>", "application/json"), (b"{}", "application/json")],
)
def test_an_answer_that_is_not_the_apis_is_unclear_and_never_taken_for_a_batch(odd: Provider, body: bytes, content_type: str) -> None:
    odd.body, odd.content_type = body, content_type
    client = odd_client(odd)
    with pytest.raises(ProviderUnclear, match="creating the batch: the answer is not that of a Batch API"):
        client.create("file-1", ENDPOINT, "s")
    with pytest.raises(ProviderUnclear, match="looking at batch b"):
        client.retrieve("b")


def test_a_download_that_breaks_off_is_not_taken_for_the_whole_file(odd: Provider) -> None:
    odd.body, odd.missing_bytes = b'{"custom_id": "one"}\n', 10
    with pytest.raises(ProviderUnclear, match="downloading file file-1"):
        list(odd_client(odd).download("file-1"))


def test_no_provider_at_all_is_unclear() -> None:
    client = BatchClient("http://127.0.0.1:9/v1", KEY)
    client._sdk.max_retries = 0
    with pytest.raises(ProviderUnclear, match="no connection to the provider"):
        client.identify()


def test_a_file_that_cannot_be_read_is_not_an_empty_upload(client: BatchClient, tmp_path: Path) -> None:
    with pytest.raises(ProviderUnclear, match=r"uploading the batch file: .*missing\.jsonl"):
        client.upload(tmp_path / "missing.jsonl", "caseforge-missing.jsonl")
