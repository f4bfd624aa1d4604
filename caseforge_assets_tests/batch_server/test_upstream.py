"""Requests that are answered by another server: a second instance of this one."""

from __future__ import annotations

import httpx2
from openai import OpenAI

from caseforge_assets_tests.batch_server.requests_and_results import (
    choice,
    create,
    custom_ids,
    errors,
    output,
    request_line,
    run,
    stats,
    wait_for,
)

ASKED = [f"r{number}" for number in range(30)]
LINES = [request_line(custom_id) for custom_id in ASKED]


def url(client: OpenAI) -> str:
    return str(client.base_url).rstrip("/")


def test_every_line_is_answered_by_the_upstream_server(serve) -> None:
    upstream: OpenAI = serve("upstream")
    client: OpenAI = serve(upstream=url(upstream) + "/", upstream_key="secret")
    batch = run(client, LINES)
    lines = {line["custom_id"]: line for line in output(client, batch)}
    assert sorted(lines) == sorted(ASKED)
    body = LINES[3]["body"]
    direct = upstream.chat.completions.create(**body)
    assert choice(lines["r3"])["message"]["content"] == direct.choices[0].message.content
    assert batch.usage is not None
    assert batch.usage.output_tokens > 0
    assert stats(url(upstream))["completions_since_start"] == 31


def test_with_an_upstream_server_nothing_claims_to_be_simulated(serve) -> None:
    upstream: OpenAI = serve("upstream")
    client: OpenAI = serve(upstream=url(upstream))
    for path in ("files", "batches", "models", "nowhere"):
        response = httpx2.get(f"{url(client)}/{path}", headers={"Authorization": "Bearer any"})
        assert "x-caseforge-simulated" not in response.headers
    assert [model.id for model in client.models.list()] == [model.id for model in upstream.models.list()]
    assert client.models.retrieve("gpt-5").id == "gpt-5"


def test_its_failures_are_error_lines(serve) -> None:
    upstream: OpenAI = serve("upstream", faults=["reply_error:status=503,code=overloaded,call=1-5,match=POST /v1/chat"])
    client: OpenAI = serve(upstream=url(upstream), upstream_concurrency=1)
    batch = run(client, LINES)
    bad = errors(client, batch)
    assert {(line["response"]["status_code"], line["response"]["body"]["error"]["code"]) for line in bad} == {(503, "overloaded")}
    assert (len(bad), len(output(client, batch))) == (5, 25)


def test_an_unreachable_one_fails_every_line(serve) -> None:
    client: OpenAI = serve(upstream="http://127.0.0.1:9/v1")
    batch = run(client, LINES)
    assert batch.output_file_id is None
    assert {line["response"]["body"]["error"]["code"] for line in errors(client, batch)} == {"upstream_unreachable"}
    assert sorted(custom_ids(errors(client, batch))) == sorted(ASKED)


def test_dropped_connections_are_error_lines(serve) -> None:
    upstream: OpenAI = serve("upstream", faults=["reply_reset:when=before,call=2,match=POST /v1/chat"])
    client: OpenAI = serve(upstream=url(upstream), upstream_concurrency=1)
    batch = run(client, LINES)
    assert [line["response"]["status_code"] for line in errors(client, batch)] == [502]


def test_a_cancelled_batch_asks_no_further(serve) -> None:
    upstream: OpenAI = serve("upstream", faults=["reply_delay:seconds=0.05,match=POST /v1/chat"])
    client: OpenAI = serve(upstream=url(upstream), upstream_concurrency=2)
    created = create(client, LINES)
    wait_for(client, created.id, "in_progress", completed=4)
    client.batches.cancel(created.id)
    batch = wait_for(client, created.id, "cancelled")
    answered = custom_ids(output(client, batch))
    assert 4 <= len(answered) < 30
    assert sorted(answered + custom_ids(errors(client, batch))) == sorted(ASKED)
    assert stats(url(upstream))["completions_since_start"] <= len(answered) + 2


def test_models_of_any_name_go_upstream(serve) -> None:
    upstream: OpenAI = serve("upstream")
    client: OpenAI = serve(upstream=url(upstream))
    batch = run(client, [request_line("a", model="qwen3:8b")])
    assert output(client, batch)[0]["response"]["body"]["model"] == "qwen3:8b"
