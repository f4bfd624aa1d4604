"""Answers become use-case candidates, or are refused with what is wrong."""

import json
from typing import Any

import pytest

from caseforge_assets.stages.judgement import Judgement, Outcome
from caseforge_assets.stages.usecases.record import LEVEL_NUMBERS, UseCase
from caseforge_assets.wording import counted
from caseforge_assets_tests.stages.answers import answer, candidate, use_cases
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

GOOD = use_cases()


def judge(text: str, finish_reason: str = "stop") -> Judgement:
    return stages_as_they_come()["usecases"].judge(answer(text, finish_reason))


def titles(judgement: Judgement) -> list[str]:
    assert judgement.content is not None, judgement
    return [item.title for item in judgement.content.items]


def test_good_candidates_are_typed() -> None:
    judgement = judge(GOOD)
    assert (judgement.outcome, judgement.notes) == (Outcome.ok, ())
    assert judgement.content is not None
    assert len(judgement.content.items) == 8
    expected: dict[str, Any] = candidate(1) | {"complexity_score": 2}
    assert judgement.content.items[0].title == expected.pop("title")
    assert dict(judgement.content.items[0].fields) == expected
    assert judgement.content.body.startswith("## 1. Candidate number 1\n\n*Category: automation · complexity: Medium ·")


@pytest.mark.parametrize("level", LEVEL_NUMBERS)
def test_complexity_is_stored_as_a_number(level: str) -> None:
    judgement = judge(use_cases(complexity_score=level))
    assert judgement.content is not None
    assert judgement.content.items[2].fields["complexity_score"] == {"Low": 1, "Medium": 2, "High": 3}[level]


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"Here are [eight] candidates:\n\n{GOOD}\n\nI hope they {{help}}.",
        GOOD.replace('"risk_level": "Low"}', '"risk_level": "Low",}').replace("}]}", "},]}"),
        str(json.loads(GOOD)),
        GOOD.replace("less typing\\n", "less typing\n"),
        GOOD[:-1],
        GOOD.replace('}, {"title"', '} {"title"'),
        f"```\n{GOOD[:-2]},]}}\n```\nThat's it.",
        json.dumps(json.loads(GOOD)["use_cases"]),
    ],
    ids=[
        "fence",
        "text around",
        "trailing commas",
        "single quotes",
        "line break",
        "brace missing",
        "comma missing",
        "several",
        "bare list",
    ],
)
def test_broken_syntax_is_repaired_without_touching_the_meaning(text: str) -> None:
    judgement = judge(text)
    assert judgement.outcome is Outcome.ok, judgement
    assert judgement.content == judge(GOOD).content
    assert len(judgement.notes) == 1


@pytest.mark.parametrize(
    "text", ["Sorry: words alone.", "[]", '{"use_cases": ', "{" * 100_000, "[" * 100_000, '{"use_cases":[' + '{"title":"a"b"c" ' * 3_000]
)
def test_what_cannot_be_repaired_is_no_content(text: str) -> None:
    judgement = judge(text)
    assert judgement.outcome in {Outcome.invalid_json, Outcome.schema_violation}
    assert judgement.content is None
    assert judgement.detail


def test_quotes_inside_a_text_are_kept() -> None:
    judgement = judge(GOOD.replace("One interface.", 'The "best" interface.', 1))
    assert judgement.outcome is Outcome.ok
    assert judgement.content is not None
    assert judgement.content.items[0].fields["complexity_details"] == 'The "best" interface.'


def test_a_repair_that_tears_a_text_apart_is_not_accepted() -> None:
    judgement = judge(GOOD.replace("One interface.", 'The "best", "other": "way" of it.', 1))
    assert (judgement.outcome, judgement.content) == (Outcome.invalid_json, None)
    assert judgement.detail == "the JSON is broken, and repairing it leaves: unexpected field 'other'"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"category": "synergy"}, "candidate 3: category is 'synergy', not one of"),
        ({"complexity_score": "Medium-High"}, "candidate 3: complexity_score is 'Medium-High', not one of"),
        ({"risk_level": 2}, "candidate 3: risk_level is '2', not one of"),
        ({"description": "  "}, "candidate 3: description is blank"),
        ({"description": ["a", None]}, "candidate 3: description: "),
        ({"title": None}, "candidate 3: title: "),
    ],
)
def test_a_violated_schema_says_where(changes: dict[str, Any], detail: str) -> None:
    judgement = judge(use_cases(**changes))
    assert judgement.outcome is Outcome.schema_violation
    assert judgement.detail.startswith(detail)
    assert judgement.content is None


def test_a_missing_field_is_named() -> None:
    value = json.loads(GOOD)
    del value["use_cases"][4]["success_metrics"]
    assert judge(json.dumps(value)).detail == "candidate 5: success_metrics is missing"


@pytest.mark.parametrize("value", [{"candidates": []}, {"use_cases": {"a": 1}}, {"use_cases": None}, 7, "text", None, [1, 2]])
def test_json_of_another_form_violates_the_schema(value: object) -> None:
    assert judge(json.dumps(value)).outcome is Outcome.schema_violation


@pytest.mark.parametrize(
    ("field", "written", "meant"),
    [
        ("complexity_score", "HIGH", 3),
        ("complexity_score", " medium ", 2),
        ("complexity_score", "Moderate", 2),
        ("risk_level", "low", "Low"),
        ("estimated_roi", "med.", "Medium"),
        ("category", "Digitalisation", "digitization"),
        ("category", "OPTIMISATION", "optimization"),
    ],
)
def test_spellings_of_certain_meaning_are_read(field: str, written: str, meant: object) -> None:
    changes: dict[str, Any] = {field: written}
    judgement = judge(use_cases(**changes))
    assert judgement.outcome is Outcome.ok
    assert judgement.content is not None
    assert judgement.content.items[2].fields[field] == meant
    assert len(judgement.notes) == 1
    assert f'In candidate 3, {field} "{written}" was read as' in judgement.notes[0]


@pytest.mark.parametrize("count", range(6))
def test_too_few(count: int) -> None:
    judgement = judge(use_cases(count))
    assert (judgement.outcome, judgement.detail) == (Outcome.too_few_candidates, f"{counted(count, 'candidate')}; at least 6 are needed")


def test_of_more_than_ten_the_first_ten_are_kept() -> None:
    judgement = judge(use_cases(12))
    assert judgement.outcome is Outcome.ok
    assert titles(judgement) == [f"Candidate number {number}" for number in range(1, 11)]
    assert judgement.notes == ("12 candidates came; the last 2 are surplus.",)


def test_same_titles_are_kept_and_noted() -> None:
    judgement = judge(use_cases(title="candidate  NUMBER 1"))
    assert len(titles(judgement)) == 8
    assert judgement.notes == ('2 candidates have the title "Candidate number 1".',)


def test_long_titles_are_cut() -> None:
    judgement = judge(use_cases(title="x" * 250))
    assert len(titles(judgement)[2]) == 200
    assert judgement.notes == ("The title of candidate 3 has 250 characters and was cut to 200.",)


def test_fields_nobody_asked_for_are_dropped() -> None:
    judgement = judge(use_cases(priority=1))
    assert judgement.content == judge(GOOD).content
    assert judgement.notes == ("Fields of candidate 3 that were not asked for were dropped: priority.",)


def test_characters_that_cannot_be_stored_are_replaced() -> None:
    judgement = judge(use_cases(description="A\x00B\ud800C 😀"))
    assert judgement.content is not None
    assert judgement.content.items[2].fields["description"] == "A\ufffdB\ufffdC 😀"
    assert judgement.notes == ("Characters of candidate 3 that cannot be stored were replaced.",)


def test_a_cut_answer_with_enough_complete_candidates_is_salvaged() -> None:
    cut = GOOD[: GOOD.index("Candidate number 8") + 200]
    judgement = judge(cut, "length")
    assert judgement.outcome is Outcome.salvaged
    assert titles(judgement) == [f"Candidate number {number}" for number in range(1, 8)]
    assert judgement.detail == "the answer was cut off after 4,000 tokens; 7 of its candidates are complete and were kept"


def test_a_cut_answer_with_too_few_is_truncated() -> None:
    cut = GOOD[: GOOD.index("Candidate number 6")]
    judgement = judge(cut, "length")
    assert judgement.outcome is Outcome.truncated
    assert judgement.detail == "the answer was cut off after 4,000 tokens; 5 of its candidates are complete, at least 6 are needed"
    assert judgement.content is None


def test_an_answer_cut_without_being_marked_so_is_not_completed() -> None:
    assert judge(GOOD[: GOOD.index("Candidate number 6") + 300]).outcome is Outcome.invalid_json
    assert len(titles(judge(GOOD[: GOOD.index("Candidate number 8") + 300]))) == 7


def test_a_complete_answer_at_the_end_of_its_budget_is_good() -> None:
    judgement = judge(GOOD, "length")
    assert judgement.outcome is Outcome.ok
    assert judgement.notes == ("The token budget was used up just after the last candidate.",)


def test_the_schema_keeps_openais_rules_for_strict_schemas() -> None:
    form = stages_as_they_come()["usecases"].response_format
    assert form is not None
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    schema = form["json_schema"]["schema"]
    assert "$ref" not in json.dumps(schema)
    _assert_strict(schema)
    listed = schema["properties"]["use_cases"]
    assert (listed["minItems"], listed["maxItems"]) == (6, 10)
    assert list(listed["items"]["properties"]) == list(UseCase.model_fields)


def _assert_strict(schema: dict[str, Any]) -> None:
    supported = {"type", "properties", "required", "additionalProperties", "items", "enum", "description", "minItems", "maxItems"}
    assert set(schema) <= supported
    if schema["type"] == "object":
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])
        for field in schema["properties"].values():
            _assert_strict(field)
    if schema["type"] == "array":
        _assert_strict(schema["items"])


@pytest.mark.slow
def test_3_mb_are_judged_like_less() -> None:
    long = use_cases(description="ä😀 " * 800_000)
    assert judge(long).outcome is Outcome.ok
    assert judge(long[:-100]).outcome is Outcome.salvaged
    assert judge('"a"b' * 800_000).outcome is Outcome.invalid_json


def test_a_repair_that_swallows_fields_is_not_accepted() -> None:
    """With a faulty comma elsewhere, the repair takes the next fields into a text with a bracket before a line break."""
    items = [candidate(number, description="w,[\nw" if number == 1 else "Fine.") for number in range(1, 8)]
    text = '{"use_cases": [' + ",\n,".join(json.dumps(item) for item in items) + "]}"
    content = judge(text).content
    assert content is not None
    assert [item.fields["description"] for item in content.items] == [item["description"] for item in items]
