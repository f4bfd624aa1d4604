"""The endpoints under /v1/batches, and the life of a batch as a client sees it."""

from __future__ import annotations

import json

import openai
import pytest
from openai import OpenAI
from openai.types import Batch

from caseforge_assets.batch_server import RunningServer
from caseforge_assets.batch_server.limits import Limits
from caseforge_assets_tests.batch_server.requests_and_results import (
    choice,
    create,
    custom_ids,
    errors,
    output,
    read_lines,
    request_line,
    run,
    stats,
    upload,
    wait_for,
)

DAY_S = 86_400


def counts(batch: Batch) -> tuple[int, int, int]:
    assert batch.request_counts is not None
    return batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed


def test_the_whole_life_of_a_batch(serve) -> None:
    client: OpenAI = serve(latency_s=0.6)
    created = create(client, [request_line(f"r{number}") for number in range(40)], metadata={"k": "v"})
    assert (created.status, created.model, created.errors, created.output_file_id) == ("validating", None, None, None)
    assert created.expires_at == created.created_at + DAY_S
    assert counts(created) == (0, 0, 0)

    seen: list[tuple[str, int]] = [("validating", 0)]
    while seen[-1][0] != "completed":
        batch = client.batches.retrieve(created.id)
        total, completed, failed = counts(batch)
        assert (total, failed) == (0 if batch.status == "validating" else 40, 0)
        if seen[-1] != (batch.status, completed):
            seen.append((batch.status, completed))
    assert list(dict.fromkeys(state for state, _ in seen)) == ["validating", "in_progress", "finalizing", "completed"]
    assert [done for _, done in seen] == sorted(done for _, done in seen)
    assert len(seen) > 8, "the counts move while it is in progress"

    assert batch.metadata == {"k": "v"}
    assert batch.model == "gpt-5-2025-08-07"
    assert batch.in_progress_at is not None
    assert batch.finalizing_at is not None
    assert batch.completed_at is not None
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    assert (batch.failed_at, batch.expired_at, batch.cancelling_at, batch.cancelled_at) == (None, None, None, None)
    assert batch.error_file_id is None
    assert batch.output_file_id is not None
    file = client.files.retrieve(batch.output_file_id)
    assert (file.purpose, file.created_at) == ("batch_output", batch.completed_at)
    lines = output(client, batch)
    assert batch.usage is not None
    assert batch.usage.output_tokens == sum(line["response"]["body"]["usage"]["completion_tokens"] for line in lines)
    assert batch.usage.output_tokens_details.reasoning_tokens > 40_000


def test_a_result_line_looks_like_openais(client: OpenAI) -> None:
    [line] = output(client, run(client, [request_line("only-one")]))
    assert set(line) == {"id", "custom_id", "response", "error"}
    assert (line["custom_id"], line["error"], line["response"]["status_code"]) == ("only-one", None, 200)
    body = line["response"]["body"]
    assert (body["object"], body["model"]) == ("chat.completion", "gpt-5-2025-08-07")
    assert choice(line)["finish_reason"] == "stop"
    assert choice(line)["message"]["refusal"] is None
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert 1_000 <= usage["completion_tokens_details"]["reasoning_tokens"] < usage["completion_tokens"]
    assert openai.types.chat.ChatCompletion.model_validate(body).choices[0].message.content


@pytest.mark.slow
def test_a_thousand_lines_come_back_once_each_in_another_order(client: OpenAI, server: RunningServer) -> None:
    asked = [f"request-{number}" for number in range(1_000)]
    before = stats(server.base_url)
    batch = run(client, [request_line(custom_id) for custom_id in asked])
    answered = custom_ids(output(client, batch))
    assert counts(batch) == (1_000, 1_000, 0)
    assert sorted(answered) == sorted(asked)
    assert answered != asked
    after = stats(server.base_url)
    assert after["requests_accepted"] - before["requests_accepted"] == 1_000
    assert after["requests_answered"] - before["requests_answered"] == 1_000
    assert after["batches_created"] - before["batches_created"] == 1


@pytest.mark.slow
def test_250_batches_are_listed_page_by_page_newest_first(serve) -> None:
    client: OpenAI = serve(latency_s=1_000)
    file_id = upload(client, [request_line("a")])
    created = [
        client.batches.create(
            input_file_id=file_id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"number": str(number)}
        ).id
        for number in range(250)
    ]
    first = client.batches.list()
    assert [batch.id for batch in first.data] == created[:-21:-1]
    assert first.has_more
    assert [batch.id for batch in client.batches.list(limit=100)] == created[::-1]
    last = client.batches.list(limit=100, after=created[100])
    assert ([batch.id for batch in last.data], last.has_more) == (created[99::-1], False)
    assert last.model_dump()["first_id"] == created[99]
    assert last.model_dump()["last_id"] == created[0]
    assert last.data[0].metadata == {"number": "99"}
    with pytest.raises(openai.BadRequestError):
        client.batches.list(limit=101)
    with pytest.raises(openai.NotFoundError):
        client.batches.list(after="batch_unknown")


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"endpoint": "/v1/nonsense"}, "endpoint"),
        ({"completion_window": "1h"}, "completion_window"),
        ({"metadata": {"k": 1}}, "metadata.k"),
        ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
        ({"metadata": {"k" * 65: ""}}, "metadata"),
        ({"metadata": {"k": "v" * 513}}, "metadata"),
        ({"metadata": ["k"]}, "metadata"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 1}}, "output_expires_after.seconds"),
        ({"input_file_id": None}, "input_file_id"),
    ],
)
def test_bad_batches_are_refused_at_once(client: OpenAI, server: RunningServer, changes: dict, param: str) -> None:
    before = stats(server.base_url)["batches_created"]
    arguments = {"input_file_id": upload(client, [request_line("a")]), "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    with pytest.raises(openai.BadRequestError) as refused:
        client.batches.create(**{**arguments, **changes})
    assert refused.value.param == param
    assert stats(server.base_url)["batches_created"] == before


def test_a_file_with_another_purpose_is_refused(client: OpenAI) -> None:
    file = client.files.create(file=("a.jsonl", b"{}"), purpose="user_data")
    with pytest.raises(openai.BadRequestError, match="purpose"):
        client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")


def test_a_missing_file_fails_the_batch_later(client: OpenAI) -> None:
    created = client.batches.create(input_file_id="file-gone", endpoint="/v1/chat/completions", completion_window="24h")
    batch = wait_for(client, created.id, "failed")
    assert batch.errors is not None
    assert batch.errors.data is not None
    assert (batch.errors.data[0].code, batch.errors.data[0].param, batch.errors.data[0].line) == ("invalid_request", "file_id", None)


def test_deleting_the_input_does_not_stop_its_batch(serve) -> None:
    client: OpenAI = serve(latency_s=0.3)
    created = create(client, [request_line("a")])
    client.files.delete(created.input_file_id)
    assert custom_ids(output(client, wait_for(client, created.id, "completed"))) == ["a"]


BAD_LINES = {
    "no JSON": ("{not json", "invalid_json_line", None),
    "no object": ("[]", "invalid_json_line", None),
    "no custom_id": ({**request_line("x"), "custom_id": None}, "missing_required_parameter", "custom_id"),
    "no method": ({**request_line("x"), "method": None}, "missing_required_parameter", "method"),
    "no url": ({**request_line("x"), "url": None}, "missing_required_parameter", "url"),
    "no body": ({**request_line("x"), "body": None}, "missing_required_parameter", "body"),
    "no messages": (request_line("x", messages=None), "missing_required_parameter", "body.messages"),
    "another endpoint": ({**request_line("x"), "url": "/v1/embeddings"}, "invalid_url", "url"),
    "unknown model": (request_line("x", model="lama"), "model_not_found", "body.model"),
    "another model": (request_line("x", model="gpt-5-mini"), "mismatched_model", "body.model"),
    "streaming": (request_line("x", stream=True), "streaming_unsupported", "body.stream"),
    "repeated id": (request_line("good-0"), "duplicate_custom_id", "custom_id"),
    "surrogate id": (request_line("\ud800"), "invalid_type", "custom_id"),
}


@pytest.mark.parametrize("case", BAD_LINES)
def test_one_bad_line_fails_the_whole_batch(client: OpenAI, server: RunningServer, case: str) -> None:
    line, code, param = BAD_LINES[case]
    before = stats(server.base_url)["requests_accepted"]
    batch = run(client, [request_line("good-0"), request_line("good-1"), line, request_line("good-2")], "failed")
    assert batch.errors is not None
    assert batch.errors.data is not None
    assert [(error.code, error.line, error.param) for error in batch.errors.data] == [(code, 3, param)]
    assert batch.failed_at is not None
    assert (batch.in_progress_at, batch.output_file_id, batch.error_file_id) == (None, None, None)
    assert counts(batch) == (0, 0, 0)
    assert stats(server.base_url)["requests_accepted"] == before, "a refused batch costs nothing"


def test_an_empty_file_fails_the_batch(client: OpenAI) -> None:
    batch = run(client, ["", "   "], "failed")
    assert batch.errors is not None
    assert batch.errors.data is not None
    assert batch.errors.data[0].code == "empty_file"


def test_blank_lines_count_as_lines_but_ask_nothing(client: OpenAI) -> None:
    batch = run(client, [request_line("a"), "", request_line("b")])
    assert sorted(custom_ids(output(client, batch))) == ["a", "b"]
    failed = run(client, [request_line("a"), "", "{"], "failed")
    assert failed.errors is not None
    assert failed.errors.data is not None
    assert failed.errors.data[0].line == 3


def test_too_many_requests_fail_the_batch(serve) -> None:
    client: OpenAI = serve(limits=Limits(batch_requests=3))
    assert run(client, [request_line(str(number)) for number in range(3)]).status == "completed"
    assert run(client, [request_line(str(number)) for number in range(4)], "failed").status == "failed"


def test_requests_the_model_refuses_are_lines_of_the_error_file(client: OpenAI) -> None:
    batch = run(client, [request_line("warm", temperature=0.2), request_line("old", max_tokens=9), request_line("good", temperature=1)])
    assert counts(batch) == (3, 1, 2)
    assert custom_ids(output(client, batch)) == ["good"]
    bad = {line["custom_id"]: line["response"] for line in errors(client, batch)}
    assert {name: response["status_code"] for name, response in bad.items()} == {"warm": 400, "old": 400}
    assert bad["warm"]["body"]["error"]["code"] == "unsupported_value"
    assert bad["old"]["body"]["error"]["param"] == "max_tokens"


def test_a_batch_of_failures_is_completed_without_output(client: OpenAI) -> None:
    batch = run(client, [request_line("a", temperature=0), request_line("b", temperature=0)])
    assert (batch.status, batch.output_file_id) == ("completed", None)
    assert sorted(custom_ids(errors(client, batch))) == ["a", "b"]


def test_cancelling_half_way_keeps_what_was_answered(serve) -> None:
    client: OpenAI = serve(latency_s=1.5)
    asked = [f"r{number}" for number in range(200)]
    created = create(client, [request_line(custom_id) for custom_id in asked])
    wait_for(client, created.id, "in_progress", completed=5)
    cancelled = client.batches.cancel(created.id)
    assert cancelled.status == "cancelling"
    assert cancelled.cancelling_at is not None
    assert client.batches.cancel(created.id).cancelling_at == cancelled.cancelling_at
    batch = wait_for(client, created.id, "cancelled")
    answered, missed = custom_ids(output(client, batch)), errors(client, batch)
    assert 5 <= len(answered) < 200
    assert sorted([*answered, *custom_ids(missed)]) == sorted(asked)
    assert {(line["response"], line["error"]["code"]) for line in missed} == {(None, "batch_cancelled")}
    assert counts(batch) == (200, len(answered), 0)
    assert batch.cancelled_at is not None
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(created.id)


def test_cancelling_before_it_begins_answers_nothing(serve) -> None:
    client: OpenAI = serve(latency_s=2)
    created = create(client, [request_line("a"), request_line("b")])
    client.batches.cancel(created.id)
    batch = wait_for(client, created.id, "cancelled")
    assert batch.output_file_id is None
    assert sorted(custom_ids(errors(client, batch))) == ["a", "b"]


def test_only_open_batches_that_exist_can_be_cancelled(client: OpenAI) -> None:
    for lines, state in (([request_line("a")], "completed"), (["{"], "failed")):
        batch = run(client, lines, state)
        with pytest.raises(openai.ConflictError, match=state):
            client.batches.cancel(batch.id)
    for call in (client.batches.cancel, client.batches.retrieve):
        with pytest.raises(openai.NotFoundError):
            call("batch_unknown")


def test_a_day_passes_quickly_and_the_batch_expires_half_way(serve) -> None:
    client: OpenAI = serve(latency_s=2 * DAY_S, time_scale=DAY_S)
    asked = [f"r{number}" for number in range(100)]
    batch = run(client, [request_line(custom_id) for custom_id in asked], "expired")
    assert batch.expired_at in (batch.expires_at, (batch.expires_at or 0) + 1)
    answered, missed = custom_ids(output(client, batch)), errors(client, batch)
    assert 0 < len(answered) < 100
    assert sorted([*answered, *custom_ids(missed)]) == sorted(asked)
    assert {line["error"]["code"] for line in missed} == {"batch_expired"}
    assert counts(batch) == (100, len(answered), 0), "expired requests do not count as failed"


def test_the_same_request_gets_the_same_text_whenever_it_is_asked(serve) -> None:
    lines = [request_line(f"r{number}") for number in range(5)]
    texts = []
    for name in ("one", "two"):
        client: OpenAI = serve(name)
        batch = run(client, lines)
        texts.append({line["custom_id"]: choice(line)["message"]["content"] for line in output(client, batch)})
    assert texts[0] == texts[1]
    assert len(set(texts[0].values())) == 5


def test_answers_survive_text_that_is_hard_to_encode(client: OpenAI) -> None:
    nasty = 'Process: Plan \ud800 \x00 {braces} %s </b>\nDescription: \u2028 "quotes" \\ back\tslash 🍲'
    batch = run(client, [json.dumps(request_line("nasty", messages=[{"role": "user", "content": nasty}]))])
    [line] = read_lines(client, batch.output_file_id)
    assert "{braces}" in choice(line)["message"]["content"]


def test_immediate_answers_and_models(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-5-mini", messages=[{"role": "user", "content": "Process: Bake bread"}])
    assert answer.model == "gpt-5-mini-2025-08-07"
    assert "imulated" in (answer.choices[0].message.content or "")
    assert "gpt-5" in [model.id for model in client.models.list()]
    assert client.models.retrieve("gpt-5").id == "gpt-5"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing")
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="gpt-5", messages=[])
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "x"}], stream=True)
