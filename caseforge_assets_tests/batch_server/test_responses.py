"""/v1/responses: its batches, its answers as the SDK reads them, faults in that form, and servers behind that have it or have it not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types import Batch
from openai.types.responses import Response

from caseforge_assets_tests.batch_server.requests_and_results import (
    choice,
    custom_ids,
    errors,
    jsonl,
    output,
    request_line,
    run,
    stats,
    wait_for,
)
from caseforge_assets_tests.http_servers import answered_by

PATH = "/v1/responses"
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "score": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["title", "score"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "name": "idea", "strict": True, "schema": SCHEMA}


def line_of(custom_id: str, **body: Any) -> dict[str, Any]:
    asked = {"role": "user", "content": f"Process: Plan the menu of {custom_id}\nDescription: Choosing dishes for guests."}
    usual = {"model": "gpt-6.1-sol", "instructions": "Write.", "input": [asked], "max_output_tokens": 8_000, "store": False}
    return {"custom_id": custom_id, "method": "POST", "url": PATH, "body": {**usual, **body}}


LINES = [line_of(f"r{number}") for number in range(10)]


def run_responses(client: OpenAI, lines: list[dict[str, Any]], *states: str) -> Batch:
    file = client.files.create(file=("requests.jsonl", jsonl(lines)), purpose="batch")
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/responses", completion_window="24h")
    return wait_for(client, batch.id, *(states or ("completed",)))


def answers(client: OpenAI, batch: Batch) -> dict[str, Response]:
    return {line["custom_id"]: Response.model_validate(line["response"]["body"]) for line in output(client, batch)}


def test_a_batch_is_answered_in_the_form_of_its_endpoint(client: OpenAI) -> None:
    batch = run_responses(client, LINES)
    found = answers(client, batch)
    assert sorted(found) == sorted(line["custom_id"] for line in LINES)
    assert batch.endpoint == PATH
    answer = found["r3"]
    assert (answer.status, answer.error, answer.incomplete_details, answer.model) == ("completed", None, None, "gpt-6.1-sol")
    assert [item.type for item in answer.output] == ["reasoning", "message"]
    assert "menu" in answer.output_text
    assert batch.usage is not None
    assert batch.usage.input_tokens == sum(answer.usage.input_tokens for answer in found.values() if answer.usage)
    assert batch.usage.output_tokens == sum(answer.usage.output_tokens for answer in found.values() if answer.usage)


def test_what_asks_the_same_is_answered_the_same(client: OpenAI) -> None:
    asked: dict[str, Any] = LINES[0]["body"]
    messages = [{"role": "system", "content": asked["instructions"]}, *asked["input"]]
    chat = request_line("r0", model=asked["model"], messages=messages, max_completion_tokens=asked["max_output_tokens"])
    as_chat = output(client, run(client, [chat]))[0]
    answer = answers(client, run_responses(client, [LINES[0], line_of("text", input=messages[1]["content"])]))
    assert answer["r0"].output_text == answer["text"].output_text == choice(as_chat)["message"]["content"]
    usage, of_chat = answer["r0"].usage, as_chat["response"]["body"]["usage"]
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (of_chat["prompt_tokens"], of_chat["completion_tokens"])
    assert usage.output_tokens_details.reasoning_tokens == of_chat["completion_tokens_details"]["reasoning_tokens"]


def test_a_schema_is_held_to(client: OpenAI) -> None:
    answer = answers(client, run_responses(client, [line_of("a", text={"format": FORM, "verbosity": "low"})]))["a"]
    assert sorted(json.loads(answer.output_text)) == ["score", "title"]


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"messages": [{"role": "user", "content": "x"}]}, "messages", "unsupported_parameter"),
        ({"max_completion_tokens": 8_000}, "max_completion_tokens", "unsupported_parameter"),
        ({"response_format": FORM}, "response_format", "unsupported_parameter"),
        ({"reasoning_effort": "low"}, "reasoning_effort", "unsupported_parameter"),
        ({"max_output_tokens": 3}, "max_output_tokens", "integer_below_min_value"),
        ({"max_output_tokens": "many"}, "max_output_tokens", "invalid_type"),
        ({"text": "short"}, "text", "invalid_type"),
        ({"text": {"format": {**FORM, "name": None}}}, "text.format.name", "missing_required_parameter"),
        ({"text": {"format": {**FORM, "schema": {**SCHEMA, "required": []}}}}, "text.format", "invalid_json_schema"),
        ({"temperature": 0.3}, "temperature", "unsupported_value"),
    ],
)
def test_what_is_not_of_this_form_is_refused_by_its_name_here(client: OpenAI, body: dict[str, Any], param: str, code: str) -> None:
    [line] = errors(client, run_responses(client, [line_of("a", **body)]))
    error = line["response"]["body"]["error"]
    assert (line["response"]["status_code"], error["param"], error["code"]) == (400, param, code)
    assert param in error["message"] or code == "invalid_json_schema"


@pytest.mark.parametrize(
    ("line", "code", "param"),
    [
        (request_line("a"), "invalid_url", "url"),
        ({**line_of("a"), "url": "/v1/responses/"}, "invalid_url", "url"),
        (line_of("a", input=[]), "missing_required_parameter", "body.input"),
        (line_of("a", stream=True), "streaming_unsupported", "body.stream"),
    ],
)
def test_a_batch_with_a_line_that_does_not_belong_in_it_is_refused(client: OpenAI, line: dict[str, Any], code: str, param: str) -> None:
    batch = run_responses(client, [LINES[0], line], "failed")
    assert batch.errors is not None
    assert [(error.code, error.line, error.param) for error in batch.errors.data or []] == [(code, 2, param)]


def test_a_batch_of_chat_completions_takes_no_line_of_this_endpoint(client: OpenAI) -> None:
    batch = run(client, [request_line("b"), LINES[0]], "failed")
    assert batch.errors is not None
    assert [(error.code, error.line) for error in batch.errors.data or []] == [("invalid_url", 2)]


def test_a_model_that_has_only_this_endpoint_is_no_chat_model(client: OpenAI) -> None:
    [line] = errors(client, run(client, [request_line("a", model="gpt-5.5-pro")]))
    assert line["response"]["status_code"] == 404
    assert "only supported in v1/responses" in line["response"]["body"]["error"]["message"]
    assert answers(client, run_responses(client, [line_of("a", model="gpt-5.5-pro")]))["a"].model == "gpt-5.5-pro-2026-04-23"


def test_it_answers_at_once_as_well(client: OpenAI) -> None:
    answer = client.responses.create(model="gpt-6.1-sol", instructions="Write.", input="Process: Bake bread")
    assert "bread" in answer.output_text
    with pytest.raises(openai.BadRequestError, match="Missing required parameter: 'input'"):
        client.responses.create(model="gpt-6.1-sol")


ENDS = {
    "truncate": ("incomplete", "max_output_tokens", ["reasoning"]),
    "truncate_content:share=0.5": ("incomplete", "max_output_tokens", ["reasoning", "message"]),
    "content_filter": ("incomplete", "content_filter", ["reasoning", "message"]),
    "refusal": ("completed", None, ["reasoning", "message"]),
    "no_text": ("completed", None, ["reasoning", "message"]),
}


@pytest.mark.parametrize("fault", ENDS)
def test_faults_of_answers_have_this_form(serve, fault: str) -> None:
    client: OpenAI = serve(faults=[f"{fault}{',' if ':' in fault else ':'}match=^r3$"])
    found = answers(client, run_responses(client, LINES))
    hit, others = found.pop("r3"), found.values()
    reason = hit.incomplete_details.reason if hit.incomplete_details else None
    assert (hit.status, reason, [item.type for item in hit.output]) == ENDS[fault]
    assert {answer.status for answer in others} == {"completed"}
    if fault == "truncate":
        assert hit.usage is not None
        assert hit.usage.output_tokens == hit.usage.output_tokens_details.reasoning_tokens == 8_000
    if fault == "refusal":
        content = hit.output[1].model_dump()["content"]
        assert [part["type"] for part in content] == ["refusal"]


FORMLESS = [
    "http_500",
    "http_429",
    "http_400",
    "http_404",
    "context_length:tokens=2",
    "no_usage",
    "body_as_text",
    "long_answer:megabytes=0.01",
]


@pytest.mark.parametrize("fault", [*FORMLESS, "odd_characters", "repeated_line", "double_line", "section", "loose_json"])
def test_every_other_fault_works_here_too(serve, fault: str) -> None:
    client: OpenAI = serve(faults=[fault])
    text = {"text": {"format": FORM}} if fault == "loose_json" else {}
    batch = run_responses(client, [line_of("a", **text)])
    assert set(custom_ids([*output(client, batch), *errors(client, batch)])) == {"a"}


USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 7,
    "completion_tokens_details": {"reasoning_tokens": 3},
    "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 5},
}


def completion(message: object, finish_reason: str | None) -> dict[str, Any]:
    said = {"index": 0, "message": message, "finish_reason": finish_reason}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "own", "choices": [said], "usage": USAGE}


HALF = completion({"role": "assistant", "content": "Half of it", "refusal": None}, "length")


@contextmanager
def chat_only(answered: object = HALF) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that knows chat completions alone; also gives the bodies that it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path != "/v1/chat/completions":
                self._reply(404, {"detail": "Not Found"})
                return
            asked.append(body)
            self._reply(200, answered)

        def _reply(self, status: int, body: object) -> None:
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with answered_by(Handler) as url:
        yield f"{url}/v1", asked


def test_a_server_behind_that_has_chat_completions_only_is_asked_these(serve) -> None:
    with chat_only() as (url, asked):
        client: OpenAI = serve(upstream=url, upstream_concurrency=1)
        effort = {"reasoning": {"effort": "low"}, "text": {"format": FORM, "verbosity": "high"}}
        answer = answers(client, run_responses(client, [line_of("a", **effort), line_of("b")]))["a"]
    body = next(body for body in asked if "response_format" in body)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert (body["max_completion_tokens"], body["reasoning_effort"], body["verbosity"]) == (8_000, "low", "high")
    assert body["response_format"] == {"type": "json_schema", "json_schema": {"name": "idea", "strict": True, "schema": SCHEMA}}
    assert len(asked) == 2
    assert (answer.status, answer.output_text) == ("incomplete", "Half of it")
    assert answer.usage is not None
    details = answer.usage.input_tokens_details
    assert (answer.usage.input_tokens, details.cached_tokens, details.cache_write_tokens, answer.usage.output_tokens) == (20, 4, 5, 7)


@pytest.mark.parametrize(
    ("answered", "status", "text"),
    [
        (completion({"content": [{"type": "text", "text": "In "}, {"type": "text", "text": "parts"}]}, "stop"), "completed", "In \nparts"),
        (completion({"content": "No reason given"}, None), "completed", "No reason given"),
        (completion({"content": "Filtered"}, "content_filter"), "incomplete", "Filtered"),
        (completion("nothing of use", "stop"), "completed", ""),
    ],
)
def test_odd_completions_of_a_server_behind_become_responses(serve, answered: object, status: str, text: str) -> None:
    with chat_only(answered) as (url, _):
        client: OpenAI = serve(upstream=url)
        answer = answers(client, run_responses(client, [line_of("a")]))["a"]
    assert (answer.status, answer.output_text) == (status, text)


@pytest.mark.parametrize(
    "answered", [[], {"choices": []}, {"choices": 7}, {"error": {"message": "Overloaded."}}, "text", 7, {"usage": {"prompt_tokens": "x"}}]
)
def test_what_is_no_completion_is_left_as_it_came(serve, answered: object) -> None:
    with chat_only(answered) as (url, _):
        client: OpenAI = serve(upstream=url)
        batch = run_responses(client, [line_of("a")])
    assert [line["response"]["body"] for line in output(client, batch)] == [answered]


def test_a_server_behind_that_has_it_is_asked_as_it_was_asked(serve) -> None:
    upstream: OpenAI = serve("upstream")
    client: OpenAI = serve(upstream=str(upstream.base_url).rstrip("/"))
    found = answers(client, run_responses(client, LINES))
    direct = upstream.responses.create(**LINES[3]["body"])
    assert found["r3"].output_text == direct.output_text
    assert stats(str(upstream.base_url).rstrip("/"))["completions_since_start"] == len(LINES) + 1


def test_a_model_that_is_not_there_is_not_taken_for_a_missing_path(serve) -> None:
    upstream: OpenAI = serve("upstream", faults=["reply_error:status=404,code=model_not_found,match=POST /v1/responses"])
    client: OpenAI = serve(upstream=str(upstream.base_url).rstrip("/"))
    bad = errors(client, run_responses(client, LINES))
    assert {line["response"]["body"]["error"]["code"] for line in bad} == {"model_not_found"}
    assert len(bad) == len(LINES)
