"""Good answers in the forms that models give them: what has one reading is read, each thing that was tolerated is noted, and nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.stages.judgement import Next, Outcome
from caseforge_assets.stages.texts.plain_answers import BLANKS_LEFT_OUT
from caseforge_assets_tests.batches.files import real_file
from caseforge_assets_tests.stages.answers import SECTIONS, answer, body, candidate, document, judge, use_cases
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

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
    "thinking and an answer in tags": lambda text: (
        f"<output><think>{THOUGHT}</think>\n<answer><think>{THOUGHT}</think>\n{text}\n</answer></output>\n"
    ),
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
    "thinking in a fence": lambda text: f"```\n<think>{THOUGHT}</think>\n```\n{text}",
    "a heading that says Answer": lambda text: f"**Final Answer**\n\n{text}",
    "whose turn it is, on the same line": lambda text: f"assistant: {text}",
    "a mark of instructions": lambda text: f"[/INST] {text}",
    "character data": lambda text: f"<![CDATA[\n{text}\n]]>",
    "a declaration of XML": lambda text: f'<?xml version="1.0"?>\n<answer>\n{text}\n</answer>',
    "preformatted code": lambda text: f"<pre><code>\n{text}\n</code></pre>",
    "a page": lambda text: f"<!DOCTYPE html>\n<html><body>\n{text}\n</body></html>",
    "a closing tag": lambda text: f"{text}\n</answer>",
    "a fence, and another one with a command": lambda text: f"Here:\n\n```markdown\n{text}\n```\n\nThen run:\n\n```bash\ncat a.md\n```",
    "three quotes": lambda text: f"'''\n{text}\n'''",
    "three quotes with a name": lambda text: f'"""markdown\n{text}\n"""',
    "one backtick": lambda text: f"`{text}`",
    "settings": lambda text: f"---\ntitle: Shipping\ntags:\n  - goods\n---\n\n{text}",
    "begin and end": lambda text: f"-----BEGIN DOCUMENT-----\n{text}\n-----END DOCUMENT-----",
    "the end": lambda text: f"{text}\n<END>",
    "a count of words": lambda text: f"{text}\n\n(Word count: 1,850)",
    "isolates": lambda text: f"\u2066{text}\u2069",
    "colours of a terminal": lambda text: f"\x1b[1;32m{text}\x1b[0m",
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
    "tildes below": lambda _, name: f"{name}\n{'~' * len(name)}",
    "tildes above and below": lambda n, name: f"{'~' * (len(name) + 5)}\n {n}. {name}\n{'~' * (len(name) + 5)}",
    "dashes above and below": lambda _, name: f"{'-' * len(name)}\n{name}\n{'-' * len(name)}",
    "equals signs above and below": lambda _, name: f"{'=' * len(name)}\n{name}\n{'=' * len(name)}",
    "number signs above and below": lambda _, name: f"{'#' * len(name)}\n{name}\n{'#' * len(name)}",
    "dots below": lambda _, name: f"{name}\n{'.' * len(name)}",
    "plus signs below": lambda _, name: f"{name}\n{'+' * len(name)}",
    "a drawn line below": lambda _, name: f"{name}\n{'─' * 30}",
    "drawn lines above and below": lambda n, name: f"{'═' * 40}\n{n}. {name.upper()}\n{'═' * 40}",
    "square brackets around": lambda _, name: f"[{name}]",
    "two square brackets, capitals": lambda _, name: f"[[{name.upper()}]]",
    "a table of TOML": lambda _, name: f"[{name.lower().replace(' ', '_')}]",
    "two angles": lambda _, name: f"<<{name}>>",
    "an opening tag alone": lambda _, name: f"<{name}>",
    "wide brackets": lambda _, name: f"【{name}】",
    "two braces, in bold": lambda _, name: f"**{{{{{name}}}}}**",
    "Section": lambda _, name: f"Section: {name}",
    "SECTION_1": lambda n, name: f"## SECTION_{n}: {name}",
    "a letter and a number": lambda n, name: f"## S{n}. {name}",
    "roman without a mark": lambda n, name: f"## {ROMAN[n - 1]} {name}",
    "Section behind": lambda _, name: f"## {name} Section",
    "Textile with an id": lambda n, name: f"h2(#s{n}). {name}",
    "Confluence with an anchor": lambda n, name: f"h2. {{anchor:s{n}}}{name}",
    "LaTeX in bold": lambda _, name: rf"\textbf{{{name}}}",
    "LaTeX paragraphs": lambda _, name: rf"\paragraph{{{name}}}",
    "HTML over three lines": lambda _, name: f"<h2>\n  {name}\n</h2>",
    "letters of another script": lambda _, name: f"## {name.replace('e', chr(0x435)).replace('o', chr(0x43E))}",
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


TAGS: dict[str, Change] = {
    "underscores": lambda name: f"<{name.lower().replace(' ', '_')}>\n{{}}\n</{name.lower().replace(' ', '_')}>",
    "hyphens, on one line": lambda name: f"<{name.lower().replace(' ', '-')}>{{}}</{name.lower().replace(' ', '-')}>",
    "blanks": lambda name: f"<{name}>\n\n{{}}\n\n</{name}>",
    "joined words": lambda name: f"<{name.title().replace(' ', '')}>\n{{}}\n</{name.title().replace(' ', '')}>",
    "of a process": lambda name: f"<process_{name.upper().replace(' ', '_')}>\n{{}}\n</process_{name.upper().replace(' ', '_')}>",
    "a name": lambda name: f'<section id="a" name="{name}">\n{{}}\n</section>',
    "a title alone": lambda name: f'<Section title="{name}">\n{{}}',
    "a title within": lambda name: f"<section>\n<title>{name}</title>\n{{}}\n</section>",
    "square brackets": lambda name: f"[{name}]\n{{}}\n[/{name}]",
}


@pytest.mark.parametrize("form", TAGS)
def test_sections_in_tags_are_sections(form: str) -> None:
    texts = {name: f"Something is said about the {name.lower()} of shipping." for name in SECTIONS}
    parts = {name: TAGS[form](name).format(text) for name, text in texts.items()}
    whole = "\n".join(parts.values())
    for text in (whole, f"Here it is:\n\n```xml\n{whole}\n```"):
        judgement = judge(text)
        assert judgement.outcome is Outcome.ok, judgement
        shown = body(judgement)
        assert [line for line in shown.splitlines() if line and not line.startswith("## ")] == list(texts.values())
        assert any("tags" in note for note in judgement.notes)
    del parts["Process Steps"]
    assert judge("\n".join(parts.values())).detail == "sections absent: Process Steps"
    again = judge("\n".join([*parts.values(), parts["Overview"]]))
    assert again.outcome is Outcome.sections_missing


def test_a_tag_in_a_section_is_not_a_missing_one() -> None:
    for text in ("<overview>\nWords that stand here.\n</overview>", "```xml\n<overview>\nWords that stand here.\n</overview>\n```"):
        judgement = judge(document(texts={"Technology and Tools": text}, leave_out=("Overview",)))
        assert judgement.detail == "sections absent: Overview"


def mistyped(name: str) -> list[str]:
    swapped = name[:4] + name[5] + name[4] + name[6:]
    return [name[:3] + name[4:], swapped, name[:3] + name[2:], f"{name[:4]}x{name[5:]}", name.replace(" ", "")]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_small_mistake_in_a_heading_is_overlooked(name: str) -> None:
    place = SECTIONS.index(name) + 1
    for text in mistyped(name):
        judgement = judge(document({name: f"## {place}. {text}"}))
        assert judgement.outcome is Outcome.ok, (text, judgement)
        assert judgement.notes or text == name
        in_bold = {other: f"**{text if other == name else other}**" for other in SECTIONS}
        assert judge(document(in_bold)).outcome is Outcome.ok, text


def test_all_headings_may_have_a_mistake() -> None:
    judgement = judge(with_headings(lambda n, name: f"## {n}. {mistyped(name)[0]}"))
    assert judgement.outcome is Outcome.ok
    assert 'The heading "1. Oveview" was read as Overview.' in judgement.notes


@pytest.mark.parametrize(
    "text",
    [
        document(leave_out=("Overview",)) + "\n\n## Overvew\n\nSomething is said here about shipping.",
        document({"Overview": "## Overvew\n\nSomething is said here.\n\n## Ovrview"}),
        document(texts={"Process Steps": "### Best Practises\n\nThe clerk follows them."}, leave_out=("Best Practices",)),
        document({"Common Challenges": "## Common Changes"}),
        document({"Outputs and Deliverables": "## Onputs"}),
        document({"Technology and Tools": "## Toll"}),
    ],
    ids=["in another place", "twice", "within a section", "another word", "between two names", "a short name"],
)
def test_a_mistake_that_may_be_something_else_is_not_overlooked(text: str) -> None:
    assert judge(text).outcome is Outcome.sections_missing


@pytest.mark.parametrize("line", ["**{}** – what it says.", "{}: what it says, in some words.", "- **{}**: what it says."])
def test_an_outline_with_remarks_makes_no_section(line: str) -> None:
    outline = "\n\n".join(line.format(name) for name in SECTIONS)
    assert judge(outline if line[0] != "-" else outline.replace("\n\n", "\n")).outcome is Outcome.ok
    for text in (f"{outline}\n\n{document(leave_out=('Overview',))}", f"{document(leave_out=('Overview',))}\n\n{outline}"):
        assert judge(text).detail == "sections absent: Overview"


def test_text_on_the_line_of_a_heading_is_beneath_it() -> None:
    texts = {name: f"Something is said about the {name.lower()} of shipping." for name in SECTIONS}
    for line in ("## {}: {}", "## {} – {}"):
        judgement = judge("\n\n".join(line.format(name, text) for name, text in texts.items()))
        assert (judgement.outcome, body(judgement)) == (Outcome.ok, GOOD_DOCUMENT)
        assert judgement.notes == ("Text stood on the lines of headings.",)


def test_a_document_without_line_breaks_has_them_again() -> None:
    judgement = judge(GOOD_DOCUMENT.replace("\n\n", " "))
    assert (judgement.outcome, body(judgement)) == (Outcome.ok, GOOD_DOCUMENT)
    assert judge(document(leave_out=("Best Practices",)).replace("\n\n", " ")).detail == "sections absent: Best Practices"


def test_a_heading_in_a_code_block_is_not_a_missing_section() -> None:
    for fence in ("```", "~~~~", "~~~~~~~~~~~~"):
        text = f"Run this:\n{fence}\n## Overview\nwords that are not real\n{fence}"
        assert judge(document(texts={"Technology and Tools": text}, leave_out=("Overview",))).detail == "sections absent: Overview"


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
    "each in an object": json.dumps({"use_cases": [{"use_case": case} for case in json.loads(GOOD_CASES)["use_cases"]]}),
    "each under a name": json.dumps({f"use_case_{number}": case for number, case in enumerate(json.loads(GOOD_CASES)["use_cases"], 1)}),
    "as arguments of a call": json.dumps({"name": "use_cases", "arguments": GOOD_CASES}),
    "in a string in a string": json.dumps(json.dumps(GOOD_CASES)),
    "numbered": "\n".join(f"{number}. {json.dumps(case)}" for number, case in enumerate(json.loads(GOOD_CASES)["use_cases"], 1)),
    "under headings": "\n".join(f"### Use case\n```json\n{json.dumps(case)}\n```" for case in json.loads(GOOD_CASES)["use_cases"]),
    "line by line, with a sentence before": "Here:\n" + "\n".join(map(json.dumps, json.loads(GOOD_CASES)["use_cases"])),
    "with control characters between": GOOD_CASES.replace(', "', ',\x00\x0c "', 5),
    "with remarks behind levels": GOOD_CASES.replace('"High"', '"High (within a year)"'),
}


@pytest.mark.parametrize("form", SAME)
def test_what_says_the_same_is_the_same(form: str) -> None:
    judgement = judge(SAME[form], "usecases")
    assert judgement.outcome is Outcome.ok, judgement
    assert judgement.content == judge(GOOD_CASES, "usecases").content
    assert judgement.notes


@pytest.mark.parametrize("between", ["\n\nBetter:\n\n", " or ", "\n- Note: a draft\n"])
def test_candidates_with_words_between_them_are_not_put_together(between: str) -> None:
    assert judge(between.join(map(json.dumps, json.loads(GOOD_CASES)["use_cases"])), "usecases").outcome is Outcome.invalid_json


def test_a_draft_before_the_candidates_is_not_put_together_with_them() -> None:
    cases = [*json.loads(use_cases(7))["use_cases"], *json.loads(GOOD_CASES)["use_cases"]]
    assert judge("\n".join(map(json.dumps, cases)), "usecases").outcome is Outcome.invalid_json


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
    "I'm really sorry, but that's something I can't help with.",
    "I refuse.",
    "Cannot comply.",
    "My guidelines prevent me from writing about this.",
    "I'm just a language model and can't help with that.",
    "I'd be glad to help with something else, but I can't write this.",
    "I understand your request; however, I cannot provide this.",
    "```\nI'm sorry, but I can't assist with that.\n```",
    "## Overview\n\nI'm sorry, but I can't assist with that.",
    "⚠️ Response: I can't help with that.",
    "Diese Anfrage kann ich nicht bearbeiten.",
    "No puedo ayudar con esta solicitud.",
    "Non posso aiutarti con questo.",
    "Omlouvám se, ale s tím nemohu pomoci.",
    "Üzgünüm, bu konuda yardımcı olamam.",
    "Xin lỗi, tôi không thể giúp với yêu cầu này.",
    "このリクエストには対応できません。",
)
NO_REFUSALS = (
    "Something came back that is no document.",
    "I cannot find the process document; please provide it.",
    "The content of the invoice cannot be changed.",
    "I understand the process. It begins with an order, but I would need more details.",
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
    for text in NO_REFUSALS:
        assert judge(text).outcome is Outcome.sections_missing


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
    assert judgement.notes == ("12 candidates came; the last 2 are surplus; 1 of them is not as asked and was left out.",)


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
    texts = [line.text for line in lines if line.text]
    assert texts, f"{name} holds no answers"
    return texts


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


def test_hundreds_of_blanks_before_a_word_are_left_out() -> None:
    begun, rest = GOOD_DOCUMENT[:40].rsplit(" ", 1)[0], GOOD_DOCUMENT[40:]
    word = GOOD_DOCUMENT[len(begun) : 40]
    judgement = judge(f"{begun}{' ' * 5_000}{word.lstrip()}{rest}")
    assert (judgement.outcome, body(judgement)) == (Outcome.ok, GOOD_DOCUMENT)
    assert judgement.notes == (BLANKS_LEFT_OUT,)
    assert judge(GOOD_DOCUMENT + "\n" * 5_000).notes == ()


@pytest.mark.slow
@pytest.mark.parametrize("piece", [" ", "\n", " \n", "# ", "<h2>", "<think>", "|", "1\n", "**", "x "])
@pytest.mark.parametrize("stage", ["process_details", "usecases"])
def test_what_a_model_repeats_until_the_budget_ends_is_judged(stage: str, piece: str) -> None:
    for before, after in (("", "</h2>"), ("# ", "x"), ("", "")):  # which takes minutes where a pattern begins anew at each character
        assert judge(before + piece * (30_000 // len(piece)) + after, stage, "length").content is None
