"""Requests that are answered by another server: a second instance of this one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx2
import pytest
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
from caseforge_assets_tests.http_servers import answered_by

ASKED = [f"r{number}" for number in range(30)]
LINES = [request_line(custom_id) for custom_id in ASKED]


def url(client: OpenAI) -> str:
    return str(client.base_url).rstrip("/")


def test_every_line_is_answered_by_the_upstream_server(serve) -> None:
    upstream: OpenAI = serve("upstream")
    client: OpenAI = serve(upstream=url(upstream) + "/", upstream_key="secret", upstream_concurrency=8)
    batch = run(client, LINES)
    lines = {line["custom_id"]: line for line in output(client, batch)}
    assert sorted(lines) == sorted(ASKED)
    body = LINES[3]["body"]
    direct = upstream.chat.completions.create(**body)
    assert choice(lines["r3"])["message"]["content"] == direct.choices[0].message.content
    assert batch.usage is not None
    assert batch.usage.output_tokens > 0
    refused = stats(url(upstream))["completions_since_start"] - 31  # the first ones, with both names of the budget, which it does not take
    assert 1 <= refused <= 8


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
    assert stats(url(upstream))["completions_since_start"] <= len(answered) + 4  # the first two were refused with both names of the budget


def test_models_of_any_name_go_upstream(serve) -> None:
    upstream: OpenAI = serve("upstream")
    client: OpenAI = serve(upstream=url(upstream))
    batch = run(client, [request_line("a", model="qwen3:8b")])
    assert output(client, batch)[0]["response"]["body"]["model"] == "qwen3:8b"


Body = dict[str, Any]


@contextmanager
def scripted(reply: Callable[[Body], tuple[int, Body]]) -> Iterator[tuple[str, list[Body]]]:
    """A server that answers each request as it is told; gives its base URL and the bodies that it was sent."""
    asked: list[Body] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status_code, body = reply(asked[-1])
            data = json.dumps(body).encode()
            self.send_response(status_code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with answered_by(Handler) as url:
        yield f"{url}/v1", asked


def answered(body: Body) -> tuple[int, Body]:
    choices = [{"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}]
    return 200, {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": choices}


def test_a_server_that_knows_only_max_tokens_is_told_the_budget(serve) -> None:
    with scripted(answered) as (base_url, asked):
        client: OpenAI = serve(upstream=base_url)
        run(client, [request_line("a", max_completion_tokens=500), request_line("b", max_completion_tokens=700)])
    assert sorted((body["max_tokens"], body["max_completion_tokens"]) for body in asked) == [(500, 500), (700, 700)]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_server_that_refuses_one_of_the_names_is_sent_the_other(serve, name: str) -> None:
    def reply(body: Body) -> tuple[int, Body]:
        if name not in body:
            return answered(body)
        return 400, {"error": {"message": f"Unsupported parameter: '{name}'.", "code": "unsupported_parameter", "param": name}}

    with scripted(reply) as (base_url, asked):
        client: OpenAI = serve(upstream=base_url, upstream_concurrency=1)
        batch = run(client, [request_line(custom_id, max_completion_tokens=500) for custom_id in ("a", "b")])
    assert len(output(client, batch)) == 2
    other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}[name]
    assert [(other in body, name in body) for body in asked[-2:]] == [(True, False)] * 2
    assert len(asked) == (3 if name == "max_tokens" else 4)


def test_another_refusal_is_not_asked_twice(serve) -> None:
    def reply(_: Body) -> tuple[int, Body]:
        return 400, {
            "error": {"message": "max_tokens is too large: 500. This model writes at most 100.", "param": "max_tokens", "code": None}
        }

    with scripted(reply) as (base_url, asked):
        client: OpenAI = serve(upstream=base_url)
        assert len(errors(client, run(client, [request_line("a", max_completion_tokens=500)]))) == 1
    assert len(asked) == 1
