"""Process documents are accepted, or refused with what is wrong."""

import pytest

from caseforge_assets.stages.judgement import Judgement, Outcome
from caseforge_assets.stages.process_details.finding import find_sections
from caseforge_assets.stages.process_details.sections import BUILT_IN
from caseforge_assets_tests.stages.answers import SECTIONS, answer, document
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come


def judge(text: str, finish_reason: str = "stop") -> Judgement:
    return stages_as_they_come()["process_details"].judge(answer(text, finish_reason))


def test_a_good_document_is_accepted_as_it_is() -> None:
    judgement = judge(f"\n{document()}\n\n")
    assert judgement.outcome is Outcome.ok
    assert judgement.content is not None
    assert judgement.content.body == document()
    assert judgement.notes == ()


@pytest.mark.parametrize("name", SECTIONS)
def test_an_absent_section_is_named(name: str) -> None:
    judgement = judge(document(leave_out=(name,)))
    assert judgement.outcome is Outcome.sections_missing
    assert judgement.detail == f"sections absent: {name}"
    assert judgement.content is None


@pytest.mark.parametrize("text", ["", "---", "- \n- ", "TBD", "N/A", "*To be added.*", "…", "### A part\n\n### Another", "_____"])
def test_an_empty_section_is_named(text: str) -> None:
    judgement = judge(document(texts={"Best Practices": text}))
    assert (judgement.outcome, judgement.detail) == (Outcome.sections_missing, "sections empty: Best Practices")


def test_absent_and_empty_sections_are_told_apart() -> None:
    judgement = judge(document(texts={"Process Steps": ""}, leave_out=("Overview", "Technology and Tools")))
    assert judgement.detail == "sections absent: Overview, Technology and Tools; empty: Process Steps"


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("Common Challenges and Solutions", "Common Challenges"),
        ("Common Challenges & Mitigations", "Common Challenges"),
        ("Performance Metrics (KPIs)", "Performance Metrics"),
        ("Key Performance Indicators (KPIs)", "Performance Metrics"),
        ("KPIs", "Performance Metrics"),
        ("1. Overview", "Overview"),
        ("**2) Key Activities**", "Key Activities"),
        ("4.1 Process Steps:", "Process Steps"),
        ("IV. Process Steps", "Process Steps"),
        ("Section 3: Inputs & Prerequisites", "Inputs and Prerequisites"),
        ("INPUTS AND PREREQUISITES", "Inputs and Prerequisites"),
        ("Roles &amp; Responsibilities", "Roles and Responsibilities"),
        ("🔧 Technology and Tools", "Technology and Tools"),
        ("Tools/Technology", "Technology and Tools"),
        ("__Best Practices__ for Shipping", "Best Practices"),
        ("[Overview](#overview)", "Overview"),
        ("Overview – Packing", "Overview"),
        ("Inputs", "Inputs and Prerequisites"),
    ],
)
def test_headings_are_read_as_people_read_them(heading: str, name: str) -> None:
    assert BUILT_IN.meant(heading) == name


@pytest.mark.parametrize(
    "heading", ["", "Overviews", "Overview of Tools", "Steps to Success", "Inputs and Outputs", "Practices", "1.", "In Overview"]
)
def test_other_headings_are_not_taken_for_sections(heading: str) -> None:
    assert BUILT_IN.meant(heading) is None


def test_renamed_headings_are_noted() -> None:
    judgement = judge(
        document({"Common Challenges": "## Common Challenges and Solutions", "Performance Metrics": "## Performance Metrics (KPIs)"})
    )
    assert judgement.outcome is Outcome.ok
    assert judgement.notes == (
        'The heading "Common Challenges and Solutions" was read as Common Challenges.',
        'The heading "Performance Metrics (KPIs)" was read as Performance Metrics.',
    )


@pytest.mark.parametrize(
    "marks", ["# {}", "### {}", "###### {} ######", "##{}", "  ## {}", "**{}**", "**{}:**", "{}\n======", "{}\n---", "### **3. {}**"]
)
def test_all_kinds_of_headings_are_found(marks: str) -> None:
    assert judge(document({name: marks.format(name) for name in SECTIONS})).outcome is Outcome.ok


def test_levels_may_be_mixed() -> None:
    headings = {name: f"{'#' * (1 + place % 4)} {name}" for place, name in enumerate(SECTIONS)}
    judgement = judge(document(headings))
    assert judgement.outcome is Outcome.ok
    assert "Section headings are not all at level 2." in judgement.notes


def test_order_is_noted() -> None:
    parts = document().split("\n\n## ")
    swapped = "\n\n## ".join([*parts[:3], parts[4], parts[3], *parts[5:]])
    judgement = judge(swapped)
    assert judgement.outcome is Outcome.ok
    assert judgement.notes == ("The sections are in another order.",)


def test_a_title_is_no_section() -> None:
    assert judge(f"# Best Practices\n\n{document()}").notes == ()
    judgement = judge(f"# Best Practices\n\nA title only.\n\n{document(leave_out=('Best Practices',))}")
    assert judgement.detail == "sections absent: Best Practices"


def test_a_heading_inside_another_section_is_not_that_section() -> None:
    steps = "### Overview\n\nFirst.\n\n### Best Practices\n\nSecond."
    assert judge(document(texts={"Process Steps": steps})).notes == ()
    assert judge(document(texts={"Process Steps": steps, "Best Practices": ""})).detail == "sections empty: Best Practices"


def test_text_under_subheadings_fills_a_section() -> None:
    assert judge(document(texts={"Process Steps": "### Step 1\n\nPack.\n\n### Step 2\n\nShip."})).outcome is Outcome.ok


def test_a_heading_in_a_code_block_is_none() -> None:
    fenced = "```markdown\n## Technology and Tools\nNot real.\n```\nText."
    judgement = judge(document(texts={"Performance Metrics": fenced}, leave_out=("Technology and Tools",)))
    assert judgement.detail == "sections absent: Technology and Tools"


def test_a_code_block_that_never_ends_swallows_the_rest() -> None:
    judgement = judge(document(texts={"Best Practices": "~~~\n```\ncode"}))
    assert judgement.detail == "sections absent: Common Challenges, Performance Metrics, Technology and Tools"


def test_a_document_in_a_code_block_is_taken_out() -> None:
    judgement = judge(f"```markdown\n{document(texts={'Process Steps': 'Do.'})}\n```\n")
    assert judgement.outcome is Outcome.ok
    assert judgement.content is not None
    assert judgement.content.body.startswith("## Overview")
    assert judgement.notes == ("The document stood in a code block, which was taken off.",)


def test_a_cut_document_is_truncated_however_much_there_is() -> None:
    judgement = judge(document(), "length")
    assert judgement.outcome is Outcome.truncated
    assert judgement.detail == "the document was cut off after 4,000 tokens; its last section is incomplete"
    assert judgement.content is None
    assert "sections absent" in judge(document()[:300], "length").detail


def test_characters_that_cannot_be_stored_are_replaced() -> None:
    judgement = judge(document(texts={"Overview": "A\x00B\ud83dC 😀"}))
    assert judgement.content is not None
    assert "A\ufffdB\ufffdC 😀" in judgement.content.body
    assert judgement.notes == ("Characters that cannot be stored were replaced.",)


def test_windows_line_breaks() -> None:
    assert judge(document().replace("\n", "\r\n")).outcome is Outcome.ok


def test_every_section_is_found_where_it_stands() -> None:
    found = find_sections(document())
    assert [section.name for section in found] == list(SECTIONS)
    assert [section.heading.at.number for section in found] == list(range(0, 40, 4))


@pytest.mark.slow
def test_3_mb_are_judged_like_less() -> None:
    assert judge("\n\n".join([document()] * 2_000)).outcome is Outcome.ok
    assert judge("## Overview\n" * 250_000).outcome is Outcome.sections_missing
    assert judge("# " + " " * 1_500_000 + "x" * 1_500_000).outcome is Outcome.sections_missing
