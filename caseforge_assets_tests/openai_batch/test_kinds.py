"""The kind of a provider decides what goes over the wire: purpose, expiry, window, metadata, lists, further fields, the header of the key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caseforge_assets.batches.provider_kinds import KINDS, ListKind, Metadata, ProviderKind
from caseforge_assets.openai_batch.client import BatchClient
from caseforge_assets.openai_batch.errors import ProviderNotListing
from caseforge_assets_tests.openai_batch.calls import KEY
from caseforge_assets_tests.openai_batch.provider import BATCH, FILE, Provider, answering

EARLY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def scripted() -> Iterator[Provider]:
    with answering() as provider:
        provider.answers = answer
        yield provider


def answer(call: str) -> tuple[int, object] | None:
    method, path = call.split()
    if method == "GET" and path.partition("?")[0] in ("/v1/batches", "/v1/files"):
        return 200, {"object": "list", "data": [BATCH if "batches" in path else FILE], "has_more": False}
    return 200, (FILE if "/files" in path else BATCH)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "input.jsonl").write_text("{}\n")
    return tmp_path / "input.jsonl"


def client(provider: Provider, kind: ProviderKind) -> BatchClient:
    return BatchClient(provider.base_url, KEY, timeout_s=5, kind=kind)


def created(provider: Provider, kind: ProviderKind) -> dict[str, object]:
    client(provider, kind).create("file-1", kind.endpoint_of("chat/completions"), "s-1")
    return dict(json.loads(provider.sent[-1].body))


def test_openai_gets_what_it_always_got(scripted: Provider, path: Path) -> None:
    kind = KINDS["openai"]
    client(scripted, kind).upload(path, "caseforge-s.jsonl", "gpt-6.1-sol")
    assert scripted.sent[-1].form == {"purpose": "batch", "file": "{}\n"}
    assert created(scripted, kind) == {
        "input_file_id": "file-1",
        "endpoint": "/v1/chat/completions",
        "completion_window": "24h",
        "metadata": {"caseforge_submission": "s-1"},
    }
    client(scripted, kind).find_file("caseforge-s.jsonl", EARLY)
    list(client(scripted, kind).list_batches(EARLY))
    assert [sent.call for sent in scripted.sent[-2:]] == ["GET /v1/files?limit=100&order=desc&purpose=batch", "GET /v1/batches?limit=100"]
    assert {sent.headers["authorization"] for sent in scripted.sent} == {f"Bearer {KEY}"}


def test_azure_gets_its_key_header_its_endpoint_and_files_that_expire(scripted: Provider, path: Path) -> None:
    kind = KINDS["azure"]
    client(scripted, kind).upload(path, "caseforge-s.jsonl", "my-deployment")
    fourteen, thirty = "1209600", 2_592_000
    assert scripted.sent[-1].form == {
        "purpose": "batch",
        "expires_after[anchor]": "created_at",
        "expires_after[seconds]": fourteen,
        "file": "{}\n",
    }
    asked = created(scripted, kind)
    assert (asked["endpoint"], asked["completion_window"]) == ("/chat/completions", "24h")
    assert asked["output_expires_after"] == {"anchor": "created_at", "seconds": thirty}
    assert {sent.headers.get("api-key") for sent in scripted.sent} == {KEY}
    assert not any("authorization" in sent.headers for sent in scripted.sent)


def test_what_is_set_is_what_is_sent(scripted: Provider, path: Path) -> None:
    kind = replace(
        KINDS["custom"],
        file_purpose="batch-api",
        upload_fields={"target_model_names": "{model}", "team": "a b"},
        completion_window="7d",
        metadata=Metadata.not_sent,
        list_fields={"target_model_names": "sol"},
    )
    client(scripted, kind).upload(path, "caseforge-s.jsonl", "my-deployment")
    assert scripted.sent[-1].form == {"purpose": "batch-api", "target_model_names": "my-deployment", "team": "a b", "file": "{}\n"}
    asked = created(scripted, kind)
    assert asked == {"input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "7d"}
    list(client(scripted, kind).list_batches(EARLY))
    assert scripted.sent[-1].call == "GET /v1/batches?limit=100&target_model_names=sol"
    client(scripted, kind).find_file("other", EARLY)
    assert scripted.sent[-1].call == "GET /v1/files?limit=100&order=desc&purpose=batch-api&target_model_names=sol"
    whole = replace(kind, file_list=ListKind.whole, batch_list=ListKind.whole)
    client(scripted, whole).find_file("other", EARLY)
    list(client(scripted, whole).list_batches(EARLY))
    assert [sent.call for sent in scripted.sent[-2:]] == ["GET /v1/files?target_model_names=sol", "GET /v1/batches?target_model_names=sol"]


def test_a_list_that_comes_all_at_once_is_asked_without_anything(scripted: Provider) -> None:
    found = client(scripted, KINDS["groq"])
    assert [batch["id"] for batch in found.list_batches(EARLY)] == ["batch_1"]
    assert found.find_file("caseforge-s.jsonl", EARLY) == "file-1"
    assert [sent.call for sent in scripted.sent] == ["GET /v1/batches", "GET /v1/files"]


def test_a_list_that_comes_all_at_once_and_says_that_there_is_more_is_not_whole(scripted: Provider) -> None:
    scripted.answers = lambda _call: (200, {"data": [BATCH], "has_more": True})
    with pytest.raises(ProviderNotListing, match="the list does not end"):
        list(client(scripted, KINDS["groq"]).list_batches(EARLY))
    assert len(scripted.calls) <= 2


def test_what_an_unreliable_list_does_not_show_may_be_there(scripted: Provider) -> None:
    listed = client(scripted, KINDS["litellm"]).list_batches(EARLY)
    assert next(listed)["id"] == "batch_1"
    with pytest.raises(ProviderNotListing, match="may be there all the same"):
        next(listed)


def test_a_provider_without_lists_is_not_asked_for_them(scripted: Provider) -> None:
    asked = client(scripted, replace(KINDS["custom"], batch_list=ListKind.none, file_list=ListKind.none))
    with pytest.raises(ProviderNotListing, match="has no list"):
        list(asked.list_batches(EARLY))
    assert asked.find_file("caseforge-s.jsonl", EARLY) is None
    assert scripted.calls == []


def test_the_header_of_a_key_goes_to_nobody_else(scripted: Provider) -> None:
    with answering() as other:
        other.body = b"{}\n"
        scripted.answers = lambda _call: None
        scripted.status, scripted.headers = 302, {"location": f"{other.base_url}/anywhere/content"}
        found = client(scripted, KINDS["azure"])
        assert b"".join(found.download("file-1")) == b"{}\n"
        assert [KEY in str(sent.headers) for sent in other.sent] == [False]
        assert [sent.headers.get("api-key") for sent in scripted.sent] == [KEY]


def test_a_redirect_within_its_own_server_keeps_the_key(scripted: Provider) -> None:
    scripted.answers = lambda call: (200, {}) if "moved" in call else None
    scripted.status, scripted.headers = 302, {"location": "/v1/moved"}
    client(scripted, KINDS["azure"]).probe()
    assert [sent.headers.get("api-key") for sent in scripted.sent] == [KEY, KEY]
