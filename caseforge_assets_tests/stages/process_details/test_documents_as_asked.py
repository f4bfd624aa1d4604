"""Documents that came to the letter as they were asked for are judged the short way, and it comes to what the tolerant one comes to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from caseforge_assets.stages.process_details.answer import is_as_asked, judge_text, judge_tolerantly
from caseforge_assets.stages.process_details.sections import BUILT_IN, Section, Sections
from caseforge_assets_tests.stages.answers import SECTIONS, answer, document

TEXT = "Parcels are weighed, labelled and handed to a carrier before noon.\n\n### Customs\n\n- Papers are checked.\n- **Value**: it is declared – naïve 🚲."
GOOD = document(texts=dict.fromkeys(SECTIONS, TEXT))
PIECES = (
    *("# Shipping\n\n", "## Overview\n\n", "## Key Activities\n", "### Part\n\n", "\n---\n", "**Overview**\n", "```\n", "> ", "- ", "\n\n", "\r\n", " "),
    *("TBD", "Let me know if you need more.", "\n\nEnd of document", "\x00", "\ud83d", "\u200b", "\u2028", "\ufeff", "é", "🚲", "\x0b", "#", ":", "**"),
)  # fmt: skip


@pytest.mark.parametrize("text", [GOOD, f"\n{GOOD}\n\n", f"{GOOD}\n\n1. One\n2. Two"], ids=["plain", "blanks around", "a list at the end"])
def test_both_ways_come_to_the_same(text: str) -> None:
    assert is_as_asked(text.strip(), BUILT_IN)
    assert judge_text(answer(text)) == judge_tolerantly(answer(text), BUILT_IN)


@given(some.sampled_from(PIECES), some.integers(0, len(GOOD)), some.sampled_from(["stop", "length"]), some.booleans())
@settings(max_examples=300, deadline=None)
def test_odd_pieces_are_judged_alike(piece: str, place: int, finish_reason: str, may_be_thinking: bool) -> None:
    came = answer(GOOD[:place] + piece + GOOD[place:], finish_reason, may_be_thinking=may_be_thinking)
    assert judge_text(came) == judge_tolerantly(came, BUILT_IN)


@pytest.mark.parametrize(
    "text",
    [f"{GOOD}\u200b", f"{GOOD}\x00", f"{GOOD}\n\nI hope this helps.", f"# Shipping\n\n{GOOD}", GOOD.replace("## Overview", "## Scope")],
)
def test_what_needs_a_word_is_judged_with_tolerance(text: str) -> None:
    assert not is_as_asked(text, BUILT_IN)


def test_a_heading_is_not_said_to_be_read_as_itself() -> None:
    sections = Sections((Section("Overview:", (), "x"), Section("Risks", (), "x")), "x")
    judgement = judge_tolerantly(answer("## Overview:\n\nText.\n\n## Hazards and Risks\n\nText."), sections)
    assert [note for note in judgement.notes if "Overview" in note] == []
