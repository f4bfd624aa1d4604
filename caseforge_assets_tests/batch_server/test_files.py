"""The endpoints under /v1/files."""

from __future__ import annotations

from pathlib import Path

import httpx2
import openai
import pytest
from openai import OpenAI

from caseforge_assets.batch_server import RunningServer, serve_in_thread
from caseforge_assets.batch_server.limits import Limits
from caseforge_assets_tests.batch_server.requests_and_results import jsonl, request_line, upload

CONTENT = jsonl([request_line("a")])


def test_a_file_comes_back_as_it_was_sent_and_is_gone_when_deleted(client: OpenAI) -> None:
    content = "Käse, \u2028 and \x00 bytes\r\n".encode() * 10_000
    file = client.files.create(file=("a file with ä.jsonl", content), purpose="batch")
    assert (file.bytes, file.purpose, file.object, file.status) == (len(content), "batch", "file", "processed")
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).content == content
    assert client.files.delete(file.id).deleted
    for gone in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError, match="No such File object"):
            gone(file.id)


def test_an_empty_file_is_kept(client: OpenAI) -> None:
    file = client.files.create(file=("empty.jsonl", b""), purpose="batch")
    assert file.bytes == 0
    assert client.files.content(file.id).content == b""


def test_files_expire_when_they_are_meant_to(serve) -> None:
    client: OpenAI = serve(time_scale=7_200)
    file = client.files.create(file=("a.jsonl", CONTENT), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3_600})
    assert file.expires_at is not None
    assert file.expires_at - file.created_at in (3_599, 3_600, 3_601)
    while client.files.list().data:
        pass
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_lists_are_paged_filtered_and_ordered(serve) -> None:
    client: OpenAI = serve()
    ids = [upload(client, [request_line(str(number))]) for number in range(7)]
    other = client.files.create(file=("notes.txt", b"text"), purpose="user_data").id
    assert [file.id for file in client.files.list(limit=3, purpose="batch")] == ids[::-1]
    assert [file.id for file in client.files.list(limit=3, order="asc")] == [*ids, other]
    page = client.files.list(limit=2, after=ids[3])
    assert ([file.id for file in page.data], page.has_more) == ([ids[2], ids[1]], True)
    assert client.files.list(purpose="user_data").has_more is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"file": ("requests.txt", CONTENT), "purpose": "batch"}, "Must be .jsonl"),
        ({"file": ("requests.jsonl", CONTENT), "purpose": "fun"}, "is not one of"),
        (
            {"file": ("r.jsonl", CONTENT), "purpose": "batch", "expires_after": {"anchor": "created_at", "seconds": 5}},
            "expires_after.seconds",
        ),
        ({"file": ("r.jsonl", CONTENT), "purpose": "batch", "expires_after": {"anchor": "now", "seconds": 3600}}, "expires_after.anchor"),
    ],
)
def test_bad_uploads_are_refused(client: OpenAI, arguments: dict, message: str) -> None:
    before = len(client.files.list().data)
    with pytest.raises(openai.BadRequestError, match=message):
        client.files.create(**arguments)
    assert len(client.files.list().data) == before


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=-1", "order=up"])
def test_bad_list_parameters_are_refused(server: RunningServer, query: str) -> None:
    response = httpx2.get(f"{server.base_url}/files?{query}", headers={"Authorization": "Bearer any"})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == query.split("=")[0]


def test_uploads_that_are_no_forms_are_refused(server: RunningServer) -> None:
    headers = {"Authorization": "Bearer any"}
    for content_type in ("application/json", "multipart/form-data", "multipart/form-data; boundary=x"):
        response = httpx2.post(f"{server.base_url}/files", content=b"{}", headers={**headers, "Content-Type": content_type})
        assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error"), content_type
    response = httpx2.post(f"{server.base_url}/files", data={"purpose": "batch"}, files={"other": b"x"}, headers=headers)
    assert response.json()["error"]["param"] == "file"


def test_too_large_files_are_refused_and_leave_nothing_behind(tmp_path: Path) -> None:
    limits = Limits(file_bytes=300_000, batch_file_bytes=1_000)
    with serve_in_thread(tmp_path, limits=limits) as server, OpenAI(base_url=server.base_url, api_key="any", max_retries=0) as client:
        with pytest.raises(openai.BadRequestError, match=r"1,000 bytes is the most"):
            client.files.create(file=("a.jsonl", b"x" * 1_001), purpose="batch")
        with pytest.raises(openai.APIStatusError) as refused:
            client.files.create(file=("a.txt", b"x" * 500_000), purpose="user_data")
        assert refused.value.status_code == 413
        assert client.files.list().data == []
        assert list((tmp_path / "incoming").iterdir()) == []
        assert list((tmp_path / "files").iterdir()) == []


def test_a_key_is_needed_and_any_will_do(server: RunningServer) -> None:
    for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Basic eDp5"}):
        response = httpx2.get(f"{server.base_url}/files", headers=headers)
        assert response.status_code == 401
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    assert httpx2.get(f"{server.base_url}/files", headers={"Authorization": "Bearer k"}).status_code == 200


def test_every_response_says_that_it_is_simulated(server: RunningServer) -> None:
    for path in ("files", "batches", "models", "nowhere", "batches/batch_unknown", "_caseforge/stats"):
        for headers in ({}, {"Authorization": "Bearer k"}):
            assert httpx2.get(f"{server.base_url}/{path}", headers=headers).headers["x-caseforge-simulated"] == "true"


def test_unknown_addresses_are_errors_as_openai_words_them(server: RunningServer) -> None:
    response = httpx2.get(f"{server.base_url}/nowhere", headers={"Authorization": "Bearer k"})
    assert response.status_code == 404
    assert response.json()["error"]["message"] == "Invalid URL (GET /v1/nowhere)"
