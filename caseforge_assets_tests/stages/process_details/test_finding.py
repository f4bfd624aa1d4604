"""Documents that come as they were asked for are read at once: whatever stands in one, the closer look at its headings finds the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.stages.process_details.answer import judge_text, judge_tolerantly
from caseforge_assets.stages.process_details.finding import find_sections, sections_as_asked
from caseforge_assets.stages.process_details.headings import count_repeated, search_sections
from caseforge_assets.stages.process_details.reading import read_document
from caseforge_assets.stages.process_details.sections import BUILT_IN, Section, Sections
from caseforge_assets_tests.batches.files import real_file
from caseforge_assets_tests.stages.answers import SECTIONS, answer, body, document, judge

TEXT = "Parcels are weighed, labelled and handed to a carrier before noon.\n\n### Customs\n\n- Papers are checked.\n- **Value**: it is declared."
AS_ASKED = document(texts=dict.fromkeys(SECTIONS, TEXT))
NEEDS_A_LOOK = (
    *("# Overview", "##", "## Overview", "## Conclusion", "##Overview", "#Overview", "####### Overview", "###"),
    *("  ## Overview", "    ## Overview", "- ## Overview", "> ## Overview", "\\## Overview", "**## Overview**", "\xa0# Overview", "\uff03\uff03 Overview"),
    *("**Overview**", "__Overview__:", "1. **Overview**", "> **Overview**", "** Overview **", "<b>Overview</b>", "\u2460 **Overview**.", "**Overview**</u>"),
    *("<h2>Overview</h2>", "== Overview ==", "h2. Overview", "\\section{Overview}", "• ## Overview", "\u200b## Overview", "**Overview**\u200b"),
    *("Overview\n---", "Overview\n===", "Overview\n~~~~~~~~", "Overview\n#######", "═════\nOverview\n═════", "Overview\n-", "Overview\n  ===  "),
    *("```\n## Overview\n```", "~~~", "> ```", "with\u2028## Overview", "with\x0b## Overview", "\r## Overview", "\u115f**Overview**\u115f"),
)  # fmt: skip
HARMLESS = (
    *("### Overview", "#### 1. Process Steps", "###### Größe", "- **Overview**", "* **Overview**: text", "Overview", "Overview: text", "*Overview*"),
    *("> *Said by somebody.*", "| **Overview** | x |", "|---|---|", "1. **Overview** comes first", "Überblick", "hint", "words **in bold** and more"),
)  # fmt: skip


def with_line(line: str, place: int, apart: str = "\n\n") -> str:
    """The document with one more line beneath one of its sections."""
    parts = AS_ASKED.split("\n\n## ")
    parts[place] += f"{apart}{line}"
    return "\n\n## ".join(parts)


def test_a_document_as_it_was_asked_for_is_found_at_once() -> None:
    found = sections_as_asked(AS_ASKED, BUILT_IN)
    assert [section.name for section in found] == list(SECTIONS)
    assert found == search_sections(AS_ASKED, BUILT_IN) == find_sections(AS_ASKED)
    assert judge(AS_ASKED).notes == ()
    assert body(judge(AS_ASKED)) == AS_ASKED


@pytest.mark.parametrize("apart", ["\n", "\n\n"], ids=["below text", "apart"])
@pytest.mark.parametrize("line", NEEDS_A_LOOK)
def test_what_may_be_another_heading_is_looked_at(line: str, apart: str) -> None:
    assert sections_as_asked(with_line(line, 4, apart), BUILT_IN) == ()


@pytest.mark.parametrize("line", HARMLESS)
def test_other_lines_are_no_reason_for_a_look(line: str) -> None:
    text = with_line(line, 4)
    assert sections_as_asked(text, BUILT_IN) == search_sections(text, BUILT_IN) != ()


@given(
    line=st.one_of(st.text(alphabet="#*_`|>-=~\\<h2. \t:\xa0•–\uff03²①1)[]+^\"'═\u200b/x\n"), st.sampled_from((*NEEDS_A_LOOK, *HARMLESS))),
    before=st.text(alphabet="#*_>-=~\\<h1. \t", max_size=4),
    after=st.text(alphabet="*_>#:. \t\u200b", max_size=4),
    place=st.integers(0, len(SECTIONS) - 1),
    apart=st.sampled_from(["\n", "\n\n", "\n \n"]),
)
def test_the_closer_look_finds_the_same_whatever_stands_there(line: str, before: str, after: str, place: int, apart: str) -> None:
    text = with_line(f"{before}{line}{after}", place, apart).strip()
    if found := sections_as_asked(text, BUILT_IN):
        assert found == search_sections(text, BUILT_IN)
        assert not count_repeated(text, BUILT_IN)
        read = read_document(text, BUILT_IN)
        judged = judge(text)
        assert (judged.notes, body(judged)) == (read.notes, read.body)


@pytest.mark.parametrize(
    "text", ["", "TBD", "One two three", "[Say here what it is about]", "### Part", "- \n- ", "to be\n\ndetermined", "See above."]
)
def test_sections_without_a_text_for_certain_are_looked_at(text: str) -> None:
    assert sections_as_asked(document(texts={"Process Steps": text}), BUILT_IN) == ()


@pytest.mark.parametrize("name", ["Use of C#", "Notes:", "**Bold**", "Größe & Maß"])
def test_sections_of_ones_own_are_found_at_once_only_where_their_headings_are_read_so(name: str) -> None:
    sections = Sections((Section(name, (), "x"), Section("Overview", (), "x")), "x")
    text = f"## {name}\n\n{TEXT}\n\n## Overview\n\n{TEXT}"
    assert sections_as_asked(text, sections) in ((), search_sections(text, sections))
    assert judge_text(answer(text), sections) == judge_tolerantly(answer(text), sections)


def test_real_documents_with_the_headings_that_are_asked_for_now() -> None:
    """They were asked for with a title, and named two sections otherwise. One has an item that begins with a mark of headings, `- # and severity of …`."""
    at_once = []
    for line in read_lines([real_file("process_details_ok.output.jsonl").read_bytes()]):
        assert isinstance(line, ResultLine)
        text = line.text
        for old, new in ((r"\A# .*\n+", ""), (r"(?m)^(## Common Challenges) .*$", r"\1"), (r"(?m)^(## Performance Metrics) .*$", r"\1")):
            text = re.sub(old, new, text)
        at_once.append(bool(sections_as_asked(text, BUILT_IN)))
        assert sections_as_asked(text, BUILT_IN) in ((), search_sections(text, BUILT_IN))
        assert body(judge(text)) == read_document(text, BUILT_IN).body == text
    assert at_once == [True, True, False]
