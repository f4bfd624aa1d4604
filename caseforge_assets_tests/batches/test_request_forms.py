"""The two forms of a request, held against the SDK's own types."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

from caseforge_assets.batches.request_forms import body_to_send, endpoint_of, written_body, written_size
from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.stage import Source, StageSettings, definition_version, request_body, stage_version
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

SOURCE = Source("Advertise", "Process: Advertise\nDescription: „Schilder“ 🚲", ("Share of riders",), "# A document")
ELSEWHERE = StageSettings(endpoint="responses", reasoning_effort="low", verbosity="high", temperature=1)
CHAT = TypeAdapter(CompletionCreateParamsNonStreaming)
RESPONSES = TypeAdapter(ResponseCreateParamsNonStreaming)


def fields(adapter: TypeAdapter[Any]) -> set[str]:
    return set(adapter.json_schema()["properties"])


@pytest.mark.parametrize("key", [stage.key for stage in stages_as_they_come().shared])
def test_each_form_has_only_what_its_endpoint_knows(key: str) -> None:
    """A parameter of the other form is an error at the provider, and fails every line."""
    chat = body_to_send(request_body(stages_as_they_come()[key], StageSettings(), SOURCE))
    response = body_to_send(request_body(stages_as_they_come()[key], ELSEWHERE, SOURCE))
    CHAT.validate_python(chat)
    RESPONSES.validate_python(response)
    assert set(chat) <= fields(CHAT)
    assert set(response) <= fields(RESPONSES)


@pytest.mark.parametrize("key", [stage.key for stage in stages_as_they_come().shared])
def test_both_forms_say_the_same(key: str) -> None:
    asked = request_body(stages_as_they_come()[key], ELSEWHERE, SOURCE)
    body = body_to_send(asked)
    system, user = asked["messages"]
    assert (body["instructions"], body["input"]) == (system["content"], [user])
    assert body["max_output_tokens"] == asked["max_completion_tokens"]
    assert (body["reasoning"], body["text"]["verbosity"], body["temperature"], body["store"]) == ({"effort": "low"}, "high", 1.0, False)
    if "response_format" in asked:
        form = dict(body["text"]["format"])
        assert form.pop("type") == "json_schema"
        assert form == asked["response_format"]["json_schema"]
        assert form["strict"] is True


def test_what_is_stored_of_a_chat_completion_is_what_is_sent_and_what_was_sent_always() -> None:
    """Fingerprints and versions of all that was ever asked hang on it."""
    process = stages_as_they_come()["process_details"]
    asked = request_body(process, StageSettings("gpt-5", 1.0), SOURCE)
    assert sorted(asked) == ["max_completion_tokens", "messages", "model", "temperature"]
    text = canonical_json(asked)
    assert written_body(text, endpoint_of(asked)) == text
    assert stage_version(process, StageSettings("gpt-5", 1.0)) == definition_version(process)


def test_the_endpoint_is_part_of_what_is_asked() -> None:
    process = stages_as_they_come()["process_details"]
    here, there = (request_body(process, StageSettings(endpoint=endpoint), SOURCE) for endpoint in ("chat/completions", "responses"))
    assert here != there
    assert stage_version(process, StageSettings()) != stage_version(process, StageSettings(endpoint="responses"))
    assert there.pop("endpoint") == "responses"
    assert here == there


def test_the_size_is_that_of_what_is_written() -> None:
    asked = request_body(stages_as_they_come()["usecases"], ELSEWHERE, SOURCE)
    text = canonical_json(asked)
    written = written_body(text, "responses")
    assert written_size(asked, text) == len(written.encode()) != len(text)
    assert json.loads(written) == body_to_send(asked)


@pytest.mark.parametrize(
    ("messages", "instructions", "left"),
    [
        ([("user", "a")], None, [("user", "a")]),
        ([("system", "s")], None, [("system", "s")]),
        ([("system", "s"), ("user", "a"), ("assistant", "b"), ("user", "c")], "s", [("user", "a"), ("assistant", "b"), ("user", "c")]),
        ([("developer", "d"), ("user", "a")], None, [("developer", "d"), ("user", "a")]),
        ([("system", "s"), ("system", "t"), ("user", "a")], "s", [("system", "t"), ("user", "a")]),
    ],
)
def test_messages_of_a_stage_of_ones_own_all_arrive_in_their_order(
    messages: list[tuple[str, str]], instructions: str | None, left: list[tuple[str, str]]
) -> None:
    said = [{"role": role, "content": text} for role, text in messages]
    body = body_to_send({"model": "m", "messages": said, "max_completion_tokens": 9, "endpoint": "responses"})
    assert body.get("instructions") == instructions
    assert [(item["role"], item["content"]) for item in body["input"]] == left


def test_a_format_that_is_no_schema_stays_what_it_is() -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_completion_tokens": 9, "endpoint": "responses"}
    assert body_to_send(asked | {"response_format": {"type": "json_object"}})["text"] == {"format": {"type": "json_object"}}
    assert "text" not in body_to_send(asked)
    without_type = {"json_schema": {"name": "n", "schema": {}}}
    assert body_to_send(asked | {"response_format": without_type})["text"] == {"format": {"name": "n", "schema": {}}}, (
        "its provider will judge"
    )
