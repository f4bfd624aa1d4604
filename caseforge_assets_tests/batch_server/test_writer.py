"""The built-in writer answers a request by its schema, its sections and its subject."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from caseforge_assets.batch_server.writer.completion import complete
from caseforge_assets.batch_server.writer.subject import read_subject
from caseforge_assets_tests.batch_server.schema_check import violations

TEXT = {"type": "string"}


def strict(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False, **more}


IDEA = strict(
    {
        "title": TEXT,
        "description": TEXT,
        "complexity": {"type": "string", "enum": ["Low", "Medium", "High"]},
        "success_metrics": {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 3},
        "timeline": TEXT,
    }
)
SCHEMAS = {
    "a list of ideas": strict({"ideas": {"type": "array", "minItems": 6, "maxItems": 10, "items": IDEA}}),
    "nulls and unions": strict(
        {
            "a": {"type": ["string", "null"]},
            "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "c": {"anyOf": [{"type": "boolean"}, strict({"x": {"type": "number"}})]},
            "d": {"type": "null"},
            "e": {"const": "fixed"},
            "f": {"enum": [1, "two", None]},
        }
    ),
    "numbers": strict(
        {
            "year": {"type": "integer", "minimum": 2020, "maximum": 2030},
            "share": {"type": "number", "minimum": 0, "maximum": 1},
            "step": {"type": "number", "multipleOf": 0.25, "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "even": {"type": "integer", "multipleOf": 2, "minimum": 3, "maximum": 5},
            "below": {"type": "integer", "maximum": -5},
            "any": {"type": "number"},
        }
    ),
    "references": strict(
        {"first": {"$ref": "#/$defs/idea"}, "others": {"type": "array", "items": {"$ref": "#/$defs/idea"}, "maxItems": 2}},
        **{"$defs": {"idea": IDEA}},
    ),
    "recursion": strict(
        {"tree": {"$ref": "#/$defs/node"}},
        **{
            "$defs": {
                "node": strict(
                    {
                        "name": TEXT,
                        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    }
                )
            }
        },
    ),
    "root recursion": strict({"value": TEXT, "rest": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}),
    "lengths and patterns": strict(
        {
            "short": {"type": "string", "maxLength": 10},
            "long": {"type": "string", "minLength": 900},
            "any": {"type": "string", "pattern": "\\w"},
        }
    ),
    "formats": strict({"day": {"type": "string", "format": "date"}, "mail": {"type": "string", "format": "email"}}),
    "fixed length": strict({"three": {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "maxItems": 3}}),
    "nothing": strict({}),
    "deep": strict(
        {"a": strict({"b": strict({"c": strict({"d": {"type": "array", "items": {"type": "array", "items": TEXT, "minItems": 1}}})})})}
    ),
}


def request(name: str = "Plan the seasonal menu", *, system: str = "Write.", **body: Any) -> dict[str, Any]:
    user = f"Category: Kitchen\nProcess: {name}\nDescription: Choosing dishes with regard to supply, capacity and guests."
    return {"model": "gpt-5", "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}], **body}


def with_schema(schema: dict[str, Any], name: str = "Plan the seasonal menu") -> dict[str, Any]:
    return request(name, response_format={"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}})


def content(body: dict[str, Any]) -> str:
    answer = complete(body, 0)
    assert answer.ok, answer.body
    text: str = answer.body["choices"][0]["message"]["content"]
    return text


@pytest.mark.parametrize("name", SCHEMAS)
def test_json_obeys_its_schema(name: str) -> None:
    schema = SCHEMAS[name]
    for number in range(25):
        value = json.loads(content(with_schema(schema, f"Plan menu {number}")))
        assert violations(value, schema, schema) == []


def test_the_judge_of_schemas_finds_faults() -> None:
    schema = SCHEMAS["a list of ideas"]
    good = json.loads(content(with_schema(schema)))
    idea = good["ideas"][0]
    for bad in (
        {"ideas": []},
        {},
        {"ideas": [{**idea, "complexity": "?"}] * 6},
        {"ideas": [{**idea, "more": 1}] * 6},
        {"ideas": [{**idea, "title": 1}] * 6},
    ):
        assert violations(bad, schema, schema)


def test_lists_vary_in_length_and_titles_are_short_and_different() -> None:
    lengths = set()
    for number in range(40):
        ideas = json.loads(
            content(with_schema(SCHEMAS["a list of ideas"], f"Plan the very long and rather complicated seasonal menu of guests {number}"))
        )["ideas"]
        titles = [idea["title"] for idea in ideas]
        assert len(set(titles)) == len(titles)
        assert max(map(len, titles)) < 80
        lengths.add(len(ideas))
    assert lengths == {6, 7, 8, 9, 10}


def test_many_titles_are_still_different() -> None:
    schema = strict({"names": {"type": "array", "minItems": 300, "maxItems": 300, "items": strict({"title": TEXT, "summary": TEXT})}})
    titles = [entry["title"] for entry in json.loads(content(with_schema(schema)))["names"]]
    assert len(set(titles)) == 300
    assert max(map(len, titles)) < 80


def test_json_says_once_that_it_is_simulated_and_speaks_of_its_subject() -> None:
    for schema in (
        SCHEMAS["a list of ideas"],
        SCHEMAS["references"],
        strict({"titles": {"type": "array", "items": strict({"title": TEXT})}}),
    ):
        text = content(with_schema(schema))
        assert text.count("(Simulated by the local Batch API server.)") == 1
        assert "seasonal menu" in text


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ({"type": "object", "properties": {"a": TEXT}, "required": ["a"]}, "invalid_json_schema"),
        ({"type": "object", "properties": {"a": TEXT}, "required": [], "additionalProperties": False}, "invalid_json_schema"),
        (strict({"a": {"allOf": [TEXT]}}), "invalid_json_schema"),
        (strict({"a": {"type": "array", "items": {"type": "object", "properties": {}}}}), "invalid_json_schema"),
        (strict({"a": {"$ref": "#/$defs/nowhere"}}), "invalid_json_schema"),
        (strict({"a": {"type": "string", "pattern": "^[0-9]{40}$"}}), "invalid_json_schema"),
        (strict({"a": {"type": "integer", "minimum": 5, "maximum": 4}}), "invalid_json_schema"),
    ],
)
def test_schemas_that_are_not_strict_or_can_not_be_met_are_refused(schema: dict, code: str) -> None:
    answer = complete(with_schema(schema), 0)
    assert (answer.status_code, answer.body["error"]["code"]) == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        {"max_completion_tokens": "many"},
        {"max_completion_tokens": -1},
        {"response_format": "json"},
        {"response_format": {"type": "json_schema"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object", "properties": ["a"]}}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": {"properties": ["a"]}}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "array", "minItems": "3"}}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"enum": []}}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "fish"}}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "string", "pattern": "("}}}},
    ],
)
def test_requests_that_make_no_sense_are_refused(body: dict) -> None:
    answer = complete(request(**body), 0)
    assert answer.status_code == 400
    assert answer.body["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "messages", [["text"], [{"role": "user"}], [{"role": "user", "content": [1, {"text": 2}]}], {"role": "user"}, "text"]
)
def test_odd_messages_do_not_break_it(messages: object) -> None:
    assert content({"model": "gpt-5", "messages": messages})


def test_null_settings_count_as_absent() -> None:
    assert content(request(response_format=None, temperature=None, max_tokens=None, max_completion_tokens=None)).startswith("# Plan")


def test_a_json_object_is_written_where_one_is_asked_for() -> None:
    assert "imulated" in json.loads(content(request(response_format={"type": "json_object"})))["description"]


def test_documents_have_exactly_the_sections_that_were_asked_for() -> None:
    asked = [
        "Overview",
        "Key Activities",
        "Process Steps",
        "Roles and Responsibilities",
        "Performance Metrics (KPIs)",
        "Technology & Tools",
    ]
    system = "Use these sections:\n" + "\n".join(f"## {heading}" for heading in asked)
    text = content(request(system=system))
    assert re.findall(r"(?m)^## (.*)$", text) == asked
    assert text.startswith("# Plan the seasonal menu\n")
    assert 400 <= len(text.split()) <= 900
    first = text.split("## ")[1]
    assert "> *Simulated by the local Batch API server" in first
    assert "Choosing dishes with regard to supply" in first
    for section in text.split("## ")[1:]:
        assert len(section.split()) > 25


def test_ten_sections_still_make_one_document_of_some_length() -> None:
    system = "\n".join(f"## Section {number} on inputs" for number in range(10))
    assert 400 <= len(content(request(system=system)).split()) <= 900


def test_a_title_is_left_out_where_none_is_wanted() -> None:
    system = "# Instructions\nBegin with the first heading: no title, no preface.\n## Overview\n## Steps"
    assert content(request(system=system)).startswith("## Overview\n")


def test_without_sections_it_writes_plain_paragraphs() -> None:
    text = content({"model": "gpt-4o", "messages": [{"role": "user", "content": "Tell me about bread"}]})
    assert text.startswith("# Tell me about bread\n")
    assert "imulated" in text


@pytest.mark.parametrize(
    ("text", "name", "description"),
    [
        ("Process: Bake bread\nDescription: With flour.", "Bake bread", "With flour."),
        ("- **Current process:** Bake bread\n- **Description:** With flour.", "Bake bread", "With flour."),
        ("CURRENT PROCESS NAME: Bake bread", "Bake bread", ""),
        ("Parent: Kitchen\nName: Bake bread", "Bake bread", ""),
        ("Name: Kitchen\nProcess: Bake bread", "Bake bread", ""),
        ("\n\n# Bake bread\nsoon", "Bake bread", ""),
        ("Process:\nName: Bake bread", "Bake bread", ""),
        ("", "the request", ""),
    ],
)
def test_the_subject_is_read_from_the_last_user_message(text: str, name: str, description: str) -> None:
    messages = [
        {"role": "user", "content": "Process: Other"},
        {"role": "assistant", "content": "Process: Wrong"},
        {"role": "user", "content": text},
    ]
    subject = read_subject({"messages": messages})
    assert (subject.name, subject.description) == (name, description)


def test_content_parts_are_read_too() -> None:
    parts = [{"type": "text", "text": "Process: Bake bread"}, {"type": "image_url", "image_url": {"url": "x"}}]
    assert read_subject({"messages": [{"role": "user", "content": parts}]}).name == "Bake bread"


def test_the_same_body_gets_the_same_answer_and_another_one_another() -> None:
    assert complete(request(), 0) == complete(request(), 0)
    assert content(request()) != content(request("Plan the wine list"))


def usage_of(body: dict[str, Any]) -> tuple[str, str, int, int]:
    answer = complete(body, 0).body
    usage, first = answer["usage"], answer["choices"][0]
    return (
        first["finish_reason"],
        first["message"]["content"],
        usage["completion_tokens"],
        usage["completion_tokens_details"]["reasoning_tokens"],
    )


def test_a_small_budget_really_truncates() -> None:
    reason, _, tokens, reasoning = usage_of(request())
    assert (reason, 1_000 <= reasoning <= 1_800) == ("stop", True)
    assert usage_of(request(max_completion_tokens=tokens))[0] == "stop"
    assert usage_of(request(max_completion_tokens=500)) == ("length", "", 500, 500)
    reason, cut, cut_tokens, _ = usage_of(request(max_completion_tokens=tokens - 50))
    assert (reason, cut_tokens) == ("length", tokens - 50)
    assert cut
    assert not cut.endswith("\n"), "a whole document ends with a line break"


def test_models_that_do_not_reason_spend_nothing_on_it() -> None:
    for body in (request() | {"model": "gpt-4o"}, request() | {"model": "gpt-5-chat-latest"}, request(reasoning_effort="minimal")):
        assert usage_of(body)[3] == 0


def test_shared_beginnings_count_as_cached() -> None:
    usage = complete(request(system="x" * 9_000), 0).body["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == 2_176
    assert usage["prompt_tokens"] > 2_250
    assert complete(request(), 0).body["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
