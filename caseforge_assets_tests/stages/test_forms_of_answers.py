"""Good answers in the forms that models give them: what has one reading is read, each thing that was tolerated is noted, and nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from caseforge_assets.batches.lines import ResultLine, read_lines
from caseforge_assets.stages.discovery import stages_as_they_come
from caseforge_assets.stages.judgement import Next, Outcome
from caseforge_assets_tests.batches.files import real_file
from caseforge_assets_tests.stages.answers import SECTIONS, answer, body, candidate, document, judge, use_cases

GOOD_DOCUMENT, GOOD_CASES = document(), use_cases()
THOUGHT = "The user wants ten sections. ## Overview comes first, and {braces} [here]. My plan is secret."
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
KEYCAP = "\ufe0f\u20e3"
ZWSP, BOM, NBSP, SHY, LRM, RLM = "\u200b", "\ufeff", "\xa0", "\xad", "\u200e", "\u200f"
Change = Callable[[str], str]

AROUND: dict[str, Change] = {
    "think": lambda text: f"<think>\n{THOUGHT}\n</think>\n\n{text}",
    "think, twice": lambda text: f"<think>{THOUGHT}</think>\n<think>{THOUGHT}</think>\n{text}",
    "thinking": lambda text: f"<thinking>{THOUGHT}</thinking>{text}",
    "Thought, with an attribute": lambda text: f'<Thought class="a">{THOUGHT}</Thought>\n{text}',
    "reasoning": lambda text: f"<reasoning>\n{THOUGHT}\n</reasoning>\n{text}",
    "scratchpad": lambda text: f"<scratchpad>{THOUGHT}</scratchpad>\n\n{text}",
    "the closing tag alone": lambda text: f"{THOUGHT}\n</think>\n\n{text}",
    "a tag in thinking": lambda text: f"<think>The <think> tag. {THOUGHT}</think>\n{text}",
    "square brackets": lambda text: f"[THINK]{THOUGHT}[/THINK]{text}",
    "triangles": lambda text: f"◁think▷{THOUGHT}◁/think▷\n{text}",
    "begin and end of thought": lambda text: (
        f"<|begin_of_thought|>{THOUGHT}<|end_of_thought|>\n<|begin_of_solution|>\n{text}\n<|end_of_solution|>"
    ),
    "START_THINKING": lambda text: f"<|START_THINKING|>{THOUGHT}<|END_THINKING|><|START_RESPONSE|>{text}<|END_RESPONSE|>",
    "channels": lambda text: f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>{text}<|return|>",
    "channels without their tokens": lambda text: f"analysisWe need ten sections. {THOUGHT}assistantfinal{text}",
    "folded": lambda text: f'<details type="reasoning" done="true">\n<summary>Thought</summary>\n{THOUGHT}\n</details>\n{text}',
    "a fence of thoughts": lambda text: f"```thinking\n{THOUGHT}\n```\n\n{text}",
    "a comment": lambda text: f"<!-- {THOUGHT} -->\n{text}",
    "thinking, then an answer in tags": lambda text: f"<think>{THOUGHT}</think>\n<answer>\n{text}\n</answer>\n",
    "invisible characters, then thinking": lambda text: f"{BOM}{ZWSP}\n<think>{THOUGHT}</think>{ZWSP}\n{text}",
    "an answer in tags": lambda text: f"<response>{text}</response>",
    "tokens at the ends": lambda text: f"<|im_start|>assistant\n{text}<|im_end|>\n<|endoftext|>",
    "byte order mark": lambda text: f"{BOM}{text}",
    "zero width": lambda text: f"{ZWSP}\u200c\u200d\u2060{text}",
    "marks of direction": lambda text: f"{LRM}{RLM} {text}",
    "soft hyphen": lambda text: f"{SHY}{text}",
    "a fence": lambda text: f"```\n{text}\n```",
    "a fence, and a sentence before it": lambda text: f"Here it is:\n\n```markdown\n{text}\n```",
    "a fence, and a sentence after it": lambda text: f"```json\n{text}\n```\n\nLet me know if you need changes.",
    "a fence between sentences": lambda text: f"Sure!\n\n~~~md\n{text}\n~~~\n\nShall I go on?",
    "a longer fence": lambda text: f"````markdown\n{text}\n````\nThat is all.",
    "a fence that is never closed": lambda text: f"Here it is:\n```markdown\n{text}",
    "thinking, then a fence": lambda text: f"<think>{THOUGHT}</think>\nHere:\n```\n{text}\n```",
    "a sentence": lambda text: f"Here is what you asked for:\n\n{text}",
    "plain reasoning": lambda text: f"Okay, the user wants a good answer. Let me think about it.\n\nFirst, the process.\n\n{text}",
    "closing words": lambda text: f"{text}\n\nLet me know if you would like more detail!",
    "closing words below a rule": lambda text: f"{text}\n\n---\n\n*I hope this helps.*",
}


@pytest.mark.parametrize("form", AROUND)
def test_a_document_is_taken_out_of_what_stands_around_it(form: str) -> None:
    judgement = judge(AROUND[form](GOOD_DOCUMENT))
    assert judgement.outcome is Outcome.ok, judgement
    assert body(judgement) == GOOD_DOCUMENT
    assert judgement.notes
    assert len(judgement.notes) <= 3


@pytest.mark.parametrize("form", AROUND)
def test_json_is_taken_out_of_what_stands_around_it(form: str) -> None:
    judgement = judge(AROUND[form](GOOD_CASES), "usecases")
    assert judgement.outcome is Outcome.ok, judgement
    assert judgement.content == judge(GOOD_CASES, "usecases").content
    assert judgement.notes


def test_an_example_in_thinking_is_not_the_answer() -> None:
    example = use_cases(6, title="An example")
    judgement = judge(f"<think>Like {example}?</think>{GOOD_CASES}", "usecases")
    assert judgement.content == judge(GOOD_CASES, "usecases").content
    draft = document(texts={"Overview": "A draft."})
    assert body(judge(f"<think>{draft}</think>\n{GOOD_DOCUMENT}")) == GOOD_DOCUMENT
    assert body(judge(f"{draft}\n</think>\n\n{GOOD_DOCUMENT}")) == GOOD_DOCUMENT


@pytest.mark.parametrize("where", ["`</think>`", '"</think>"'])
def test_words_on_thinking_stay(where: str) -> None:
    about = document(texts={"Technology and Tools": f"Models end their thinking with {where} and go on."})
    assert body(judge(about)) == about
    cases = use_cases(technology_requirements=f"Some write {where}.")
    assert judge(cases, "usecases").notes == ()


def test_thinking_in_the_midst_of_a_document_is_left_out() -> None:
    text = GOOD_DOCUMENT.replace("## Process Steps", "<think>\nNow the steps.\n</think>\n## Process Steps")
    assert body(judge(text)) == GOOD_DOCUMENT


def test_thinking_that_never_ends_is_not_taken_for_the_answer() -> None:
    assert judge(f"<think>\n{THOUGHT}").outcome is Outcome.sections_missing
    assert judge(f"<think>\n{THOUGHT}", finish_reason="length").outcome is Outcome.truncated_reasoning
    twice = judge(f"<think>\n{GOOD_DOCUMENT}\n\nNo, better:\n\n{GOOD_DOCUMENT}")
    assert (twice.outcome, "cannot be told" in twice.detail) == (Outcome.sections_missing, True)
    once = judge(f"<think>\n{THOUGHT.replace('##', '')}\n\n{GOOD_DOCUMENT}")
    assert (once.outcome, body(once)) == (Outcome.ok, GOOD_DOCUMENT)
    assert once.notes[0].startswith("The thinking before the answer never ends")
    assert judge(f"<think>Six of them. {GOOD_CASES}", "usecases").outcome is Outcome.ok
    assert judge(f"<think>Six of them. {GOOD_CASES}", "usecases", "length").outcome is Outcome.truncated_reasoning
    assert judge("</think>").outcome is Outcome.empty
    assert judge(f"<think>{THOUGHT}</think>").outcome is Outcome.empty
    assert judge(f"<think>{THOUGHT}</think>", finish_reason="length").outcome is Outcome.truncated_reasoning


Heading = Callable[[int, str], str]

HEADINGS: dict[str, Heading] = {
    "escaped dot": lambda n, name: rf"## {n}\. {name}",
    "round brackets": lambda n, name: f"## ({n}) {name}",
    "square brackets": lambda n, name: f"## [{n}] {name}",
    "keycaps": lambda n, name: f"## {'🔟' if n == 10 else str(n) + KEYCAP} {name}",
    "keycaps in bold": lambda n, name: f"**{n}{KEYCAP} {name}**",
    "circled": lambda n, name: f"## {chr(0x245F + n)}{name}",
    "number sign": lambda n, name: f"## #{n} {name}",
    "No.": lambda n, name: f"## No. {n} {name}",
    "№": lambda n, name: f"## № {n}: {name}",
    "paragraph sign": lambda n, name: f"## §{n} {name}",
    "roman and a dash": lambda n, name: f"## {ROMAN[n - 1]} – {name}",
    "letter and a bracket": lambda n, name: f"## {chr(96 + n)}) {name}",
    "decimal": lambda n, name: f"## 1.{n} {name}",
    "ideographic comma": lambda n, name: f"## {n}、{name}",
    "chapters in Chinese": lambda n, name: f"## 第{'一二三四五六七八九十'[n - 1]}章 {name}",
    "Chapter": lambda n, name: f"## Chapter {n}: {name}",
    "SECTION and roman": lambda n, name: f"## SECTION {ROMAN[n - 1]}. {name.upper()}",
    "Part and letter": lambda n, name: f"## Part {chr(64 + n)} - {name}",
    "Step": lambda n, name: f"## Step {n}: {name}",
    "Abschnitt": lambda n, name: f"## Abschnitt {n}: {name}",
    "Kapitel": lambda n, name: f"# Kapitel {n} – {name}",
    "Sección": lambda n, name: f"## Sección {n}. {name}",
    "Étape": lambda n, name: f"### Étape {n} : {name}",
    "Capitolo": lambda n, name: f"## Capitolo {n}: {name}",
    "words": lambda n, name: f"## {('One', 'Two', 'Three', 'Four', 'Five', 'Six', 'Seven', 'Eight', 'Nine', 'Ten')[n - 1]}. {name}",
    "wrong case": lambda _, name: f"## {name.lower()}",
    "capitals": lambda _, name: f"## {name.upper()}",
    "level 4": lambda _, name: f"#### {name}",
    "no blank": lambda n, name: f"##{n}. {name}",
    "closed": lambda _, name: f"## {name} ##",
    "colon": lambda _, name: f"## {name}:",
    "bold": lambda _, name: f"**{name}**",
    "bold with a colon": lambda _, name: f"**{name}**:",
    "bold and italic": lambda _, name: f"***{name}***",
    "bold within a heading": lambda n, name: f"## **{n}. {name}**",
    "heading within bold": lambda _, name: f"**## {name}**",
    "bold tags": lambda _, name: f"<b>{name}</b>",
    "strong in a paragraph": lambda _, name: f"<p><strong>{name}</strong></p>",
    "underlined": lambda _, name: f"<u>**{name}**</u>",
    "italics": lambda _, name: f"*{name}*",
    "bold item": lambda _, name: f"- **{name}**",
    "setext": lambda _, name: f"{name}\n----------",
    "setext, numbered": lambda n, name: f"{n}) {name}\n======",
    "stars below": lambda _, name: f"{name}\n**********",
    "HTML": lambda _, name: f"<h2>{name}</h2>",
    "HTML with a class": lambda n, name: f'<H3 class="s" id="s{n}"><span>{name}</span></H3>',
    "an anchor": lambda n, name: f'## <a name="s{n}"></a>{name}',
    "an anchor behind": lambda n, name: f"## {name} {{#s{n}}}",
    "kramdown": lambda n, name: f"## {name} {{: #s{n} .x}}",
    "a link": lambda n, name: f"## [{name}](#s{n})",
    "a link to itself": lambda n, name: f"## {name} [¶](#s{n})",
    "emoji": lambda _, name: f"## 📋 {name} ✅",
    "shortcode": lambda _, name: f"## :clipboard: {name}",
    "flag of joined emoji": lambda _, name: f"## 👩‍🔧 {name}",
    "in quotes": lambda _, name: f"## “{name}”",
    "code": lambda _, name: f"## `{name}`",
    "highlighted": lambda _, name: f"## =={name}==",
    "a quotation": lambda _, name: f"> ## {name}",
    "an item": lambda _, name: f"- ## {name}",
    "indented": lambda _, name: f"    ## {name}",
    "escaped": lambda _, name: rf"\## {name}",
    "wide": lambda _, name: f"＃＃ {name}",
    "wiki": lambda _, name: f"== {name} ==",
    "Confluence": lambda _, name: f"h2. {name}",
    "LaTeX": lambda _, name: rf"\section{{{name}}}",
    "folded": lambda _, name: f"<details><summary>{name}</summary>",
    "plain": lambda _, name: name,
    "plain capitals with a colon": lambda _, name: f"{name.upper()}:",
    "plain, numbered": lambda n, name: f"{n}. {name}",
    "of a process": lambda _, name: f"## {name} of Shipping Goods",
    "after a process": lambda _, name: f"## Shipping Goods: {name}",
    "before a process": lambda _, name: f"## {name} | Shipping Goods",
    "ampersand": lambda _, name: f"## {name.replace('and', '&')}",
    "entity": lambda _, name: f"## {name.replace('and', '&amp;')}",
    "comma": lambda _, name: f"## {name.replace(' and', ',')}",
    "article": lambda _, name: f"## The {name}",
    "zero width": lambda _, name: f"## {ZWSP}{name}{ZWSP}",
    "marks of direction": lambda _, name: f"{LRM}## {RLM}{name}",
    "byte order marks": lambda _, name: f"{BOM}## {name}",
    "soft hyphens": lambda _, name: f"## {name[:3]}{SHY}{name[3:]}",
    "one of ten": lambda n, name: f"## {n}/10 {name}",
    "joined words": lambda _, name: f"## {name.title().replace(' ', '')}",
    "underscores": lambda _, name: f"## {name.lower().replace(' ', '_')}",
    "a footnote": lambda n, name: f"## {name}<sup>{n}</sup>",
    "a source": lambda n, name: f"## {name} 【{n}†source】",
    "hard blanks": lambda _, name: f"##{NBSP}{name.replace(' ', NBSP)}",
}


def with_headings(heading: Heading, leave_out: tuple[str, ...] = ()) -> str:
    return document({name: heading(number, name) for number, name in enumerate(SECTIONS, 1)}, leave_out=leave_out)


@pytest.mark.parametrize("form", HEADINGS)
def test_a_heading_of_any_form_is_one(form: str) -> None:
    judgement = judge(with_headings(HEADINGS[form]))
    assert judgement.outcome is Outcome.ok, judgement
    for name in SECTIONS:
        assert f"Something is said about the {name.lower()} of shipping." in body(judgement)


def test_a_heading_in_the_singular_is_the_same() -> None:
    others = {
        "Key Activities": "Key Activity",
        "Process Steps": "Process Step",
        "Common Challenges": "Common Challenge",
        "Inputs and Prerequisites": "Input and Prerequisite",
    }
    judgement = judge(document({name: f"## {other}" for name, other in others.items()}))
    assert judgement.outcome is Outcome.ok, judgement


NOTHING_TO_SAY = {"wrong case", "capitals", "colon", "closed", "setext", "hard blanks"}


@pytest.mark.parametrize("form", [form for form in HEADINGS if form not in NOTHING_TO_SAY])
def test_a_heading_of_another_form_is_noted(form: str) -> None:
    assert judge(with_headings(HEADINGS[form])).notes


@pytest.mark.parametrize("form", HEADINGS)
@pytest.mark.parametrize("name", ["Overview", "Best Practices", "Technology and Tools"])
def test_a_section_that_is_missing_stays_missing_whatever_the_form(form: str, name: str) -> None:
    judgement = judge(with_headings(HEADINGS[form], leave_out=(name,)))
    assert judgement.outcome is Outcome.sections_missing
    assert name in judgement.detail


@pytest.mark.parametrize("form", ["HTML", "wiki", "LaTeX", "escaped", "wide", "indented", "an item", "strong in a paragraph"])
def test_headings_that_markdown_would_not_show_are_made_its_own(form: str) -> None:
    shown = body(judge(with_headings(HEADINGS[form])))
    assert [line.lstrip("# ") for line in shown.splitlines() if line.startswith("#")] == list(SECTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "### Step 3: Best Practices\n\nThe clerk follows them.",
        "1. **Pack**\n2. **Ship**\n\nBest Practices\n\nare known.",
        "- Best Practices: none that differ.\n- Others",
        "*Best Practices* are known to the clerk.",
        "| Best Practices | Others |\n|---|---|\n| a | b |",
        "Key Best Practices\n\nare known.",
        "```\n## Best Practices\n\nNot real.\n```",
        "See [Best Practices](#best-practices).",
        "### Required Best Practices of Packing\n\nThese.",
    ],
)
def test_words_within_another_section_are_not_a_missing_one(text: str) -> None:
    judgement = judge(document(texts={"Process Steps": text}, leave_out=("Best Practices",)))
    assert (judgement.outcome, judgement.detail) == (Outcome.sections_missing, "sections absent: Best Practices")


def test_a_table_of_contents_makes_no_section() -> None:
    listed = "\n".join(f"{number}. {name}" for number, name in enumerate(SECTIONS, 1))
    assert judge(f"# Shipping\n\n{listed}\n").outcome is Outcome.sections_missing
    assert judge(f"# Shipping\n\n{listed}\n\n{document(leave_out=('Overview',))}").detail == "sections absent: Overview"


def test_a_title_stays_and_a_preface_goes() -> None:
    titled = f"# Shipping\n\nHow goods leave the house.\n\n{GOOD_DOCUMENT}"
    assert body(judge(titled)) == titled
    judgement = judge(f"Sure, here you are:\n\n{titled}")
    assert body(judgement) == titled
    assert judgement.notes == ('A text before the document was left out: "Sure, here you are:".',)
    assert body(judge(f"# Thinking\n\nTen sections.\n\n{GOOD_DOCUMENT}")) == GOOD_DOCUMENT


def test_code_blocks_in_a_document_in_a_fence_stay() -> None:
    inner = document(texts={"Technology and Tools": "A query:\n\n```sql\nselect 1\n```\n\nruns daily."})
    assert body(judge(f"Here:\n\n```markdown\n{inner}\n```\nDone.")) == inner


@pytest.mark.parametrize(
    "text",
    [
        GOOD_DOCUMENT.replace("\n", "\\n"),
        json.dumps(GOOD_DOCUMENT),
        json.dumps({"title": "Shipping", "document": GOOD_DOCUMENT}),
        f"```json\n{json.dumps({'document': GOOD_DOCUMENT})}\n```",
        "\n".join(f"> {line}" for line in GOOD_DOCUMENT.splitlines()),
        "\n".join(f"    {line}" for line in GOOD_DOCUMENT.splitlines()),
    ],
    ids=["escaped breaks", "JSON string", "JSON object", "fenced JSON", "quoted", "indented"],
)
def test_a_document_in_another_form_is_taken_out_of_it(text: str) -> None:
    judgement = judge(text)
    assert (judgement.outcome, body(judgement)) == (Outcome.ok, GOOD_DOCUMENT)
    assert judgement.notes


ESCAPES = {
    r"the supplier\'s portal": "the supplier's portal",
    r"caf\xe9": "café",
    r"\xC4nderung": "Änderung",
    r"inv\_lines": "inv_lines",
    r"\*all\* of it": "*all* of it",
    r"R\&D, 20\%, \$5": "R&D, 20%, $5",
    r"\x41BC": "ABC",
    "a\tb\nc": "a\tb\nc",
    "bell \x07 rings": "bell \x07 rings",
}
TWO_READINGS = (r"caf\xc3\xa9", r"price \x80 5", r"share \\srv\x", r"half \u00e")


def with_raw_text(text: str) -> str:
    return GOOD_CASES.replace("Text recognition; interface to the warehouse system.", text)


@pytest.mark.parametrize("written", ESCAPES)
def test_an_escape_with_one_reading_is_read(written: str) -> None:
    judgement = judge(with_raw_text(written), "usecases")
    assert judgement.outcome is Outcome.ok, judgement
    assert judgement.content is not None
    assert {item.fields["technology_requirements"] for item in judgement.content.items} == {ESCAPES[written]}
    assert len(judgement.notes) == 1


@pytest.mark.parametrize("written", TWO_READINGS)
def test_an_escape_with_two_readings_is_not_guessed(written: str) -> None:
    assert judge(with_raw_text(written), "usecases").outcome is Outcome.invalid_json


SAME = {
    "twice": f"{GOOD_CASES}\n{GOOD_CASES}",
    "twice, without a break": GOOD_CASES * 2,
    "three times, fenced": f"Draft:\n```json\n{GOOD_CASES}\n```\nFinal:\n```json\n{GOOD_CASES}\n```\n{GOOD_CASES}",
    "once in another layout": f"{GOOD_CASES}\n\n{json.dumps(json.loads(GOOD_CASES), indent=2, sort_keys=True)}",
    "and begun once more": f"{GOOD_CASES}\n{GOOD_CASES[: len(GOOD_CASES) // 2]}",
    "after the schema": json.dumps({"type": "object", "properties": {"use_cases": {"type": "array"}}}) + GOOD_CASES,
    "after an example": 'Like {"use_cases": [{"title": "…"}]}:\n' + GOOD_CASES,
    "after too few": use_cases(4) + GOOD_CASES,
    "under another key": GOOD_CASES.replace('"use_cases"', '"useCases"'),
    "in a wrapper": json.dumps({"result": json.loads(GOOD_CASES)}),
    "as a string": json.dumps(GOOD_CASES),
    "line by line": "\n".join(map(json.dumps, json.loads(GOOD_CASES)["use_cases"])),
    "escaped as a whole": GOOD_CASES.replace('"', '\\"') if "\\" not in GOOD_CASES else json.dumps(GOOD_CASES)[1:-1],
    "with hard blanks": json.dumps(json.loads(GOOD_CASES), indent=2).replace("  ", NBSP * 2),
    "with invisible characters in keys": GOOD_CASES.replace("risk_level", f"risk{ZWSP}_level"),
    "with other names of fields": GOOD_CASES.replace('"risk_level"', '"riskLevel"').replace('"category"', '"Category"'),
    "with pictures and emphasis in levels": GOOD_CASES.replace('"Low"', '"🟢 Low"').replace('"High"', '"**High**"'),
    "with remarks behind levels": GOOD_CASES.replace('"High"', '"High (within a year)"'),
}


@pytest.mark.parametrize("form", SAME)
def test_what_says_the_same_is_the_same(form: str) -> None:
    judgement = judge(SAME[form], "usecases")
    assert judgement.outcome is Outcome.ok, judgement
    assert judgement.content == judge(GOOD_CASES, "usecases").content
    assert judgement.notes


def test_of_two_lists_that_differ_none_is_chosen() -> None:
    other = use_cases(title="Another one")
    for text in (f"{GOOD_CASES}\n{other}", f"{other}, {GOOD_CASES}", f"{GOOD_CASES}\n{other[: len(other) // 2]}"):
        judgement = judge(text, "usecases")
        assert (judgement.outcome, "2 lists of use cases that differ" in judgement.detail) == (Outcome.invalid_json, True)


BLANKS = {
    "line breaks": "\n",
    "blanks": " ",
    "blank lines": "\n \n",
    "tabs": "\t\n",
    "hard blanks": NBSP,
    "zero width": ZWSP,
    "escaped": "\\n",
}


@pytest.mark.parametrize("blank", BLANKS)
def test_blanks_until_the_budget_ends_are_an_outcome_of_their_own(blank: str) -> None:
    run = BLANKS[blank] * 3_000
    for key, begun in (("usecases", '{"use_cases": [{"title": "A"'), ("process_details", "## Overview\n\nGoods are")):
        judgement = stages_as_they_come()[key].judge(answer(begun + run, "length", reasoning_tokens=0))
        assert judgement.outcome is Outcome.whitespace, (blank, key, judgement)
    assert Outcome.whitespace.follow_up is Next.retry


def test_blanks_alone_are_told_from_thinking() -> None:
    blanks = stages_as_they_come()["usecases"].judge(answer("\n \n" * 2_000, "length", reasoning_tokens=0))
    assert (blanks.outcome, blanks.detail) == (
        Outcome.whitespace,
        "blanks and line breaks used up the budget of 4,000 tokens; no text was left",
    )
    assert stages_as_they_come()["usecases"].judge(answer("\n", "length", reasoning_tokens=3_900)).outcome is Outcome.truncated_reasoning
    assert stages_as_they_come()["usecases"].judge(answer("", "length", reasoning_tokens=0)).outcome is Outcome.truncated_reasoning


def test_what_was_complete_before_the_blanks_is_kept() -> None:
    judgement = judge(GOOD_DOCUMENT + "\n " * 2_000, finish_reason="length")
    assert (judgement.outcome, body(judgement)) == (Outcome.ok, GOOD_DOCUMENT)
    assert judgement.notes == ("After the document blanks alone used up the token budget.",)
    assert judge(GOOD_DOCUMENT[:-20] + "\n " * 2_000, finish_reason="length").outcome is Outcome.whitespace
    assert judge(GOOD_CASES[:-2] + "\n" * 3_000, "usecases", "length").outcome is Outcome.salvaged
    assert judge(GOOD_CASES + "\n" * 3_000, "usecases", "length").outcome is Outcome.ok


REFUSALS = (
    "I'm sorry, but I can't assist with that request.",
    "I’m sorry, I can’t help with this.",
    "I cannot fulfill this request.",
    "I am unable to provide a document on this subject, because it concerns weapons.",
    "As an AI language model, I cannot write about that.",
    "Unfortunately, I'm not able to create this content. Please ask for something else.\n\nI can help with other processes.",
    "I must respectfully decline.",
    "This request violates our usage policies.",
    '{"error": "I\'m sorry, but I cannot help with that."}',
    "<think>Not allowed.</think>\n\nI can't help with that.",
    "**I'm sorry, but I can't assist with that.**",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "Leider kann ich diese Anfrage nicht beantworten.",
    "Je suis désolé, mais je ne peux pas répondre à cette demande.",
    "Lo siento, pero no puedo ayudar con eso.",
)


@pytest.mark.parametrize("text", REFUSALS)
@pytest.mark.parametrize("key", ["process_details", "usecases"])
def test_a_refusal_in_plain_words_waits_for_a_person(text: str, key: str) -> None:
    judgement = judge(text, key)
    assert judgement.outcome is Outcome.refused
    assert judgement.detail.startswith("the model declined: ")
    assert judgement.outcome.follow_up is Next.person


def test_good_answers_may_speak_of_what_cannot_be_done() -> None:
    sorry = document(texts={"Overview": "I'm sorry, but I can't assist with that request, says the clerk."})
    assert judge(sorry).outcome is Outcome.ok
    assert judge(use_cases(description="I cannot help with that."), "usecases").outcome is Outcome.ok
    assert judge("Something came back that is no document.").outcome is Outcome.sections_missing


@pytest.mark.parametrize("count", [11, 13])
def test_what_is_beyond_ten_is_surplus(count: int) -> None:
    judgement = judge(use_cases(count), "usecases")
    assert judgement.content is not None
    assert len(judgement.content.items) == 10
    assert [item.title for item in judgement.content.surplus] == [f"Candidate number {number}" for number in range(11, count + 1)]
    assert judgement.content.version == judge(use_cases(10), "usecases").content.version  # type: ignore[union-attr]


def test_a_faulty_one_beyond_ten_spoils_nothing() -> None:
    items = [candidate(number) for number in range(1, 13)]
    items[10]["risk_level"] = "Somewhat"
    judgement = judge(json.dumps({"use_cases": items}), "usecases")
    assert judgement.content is not None
    assert [item.title for item in judgement.content.surplus] == ["Candidate number 12"]
    assert judgement.notes == ("12 candidates came; the last 2 are surplus; 1 of them are not as asked and were left out.",)


LISTS = {
    "- Time: less\n- Quality: more": "**Impact.**\n\n- Time: less\n- Quality: more",
    "* Time\n* Quality": "**Impact.**\n\n- Time\n- Quality",
    "• Time\n•\u2009Quality": "**Impact.**\n\n- Time\n- Quality",
    "1. Pilot\n2. Rollout": "**Impact.**\n\n1. Pilot\n2. Rollout",
    "Two effects:\n- Time\n- Quality": "**Impact.**\n\nTwo effects:\n\n- Time\n- Quality",
    "- Time": "**Impact.**\n\n- Time",
    "Weeks 1 to 3.\nWeeks 4 to 9.": "**Impact.**\n\nWeeks 1 to 3.  \nWeeks 4 to 9.",
    "Less time - and more.": "**Impact.** Less time - and more.",
}


@pytest.mark.parametrize("written", LISTS)
def test_lists_stay_lists(written: str) -> None:
    shown = body(judge(use_cases(impact_assessment=written), "usecases"))
    assert f"\n\n{LISTS[written]}\n\n**Complexity.**" in shown


def real_texts(name: str) -> list[str]:
    lines = [line for line in read_lines([real_file(f"{name}.output.jsonl").read_bytes()]) if isinstance(line, ResultLine)]
    return [line.text for line in lines if line.text]


@pytest.mark.parametrize("form", AROUND)
def test_real_answers_are_taken_out_of_what_stands_around_them(form: str) -> None:
    for key, name in (("process_details", "process_details_ok"), ("usecases", "usecases_mixed")):
        for text in real_texts(name):
            judgement = judge(AROUND[form](text), key)
            assert judgement.content == judge(text, key).content


@pytest.mark.parametrize("form", HEADINGS)
def test_real_documents_with_other_headings(form: str) -> None:
    for text in real_texts("process_details_ok"):
        lines = text.splitlines()
        headings = [number for number, line in enumerate(lines) if line.startswith("## ")]
        for place, number in enumerate(headings, 1):
            lines[number] = HEADINGS[form](place, lines[number].removeprefix("## "))
        judgement = judge("\n".join(lines))
        assert judgement.outcome is Outcome.ok, judgement
        del lines[headings[3] : headings[4]]
        assert judge("\n".join(lines)).outcome is Outcome.sections_missing
