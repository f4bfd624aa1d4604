"""Each fault as a client meets it, and how what a fault hits is chosen."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types import Batch

from caseforge_assets.batch_server import FaultSpecError, describe_faults
from caseforge_assets.batch_server.faults import read_faults
from caseforge_assets_tests.batch_server.requests_and_results import (
    choice,
    create,
    custom_ids,
    errors,
    output,
    request_line,
    run,
    stats,
    upload,
)

ASKED = [f"r{number}" for number in range(10)]
LINES = [request_line(custom_id) for custom_id in ASKED]


def test_truncate_leaves_nothing_but_reasoning(serve) -> None:
    client: OpenAI = serve(faults=["truncate:match=^r3$"])
    batch = run(client, LINES)
    [line] = [line for line in output(client, batch) if line["custom_id"] == "r3"]
    assert (choice(line)["message"]["content"], choice(line)["finish_reason"]) == ("", "length")
    usage = line["response"]["body"]["usage"]
    assert usage["completion_tokens"] == usage["completion_tokens_details"]["reasoning_tokens"] == 8_000
    others = [choice(other)["finish_reason"] for other in output(client, batch) if other["custom_id"] != "r3"]
    assert others == ["stop"] * 9


def test_truncate_content_cuts_it_off(serve) -> None:
    client: OpenAI = serve(faults=["truncate_content:share=0.25,match=^r3$"])
    whole: OpenAI = serve("whole")
    cut = {line["custom_id"]: choice(line) for line in output(client, run(client, LINES))}
    full = {line["custom_id"]: choice(line) for line in output(whole, run(whole, LINES))}
    text, full_text = cut["r3"]["message"]["content"], full["r3"]["message"]["content"]
    assert cut["r3"]["finish_reason"] == "length"
    assert full_text.startswith(text)
    assert len(text) == len(full_text) // 4
    assert cut["r4"] == full["r4"]


@pytest.mark.parametrize(
    ("fault", "status_code", "code"),
    [
        ("http_500", 500, "server_error"),
        ("http_429", 429, "rate_limit_exceeded"),
        ("http_429:code=insufficient_quota", 429, "insufficient_quota"),
    ],
)
def test_failed_lines_stand_in_the_error_file(serve, fault: str, status_code: int, code: str) -> None:
    client: OpenAI = serve(faults=[f"{fault}{',' if ':' in fault else ':'}match=^r[12]$"])
    batch = run(client, LINES)
    bad = errors(client, batch)
    assert sorted(custom_ids(bad)) == ["r1", "r2"]
    assert {(line["error"], line["response"]["status_code"], line["response"]["body"]["error"]["code"]) for line in bad} == {
        (None, status_code, code)
    }
    assert batch.request_counts is not None
    assert (batch.request_counts.completed, batch.request_counts.failed) == (8, 2)


def test_a_missing_line_is_in_neither_file(serve) -> None:
    client: OpenAI = serve(faults=["missing_line:match=^r5$"])
    batch = run(client, LINES)
    assert sorted(custom_ids(output(client, batch))) == [custom_id for custom_id in ASKED if custom_id != "r5"]
    assert batch.error_file_id is None


def test_a_batch_expires_at_the_share_that_was_asked_for(serve) -> None:
    client: OpenAI = serve(faults=["expire:batch=1,share=0.3"])
    batch = run(client, LINES, "expired")
    assert len(output(client, batch)) == 3
    assert {line["error"]["code"] for line in errors(client, batch)} == {"batch_expired"}
    assert len(errors(client, batch)) == 7
    assert run(client, LINES).status == "completed", "only the first batch was meant to expire"


def test_a_batch_is_rejected_for_a_line(serve) -> None:
    client: OpenAI = serve(faults=["reject:line=2,code=model_not_found,param=body.model,match=^r0$"])
    batch = run(client, LINES, "failed")
    assert batch.errors is not None
    assert batch.errors.data is not None
    assert [(error.code, error.line, error.param) for error in batch.errors.data] == [("model_not_found", 2, "body.model")]
    assert run(client, LINES[1:]).status == "completed"


def test_token_limit_counts_what_is_under_way(serve) -> None:
    client: OpenAI = serve(latency_s=0.4, faults=["token_limit_exceeded:limit=300"])
    first = create(client, LINES)
    refused = run(client, LINES, "failed")
    assert refused.errors is not None
    assert refused.errors.data is not None
    assert refused.errors.data[0].code == "token_limit_exceeded"
    assert "Limit: 300 enqueued tokens" in (refused.errors.data[0].message or "")
    while client.batches.retrieve(first.id).status != "completed":
        pass
    assert run(client, LINES).status == "completed"


def test_rates_are_kept_and_hit_other_requests_the_next_time(serve) -> None:
    lines = [request_line(f"r{number}") for number in range(200)]
    client: OpenAI = serve(faults=["http_500:rate=0.2"])
    first, second = (set(custom_ids(errors(client, run(client, lines)))) for _ in range(2))
    assert 20 < len(first) < 60
    assert first != second
    other: OpenAI = serve("other", faults=["http_500:rate=0.2"])
    assert set(custom_ids(errors(other, run(other, lines)))) == first, "the same run meets the same faults"


def test_a_fault_can_be_kept_from_retries(serve) -> None:
    client: OpenAI = serve(faults=["http_500:attempts=1,match=^r1$"])
    assert custom_ids(errors(client, run(client, LINES))) == ["r1"]
    assert errors(client, run(client, [request_line("r1", max_completion_tokens=16_000)])) == []
    renamed = {**request_line("r1"), "custom_id": "another-name-for-r1"}
    assert errors(client, run(client, [renamed])) == []


def test_faults_add_up(serve) -> None:
    client: OpenAI = serve(
        faults=["truncate:match=r1", "missing_line:match=r2", "http_500:match=r3", "http_429:match=r3", "expire:share=0.9"]
    )
    batch = run(client, LINES, "expired")
    lines = {line["custom_id"]: line for line in [*output(client, batch), *errors(client, batch)]}
    assert "r2" not in lines or lines["r2"]["error"]
    assert lines["r3"]["error"] or lines["r3"]["response"]["status_code"] == 429, "the later fault has the last word"
    assert len(lines) in (9, 10)


def make_batch(client: OpenAI) -> None:
    client.batches.create(input_file_id=upload(client, LINES), endpoint="/v1/chat/completions", completion_window="24h")


@pytest.mark.parametrize(("when", "created"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reply_error:status=503", openai.InternalServerError),
        ("reply_timeout:seconds=20", openai.APITimeoutError),
        ("reply_reset:call=1", openai.APIConnectionError),
    ],
)
def test_a_lost_reply_says_nothing_about_the_batch(serve, fault: str, error: type[Exception], when: str, created: int) -> None:
    client: OpenAI = serve(faults=[f"{fault},when={when}"])
    with pytest.raises(error):
        make_batch(client.with_options(timeout=0.5))
    assert len(client.batches.list().data) == created


def test_the_sdk_pays_twice_for_a_batch_whose_reply_was_lost(serve) -> None:
    client: OpenAI = serve(max_retries=2, faults=["reply_reset:call=1"])
    make_batch(client)
    assert stats(str(client.base_url).rstrip("/"))["batches_created"] == 2
    while any(batch.status != "completed" for batch in client.batches.list()):
        pass
    counts = stats(str(client.base_url).rstrip("/"))
    assert counts["answered"] == {"requests": 20, "distinct_bodies": 10, "max_multiplicity": 2}


def test_reply_faults_can_be_about_other_calls(serve) -> None:
    client: OpenAI = serve(faults=["reply_error:status=500,call=2-3,match=GET /v1/models"])
    outcomes = []
    for _ in range(4):
        response = httpx2.get(f"{client.base_url}models", headers={"Authorization": "Bearer any"})
        outcomes.append(response.status_code)
        assert response.headers["x-caseforge-simulated"] == "true"
    assert outcomes == [200, 500, 500, 200]


@pytest.mark.parametrize(
    "spec",
    [
        "nothing",
        "truncate:rate",
        "truncate:rate=x",
        "expire:shrae=1",
        "reject:line=x",
        "truncate:match=(",
        "expire:batch=a-b",
        "reply_reset:when",
    ],
)
def test_bad_specifications_are_refused(spec: str) -> None:
    with pytest.raises(FaultSpecError, match=spec.split(":")[0]):
        read_faults([spec])


def test_every_fault_is_described() -> None:
    assert all(what for _, what in describe_faults())
    assert {"truncate", "http_500", "missing_line"} <= {name for name, _ in describe_faults()}


def downloaded(client: OpenAI, batch: Batch) -> httpx2.Response:
    """The output file as it comes over HTTP, without the SDK's own tries and checks."""
    return httpx2.get(f"{client.base_url}files/{batch.output_file_id}/content", headers={"Authorization": "Bearer any"})


@pytest.mark.parametrize(
    "how", ["page", "empty", "no_content", "part", "half", "unsized", "closed", "error", "list", "strangers", "repeated", "errors"]
)
def test_a_wrong_download_looks_well(serve, how: str) -> None:
    client: OpenAI = serve(faults=[f"wrong_download:how={how},call=1"])
    batch = run(client, LINES)
    wrong, right = downloaded(client, batch), downloaded(client, batch)
    assert wrong.is_success
    assert wrong.content != right.content
    assert len(right.text.splitlines()) == len(LINES)
    shown = {
        "page": wrong.headers.get("content-type", "").startswith("text/html"),
        "empty": wrong.content == b"",
        "no_content": wrong.status_code == 204,
        "part": wrong.status_code == 206 and right.content.startswith(wrong.content) and "content-range" in wrong.headers,
        "half": right.text.splitlines()[:5] == wrong.text.splitlines(),
        "unsized": "content-length" not in wrong.headers and right.content.startswith(wrong.content),
        "closed": "content-length" not in wrong.headers and wrong.headers.get("connection") == "close",
        "error": "error" in wrong.text and "custom_id" not in wrong.text,
        "list": '"object": "list"' in wrong.text,
        "strangers": wrong.text.count("someone-else-r") == len(LINES),
        "errors": wrong.text.count('"status_code": 502') == len(LINES) and "choices" not in wrong.text,
        "repeated": wrong.text.splitlines() == right.text.splitlines()[:1] * len(LINES),
    }
    assert shown[how]


def test_a_download_of_blanks_has_the_right_length(serve) -> None:
    client: OpenAI = serve(faults=["wrong_download:how=blank,call=1"])
    batch = run(client, LINES)
    wrong, right = downloaded(client, batch), downloaded(client, batch)
    assert (wrong.content.strip(), len(wrong.content)) == (b"", len(right.content))


def test_a_gzip_stream_that_is_cut(serve) -> None:
    client: OpenAI = serve(faults=["wrong_download:how=gzip,call=1"])
    batch = run(client, LINES)
    wrong, right = downloaded(client, batch), downloaded(client, batch)
    assert wrong.headers["content-encoding"] == "gzip"
    assert right.content.startswith(wrong.content)
    assert len(wrong.content) < len(right.content)


@pytest.mark.parametrize(("status", "when", "created"), [(307, "after", 2), (308, "after", 2), (307, "before", 1)])
def test_the_sdk_follows_a_redirect_of_a_creation(serve, status: int, when: str, created: int) -> None:
    client: OpenAI = serve(faults=[f"reply_redirect:status={status},when={when},call=1"])
    make_batch(client)
    assert len(client.batches.list().data) == created


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422, 429])
def test_a_creation_is_refused_after_it_was_accepted(serve, status: int) -> None:
    client: OpenAI = serve(faults=[f"reply_error:status={status},call=1"])
    with pytest.raises(openai.APIStatusError) as refused:
        make_batch(client)
    assert refused.value.status_code == status
    assert len(client.batches.list().data) == 1


@pytest.mark.parametrize(("body", "start"), [("json", '{"error":'), ("page", "<html>"), ("none", "")])
def test_an_error_has_a_text_or_none(serve, body: str, start: str) -> None:
    client: OpenAI = serve(faults=[f"reply_error:status=503,body={body},match=GET /v1/models"])
    response = httpx2.get(f"{client.base_url}models", headers={"Authorization": "Bearer any"})
    assert (response.status_code, response.text[: len(start)], bool(response.text)) == (503, start, bool(start))


@pytest.mark.parametrize("how", ["null", "absent", "empty"])
def test_a_list_without_metadata(serve, how: str) -> None:
    client: OpenAI = serve(faults=[f"without_metadata:how={how}"])
    batch = create(client, LINES, metadata={"of": "mine"})
    [listed] = client.batches.list().data
    assert (listed.id, listed.input_file_id, listed.metadata or None) == (batch.id, batch.input_file_id, None)
    assert client.batches.retrieve(batch.id).metadata == {"of": "mine"}


def test_a_creation_is_answered_with_somebody_elses_batch(serve) -> None:
    client: OpenAI = serve(faults=["another_batch:call=2,when=after"])
    theirs = create(client, LINES)
    told = create(client, [request_line("other")])
    assert (told.id, told.input_file_id) == (theirs.id, theirs.input_file_id)
    assert len(client.batches.list().data) == 2


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
def test_a_creation_is_answered_with_a_batch_that_nobody_made(serve, when: str, made: int) -> None:
    client: OpenAI = serve(faults=[f"another_batch:when={when}"])
    told = create(client, LINES)
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve(told.id)
    assert told.metadata is None
    assert len(client.batches.list().data) == made


def looked_at(client: OpenAI, batch: Batch) -> dict[str, Any]:
    """A batch as it comes over HTTP."""
    found: dict[str, Any] = httpx2.get(f"{client.base_url}batches/{batch.id}", headers={"Authorization": "Bearer any-key"}).json()
    return found


@pytest.mark.parametrize(
    ("how", "field", "value"),
    [
        ("errors_text", "errors", "The batch could not be read."),
        ("errors_texts", "errors", ["The batch could not be read."]),
        ("nul", "note", "\x00"),
        ("surrogate", "note", "\ud83d"),
        ("status_number", "status", 7),
        ("status_null", "status", None),
        ("status_unknown", "status", "thinking_it_over"),
        ("counts_null", "request_counts", None),
        ("counts_text", "request_counts", "all"),
        ("created_text", "created_at", "yesterday"),
        ("files_number", "output_file_id", 12),
        ("metadata_text", "metadata", "none"),
        ("usage_text", "usage", "much"),
        ("huge", "note", "x" * 3_000_000),
    ],
)
def test_an_odd_batch(serve, how: str, field: str, value: object) -> None:
    client: OpenAI = serve(faults=[f"odd_batch:how={how},call=1,match=^GET /v1/batches/"])
    batch = create(client, LINES)
    odd, usual = looked_at(client, batch), looked_at(client, batch)
    assert odd[field] == value
    assert usual.get(field) != value


def test_a_list_that_never_ends(serve) -> None:
    client: OpenAI = serve(faults=["endless_list"])
    first, second = create(client, LINES), create(client, LINES)
    page = client.batches.list(limit=1)
    again = page.get_next_page()
    assert page.has_more
    assert again.has_more
    assert {batch.id for batch in page.data} <= {first.id, second.id}
    assert [batch.id for batch in again.data] == [batch.id for batch in page.data]
    files = client.files.list()
    shown_again = {file.id for file in files.get_next_page().data}  # and those that the batches have made meanwhile
    assert files.has_more
    assert {file.id for file in files.data} <= shown_again


def test_a_list_of_empty_pages_that_never_ends(serve) -> None:
    client: OpenAI = serve(faults=["endless_list:how=empty"])
    create(client, LINES)
    page = client.batches.list()
    assert (page.data, page.has_more) == ([], True)


@pytest.mark.parametrize(
    ("how", "written"), [("plain", "gsk/1 2"), ("quoted", "gsk%2F1%202"), ("base64", "Z3NrLzEgMg=="), ("basic", "dXNlcjpnc2svMSAy")]
)
def test_the_key_of_the_call_is_repeated(serve, how: str, written: str) -> None:
    client: OpenAI = serve(faults=[f"reply_with_key:how={how},call=1", f"batch_with_key:how={how}"])
    with client.with_options(api_key="gsk/1 2") as keyed:
        with pytest.raises(openai.AuthenticationError, match=written.replace("+", ".")):
            make_batch(keyed)
        batch = create(keyed, LINES)
        shown = keyed.batches.retrieve(batch.id).to_dict()
    assert shown["asked_with"] == f"Bearer {written}"
    assert written in str(shown["errors"])


def test_the_server_counts_what_its_faults_hit_and_what_its_answers_would_cost(serve) -> None:
    client: OpenAI = serve(faults=["http_500:match=^r[12]$", "body_as_text:match=^r3$", "reply_reset:call=7"])
    batch = run(client, LINES)
    counts = stats(str(client.base_url).rstrip("/"))
    assert counts["faults"] == {"http_500": 2, "body_as_text": 1, "reply_reset": 0}
    assert counts["inputs"] == {"files": 1, "distinct_names": 1}
    [(model, tokens)] = counts["usage"].items()
    answered = [line["response"]["body"] for line in output(client, batch)]
    read = [json.loads(body) if isinstance(body, str) else body for body in answered]
    assert model == "gpt-5"
    assert len(read) == 8
    assert (tokens["input"], tokens["output"]) == tuple(
        sum(body["usage"][name] for body in read) for name in ("prompt_tokens", "completion_tokens")
    )
