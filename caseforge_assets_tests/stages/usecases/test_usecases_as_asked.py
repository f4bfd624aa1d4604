"""Candidates that came to the letter as they were asked for are read the short way, and it comes to what the tolerant one comes to; nothing else is read so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.stages.usecases.answer import judge_text, judge_tolerantly, read_as_asked
from caseforge_assets_tests.batches.files import real_file
from caseforge_assets_tests.stages.answers import answer, candidate, use_cases

GOOD = use_cases()
VALUES = (
    *(
        "",
        " ",
        "TBD",
        "n/a",
        None,
        5,
        True,
        ["a", "b"],
        {"a": "b"},
        "low",
        " High ",
        "**Medium**",
        "hoch",
        "x" * 201,
        "x" * 200,
        "  padded  ",
    ),
    *(
        "a\x00b",
        "a\ud83db",
        "a\u200bb",
        "\U0001f6b2",
        "line\nline",
        "- a\n- b",
        "• a",
        "1. a",
        "Candidate number 1",
        " CANDIDATE  number 4",
    ),
)
PIECES = (
    '"title": "Another", ',
    '"more": 1, ',
    "{",
    "}",
    "]",
    ",",
    '"',
    " ",
    "\\u0000",
    "\\ud83d",
    "\\ud83d\\ude00",
    "\x00",
    "NaN",
    "\ufeff",
    "[1]",
)


@pytest.mark.parametrize(
    "text",
    [
        *(use_cases(count) for count in (6, 8, 10)),
        json.dumps(json.loads(GOOD), ensure_ascii=False, indent=2),
        json.dumps(json.loads(GOOD), sort_keys=True),
        use_cases(title="  A title with blanks around it ", description='– naïve 🚲 \\ "quoted"\n\n1. One\n2. Two'),
    ],
    ids=["six", "eight", "ten", "indented", "in another order", "odd texts"],
)
def test_both_ways_come_to_the_same(text: str) -> None:
    assert read_as_asked(text) is not None
    assert judge_text(answer(text)) == judge_tolerantly(answer(text))


def test_real_answers_are_read_the_short_way() -> None:
    lines = read_lines([real_file("usecases_mixed.output.jsonl").read_bytes()])
    texts = [line.text for line in lines if isinstance(line, ResultLine) and line.text]
    assert len(texts) == 5
    for text in texts:
        assert read_as_asked(text) is not None
        assert judge_text(answer(text)) == judge_tolerantly(answer(text))


@given(some.dictionaries(some.sampled_from(list(candidate(1))), some.sampled_from(VALUES), min_size=1, max_size=2), some.integers(5, 12))
@settings(max_examples=150, deadline=None)
def test_odd_values_are_judged_alike(changes: dict[str, Any], count: int) -> None:
    came = answer(use_cases(count, **changes))
    assert judge_text(came) == judge_tolerantly(came)


@given(some.sampled_from(PIECES), some.integers(0, len(GOOD)))
@settings(max_examples=150, deadline=None)
def test_odd_pieces_are_judged_alike(piece: str, place: int) -> None:
    came = answer(GOOD[:place] + piece + GOOD[place:])
    assert judge_text(came) == judge_tolerantly(came)


@pytest.mark.parametrize(
    "changes",
    [
        {"risk_level": "low"},
        {"title": "x" * 201},
        {"title": "candidate  NUMBER 1"},
        {"description": "a\x00b"},
        {"description": ["a", "b"]},
        {"more": 1},
    ],
    ids=[
        "a choice in another spelling",
        "a long title",
        "a title that is there already",
        "a character that cannot be stored",
        "a list",
        "a field more",
    ],
)
def test_what_needs_a_word_is_not_read_the_short_way(changes: dict[str, Any]) -> None:
    assert read_as_asked(use_cases(**changes)) is None


@pytest.mark.parametrize(
    "text", [GOOD.replace('"title"', '"title": "Another", "title"', 1), use_cases(5), use_cases(11), GOOD[:-1], "[]", "7", "{}"]
)
def test_what_is_of_another_form_neither(text: str) -> None:
    assert read_as_asked(text) is None


def test_an_answer_that_was_cut_behind_its_last_candidate_says_so() -> None:
    assert judge_text(answer(GOOD, "length")).notes == ("The token budget was used up just after the last candidate.",)
