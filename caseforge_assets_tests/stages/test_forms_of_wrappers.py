"""Answers in calls of tools, loose JSON, YAML, tags, under labels; words that only stand for a text; what is left out. Whole ones are read, no other one is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from caseforge_assets.batches.results.response_body import read_body
from caseforge_assets.stages.discovery import Asking, find_stages
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.process_details.sections import translated_headings
from caseforge_assets.stages.texts.stand_ins import is_stand_in
from caseforge_assets_tests.stages.answers import SECTIONS, answer, body, candidate, document, judge
from caseforge_assets_tests.stages.specifications import SPECS, TITLES, written
from caseforge_assets_tests.stages.specifications import answer as spec_answer

GOOD = document()
CASES: list[dict[str, Any]] = [candidate(number, description=f"It reads note {number}, and it's checked.") for number in range(1, 9)]
Wrap = Callable[[str], str]
WRAPS: dict[str, Wrap] = {
    "a call of a tool in tags": lambda text: f"<tool_call>\n{json.dumps({'name': 'write', 'arguments': {'text': text}})}\n</tool_call>",
    "arguments as JSON in a string": lambda text: json.dumps({"name": "write", "arguments": json.dumps({"text": text})}),
    "an object of Python": lambda text: repr({"document": text}),
    "a text of Python": repr,
    "a comma too many": lambda text: f'{{"document": {json.dumps(text)},}}',
    "a key without quotes": lambda text: f"{{document: {json.dumps(text)}}}",
}


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_document_in_another_wrapper_is_taken_out_of_it(wrap: str) -> None:
    assert body(judge(WRAPS[wrap](GOOD))) == GOOD
    assert judge(WRAPS[wrap](document(leave_out=("Best Practices",)))).outcome is Outcome.sections_missing
    assert judge(WRAPS[wrap](GOOD)[:-200]).outcome is Outcome.sections_missing
    assert SPECS.judge(spec_answer(WRAPS[wrap](written()))).outcome is Outcome.ok


@pytest.mark.parametrize("form", ["{{panel:title={}}}", "{{expand:{}}}"])
def test_panels_of_wikis_are_headings(form: str) -> None:
    assert judge(document({name: form.format(name) for name in SECTIONS})).outcome is Outcome.ok


@pytest.mark.parametrize(
    "text",
    ["[Content here]", "[Describe the practices]", "(to be completed)", "*Coming soon*", "Same as above.", "See above", "To be determined later", "<insert text>", "{{best_practices}}", "Lorem ipsum dolor sit amet.", "Wird noch ergänzt.", "À compléter", "Por definir"],
)  # fmt: skip
def test_words_that_stand_for_a_text_are_none(text: str) -> None:
    judged = judge(document(texts={"Best Practices": text}))
    assert (judged.outcome, judged.detail) == (Outcome.sections_missing, "sections empty: Best Practices")
    lines = written().splitlines()
    part = (
        lines.index("#### Description")
        if "#### Description" in lines
        else next(n for n, line in enumerate(lines) if line.startswith("#### "))
    )
    end = next(n for n in range(part + 1, len(lines)) if lines[n].startswith("#"))
    assert SPECS.judge(spec_answer("\n".join([*lines[: part + 1], text, *lines[end:]]))).outcome is Outcome.sections_missing
    cases = [*CASES[:3], {**CASES[3], "success_metrics": text}, *CASES[4:]]
    assert judge(json.dumps({"use_cases": cases}), "usecases").outcome is Outcome.schema_violation


@pytest.mark.parametrize(
    "text",
    [
        "See the manual of the carrier above all.",
        "[Carriers](https://x.example) sign here.",
        "Pending orders are released at noon.",
        "None of it is left to chance.",
    ],
)
def test_short_texts_that_say_something_stay(text: str) -> None:
    assert not is_stand_in(text)
    assert judge(document(texts={"Best Practices": text})).outcome is Outcome.ok


def test_a_section_that_begins_twice_is_kept_and_said() -> None:
    judged = judge(f"{GOOD}\n\n## Best Practices\n\nAnother text on them.")
    assert judged.outcome is Outcome.ok
    assert "1 section begins once more further down; both texts were kept." in judged.notes


@pytest.mark.parametrize("language", ["ja", "zh", "pl"])
def test_headings_of_languages_in_which_they_are_not_asked_for_are_read(language: str) -> None:
    stage = {stage.key: stage for stage in find_stages(asking=Asking(languages=(("", language),)))}["process_details"]
    headings = {name: f"## {forms[0]}" for name, forms in translated_headings(language).items()}
    assert stage.judge(answer(document(headings))).outcome is Outcome.ok
    assert stage.judge(answer(document(headings, leave_out=("Best Practices",)))).outcome is Outcome.sections_missing
    assert "Leave the headings of the sections in English" in stage.language_line


def _labelled(cases: list[dict[str, Any]]) -> str:
    def one(number: int, case: dict[str, Any]) -> str:
        fields = "\n".join(f"- **{name.replace('_', ' ').title()}:** {value}" for name, value in case.items() if name != "title")
        return f"## {number}. {case['title']}\n\n{fields}"

    return "\n\n".join(one(number, case) for number, case in enumerate(cases, 1))


def _tagged(cases: list[dict[str, Any]]) -> str:
    items = "".join(f"<use_case>{''.join(f'<{name}>{value}</{name}>' for name, value in case.items())}</use_case>\n" for case in cases)
    return f"<use_cases>\n{items}</use_cases>"


FORMS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "YAML": lambda cases: str(yaml.safe_dump({"use_cases": cases}, sort_keys=False, allow_unicode=True)),
    "YAML in a fence": lambda cases: f"```yaml\n{yaml.safe_dump(cases, sort_keys=False)}```",
    "tags": _tagged,
    "labels under headings": _labelled,
}


@pytest.mark.parametrize("form", FORMS)
def test_candidates_in_other_forms_than_json_are_read_where_each_is_whole(form: str) -> None:
    write = FORMS[form]
    judged = judge(write(CASES), "usecases")
    assert judged.outcome is Outcome.ok
    assert judged.content is not None
    assert [item.title for item in judged.content.items] == [case["title"] for case in CASES]
    assert judged.content.items[0].fields["description"] == CASES[0]["description"]
    assert any("not as JSON" in note for note in judged.notes)
    lacking = [*CASES[:3], {name: value for name, value in CASES[3].items() if name != "risk_level"}, *CASES[4:]]
    for spoiled in (write(CASES)[: -len(write(CASES)) // 20], write(lacking), write(CASES[:5])):
        assert judge(spoiled, "usecases").content is None


def test_yaml_that_names_a_text_twice_or_points_to_others_is_not_read() -> None:
    text = FORMS["YAML"](CASES)
    assert judge(text.replace("  risk_level: Low", "  risk_level: Low\n  risk_level: High", 1), "usecases").content is None
    assert (
        judge(text.replace("risk_level: Low", "risk_level: &a Low", 1).replace("risk_level: Low", "risk_level: *a", 1), "usecases").content
        is None
    )


@pytest.mark.parametrize("rest", [", ...]}", ", // ... two more\n]}", ",\n  …\n]}"])
def test_a_list_that_says_that_more_follows_is_not_whole(rest: str) -> None:
    judged = judge(json.dumps({"use_cases": CASES})[:-2] + rest, "usecases")
    assert judged.outcome is Outcome.salvaged
    assert judge(json.dumps({"use_cases": CASES[:5]})[:-2] + rest, "usecases").content is None


def test_a_title_with_a_small_mistake_is_that_title() -> None:
    assert SPECS.judge(spec_answer(written().replace(f"### {TITLES[0]}", "### Automate intakes of orders"))).outcome is Outcome.ok
    assert (
        SPECS.judge(spec_answer(written().replace(f"### {TITLES[0]}", "### Automate the billing of orders"))).outcome
        is Outcome.sections_missing
    )


MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": GOOD}]}
CALL = json.dumps({"document": GOOD})


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"object": "response", "output": [MESSAGE, MESSAGE]}, GOOD),
        ({"object": "response", "output": [], "output_text": GOOD}, GOOD),
        ({"object": "response", "output": [{"type": "message", "content": [{"type": "text", "text": {"value": GOOD}}]}]}, GOOD),
        ({"object": "response", "output": [{"type": "function_call", "name": "write", "arguments": CALL}]}, CALL),
        (
            {"object": "response", "output": [{"type": "function_call", "arguments": CALL}, {"type": "function_call", "arguments": "{}"}]},
            "",
        ),
        ({"choices": [{"message": {"content": None, "tool_calls": [{"function": {"name": "write", "arguments": CALL}}]}}]}, CALL),
        ({"choices": [{"message": {"content": {"type": "text", "text": GOOD}}}]}, GOOD),
        ({"choices": [{"message": {"content": [{"type": "text", "text": {"value": GOOD}}]}}]}, GOOD),
        ({"choices": [{"text": GOOD}]}, GOOD),
    ],
)
def test_texts_wherever_servers_put_them(raw: dict[str, Any], text: str) -> None:
    assert read_body(raw).text == text
