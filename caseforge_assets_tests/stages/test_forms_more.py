"""More members of the kinds of forms that models give their answers: what has one reading is read and noted, and what has two is not guessed."""

from __future__ import annotations

import json

import pytest

from caseforge_assets.stages.judgement import Next, Outcome
from caseforge_assets_tests.stages.answers import SECTIONS, answer, body, candidate, document, judge, use_cases
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

GOOD_DOCUMENT, GOOD_CASES = document(), use_cases()
DRAFT = use_cases(8, title="A draft")

THINKING = {
    "blanks within the tags": "<think >\n{}\n</think >\n",
    "a name with a prefix": "<antThinking>{}</antThinking>",
    "a name with an ending": "<reasoning_content>{}</reasoning_content>",
    "numbered tokens": "<unused94>thought\n{}<unused95>",
}


@pytest.mark.parametrize("form", THINKING)
def test_a_draft_in_thinking_is_left_out(form: str) -> None:
    judgement = judge(THINKING[form].format(DRAFT) + GOOD_CASES, "usecases")
    assert judgement.content == judge(GOOD_CASES, "usecases").content
    assert judgement.notes[0] == "Thinking before the answer was left out."
    assert body(judge(THINKING[form].format(document(texts={"Overview": "A draft."})) + GOOD_DOCUMENT)) == GOOD_DOCUMENT


FENCES = ["```{.markdown}", '```markdown title="process.md"', "``` markdown linenums", "~~~ {.md #x}"]


@pytest.mark.parametrize("fence", FENCES)
def test_a_fence_with_attributes_is_taken_off(fence: str) -> None:
    judgement = judge(f"Here it is:\n\n{fence}\n{GOOD_DOCUMENT}\n{fence[:3]}\n\nShall I go on?")
    assert (judgement.outcome, body(judgement)) == (Outcome.ok, GOOD_DOCUMENT)


def test_a_document_in_several_fences_is_put_together() -> None:
    parts = GOOD_DOCUMENT.split("\n\n## ")
    halves = "\n\n## ".join(parts[:5]), "## " + "\n\n## ".join(parts[5:])
    for pieces in (halves, [part if part.startswith("##") else f"## {part}" for part in parts]):
        judgement = judge("\n\nThen:\n\n".join(f"```markdown\n{piece}\n```" for piece in pieces))
        assert judgement.outcome is Outcome.ok, judgement
        assert all(f"## {name}" in body(judgement) for name in SECTIONS)
        assert "```" not in body(judgement)
        assert "Parts of the document stood in code blocks, which were taken off." in judgement.notes


def test_sections_as_keys_of_json_are_a_document() -> None:
    texts = {name: f"Something is said about the {name.lower()} of shipping." for name in SECTIONS}
    for value in (texts, {"document": texts}, {name.lower().replace(" ", "_"): text for name, text in texts.items()}):
        judgement = judge(json.dumps(value))
        assert judgement.outcome is Outcome.ok, judgement
        assert "The document stood in JSON, from which it was taken." in judgement.notes
    del texts["Process Steps"]
    assert judge(json.dumps(texts)).detail == "sections absent: Process Steps"


def test_the_same_document_twice_is_one_and_different_ones_are_not_guessed() -> None:
    titled = f"# Shipping\n\n{GOOD_DOCUMENT}"
    for text, once in (
        (f"{GOOD_DOCUMENT}\n\n---\n\n{GOOD_DOCUMENT}", GOOD_DOCUMENT),
        (f"{titled}\n\n{titled}\n", titled),
        (f"```markdown\n{GOOD_DOCUMENT}\n```\n\n```markdown\n{GOOD_DOCUMENT}\n```", GOOD_DOCUMENT),
    ):
        judgement = judge(text)
        assert (judgement.outcome, body(judgement)) == (Outcome.ok, once)
        assert "The same document came 2 times." in judgement.notes
    other = document(texts={"Overview": "Something else."})
    for text in (f"{GOOD_DOCUMENT}\n\n{other}", f"```md\n{other}\n```\n```md\n{GOOD_DOCUMENT}\n```"):
        judgement = judge(text)
        assert (judgement.outcome, judgement.detail[:42]) == (Outcome.sections_missing, "the text holds several documents that diff")


@pytest.mark.parametrize("unseen", ["\x00", "\x08", "\x1b", "\ufffd", "\u2800", "ï»¿", "\x01\ufeff"])
def test_what_is_no_text_before_the_first_heading_is_left_out(unseen: str) -> None:
    judgement = judge(f"{unseen}{GOOD_DOCUMENT}")
    assert (judgement.outcome, body(judgement)) == (Outcome.ok, GOOD_DOCUMENT)
    assert judgement.notes[0] == "Invisible characters before the text were left out."
    assert judge(f"{unseen}{GOOD_CASES}", "usecases").content == judge(GOOD_CASES, "usecases").content


ESCAPES = {r"a smile \u{1F600}": "a smile 😀", r"a smile \U0001F600": "a smile 😀", r"it\’s": "it’s", r"a\–b": "a–b", r"\€5": "€5"}


@pytest.mark.parametrize("written", ESCAPES)
def test_further_escapes_with_one_reading(written: str) -> None:
    text = GOOD_CASES.replace("Text recognition; interface to the warehouse system.", written)
    judgement = judge(text, "usecases")
    assert judgement.content is not None, judgement
    assert {item.fields["technology_requirements"] for item in judgement.content.items} == {ESCAPES[written]}
    assert judgement.notes == ("Escapes that JSON does not know were read.",)


@pytest.mark.parametrize("blank", ["\u2800", "\x00", "&nbsp;\n", "<br>\n ", "\\t", "\\u00a0", "\\u200b", "\\u0000", "\\r\\n"])
def test_more_blanks_until_the_budget_ends(blank: str) -> None:
    for shift in range(7):  # wherever a piece of the text is cut
        begun = '{"use_cases": [{"title": "A' + "a" * shift
        judgement = stages_as_they_come()["usecases"].judge(answer(begun + blank * 3_001, "length", reasoning_tokens=0))
        assert judgement.outcome is Outcome.whitespace, (blank, shift, judgement)


@pytest.mark.parametrize("phrase", [".", "-- ", "| |", "the clerk checks the invoice and ", "Row.\n\n", "\\n- A step that comes again"])
@pytest.mark.parametrize("key", ["process_details", "usecases"])
def test_one_thing_over_and_over_needs_no_larger_budget(phrase: str, key: str) -> None:
    begun = GOOD_DOCUMENT[:200] if key == "process_details" else '{"use_cases": [{"title": "A'
    for shift in range(4):  # wherever a piece is cut
        text = begun + phrase * 3_000 + phrase[:shift]
        judgement = judge(text, key, "length")
        assert (judgement.outcome, judgement.outcome.follow_up) == (Outcome.repetition, Next.retry), judgement
    assert judge(GOOD_DOCUMENT[:-300] + "\n| --- |" * 40, "process_details", "length").outcome is Outcome.truncated
    assert judge(begun + "".join(f"\\n{number}. Another line" for number in range(900)), key, "length").outcome is Outcome.truncated


@pytest.mark.parametrize(
    "text",
    [
        "I'd rather not do that.",
        "I do not feel comfortable writing this.",
        "Request declined due to safety policy.",
        "Przepraszam, ale nie mogę w tym pomóc.",
        "Tyvärr kan jag inte hjälpa till med det.",
        "申し訳ありませんが、そのリクエストにはお応えできません。",
        "抱歉，我无法协助处理该请求。",
        "К сожалению, я не могу помочь с этим.",
    ],
)
def test_further_refusals_wait_for_a_person(text: str) -> None:
    for key in ("process_details", "usecases"):
        judgement = judge(text, key)
        assert (judgement.outcome, judgement.outcome.follow_up) == (Outcome.refused, Next.person)


def test_a_key_that_stands_twice_is_read_only_where_it_has_one_reading() -> None:
    plain = judge(GOOD_CASES, "usecases").content
    same = judge(GOOD_CASES.replace('"category": "automation"', '"category": "automation", "category": "automation"'), "usecases")
    assert same.content == plain
    assert "In candidate 1, category stood several times with the same value." in same.notes
    for text in ('{"use_cases": [], ' + GOOD_CASES[1:], GOOD_CASES[:-1] + ', "use_cases": []}'):
        judgement = judge(text, "usecases")
        assert judgement.content == plain
        assert judgement.notes == ("The key use_cases stood there several times; one of them had a list.",)


def test_of_a_key_with_different_values_none_is_taken() -> None:
    twice = GOOD_CASES.replace('"title": "Candidate number 3"', '"title": "Another one", "title": "Candidate number 3"')
    for text in (twice, f"Here:\n```json\n{twice}\n```"):
        judgement = judge(text, "usecases")
        assert judgement.outcome is Outcome.schema_violation
        assert judgement.detail == "candidate 3: title stands there several times with different values"
    broken = judge(twice[:-2] + ",]}", "usecases")  # no repair takes one of them
    assert broken.content is not None
    assert "Candidate number 3" not in [item.title for item in broken.content.items]
    lists = judge(GOOD_CASES[:-1] + ", " + use_cases(7, title="Another one")[1:], "usecases")
    assert (lists.outcome, "several times with different lists" in lists.detail) == (Outcome.invalid_json, True)


def test_a_repeated_key_in_a_surplus_candidate_spoils_nothing() -> None:
    items = [json.dumps(candidate(number)) for number in range(1, 12)]
    items[10] = items[10].replace('"risk_level": "Low"', '"risk_level": "Low", "risk_level": "High"')
    judgement = judge('{"use_cases": [' + ", ".join(items) + "]}", "usecases")
    assert judgement.content is not None
    assert (len(judgement.content.items), judgement.content.surplus) == (10, ())
