"""Measures the quality of a specification: its sections, the parts of its use cases, what they add, its own node, whether estimates are marked as such."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.stages.judgement import Content
from caseforge_assets.stages.measuring.text_quality import (
    Enough,
    TextFindings,
    find_in_text,
    own_node,
    repetition,
    rounded,
    text_figures,
    text_limits,
    wording_parts,
)
from caseforge_assets.stages.process_details.finding import find_sections
from caseforge_assets.stages.process_details.quality import order_of, pieces_of
from caseforge_assets.stages.quality import Limit, NodeFacts, Part, Quality, between, weigh
from caseforge_assets.stages.usecase_specs.cases import FoundCase, find_cases
from caseforge_assets.stages.usecase_specs.outline import CASES, Outline
from caseforge_assets.wording import counted

ENOUGH_CHARACTERS = 700  # of a section beside the use cases; 700 to 1,000 words in four of them are 1,100 to 1,500 each
ENOUGH_OF_A_PART = 400  # characters; 500 to 700 words in six parts are 500 to 750 each
ENOUGH = Enough(mentions=6, spread=0.6, new_words=30, own={"name": 35, "description": 20, "spread": 35, "opening": 10})
ENOUGH_MARKED = 0.5  # of the lines with amounts; what the material says itself needs no mark
FOREIGN, OWN = 0.25, 0.75
MOST_REPEATED = 0.35
_FEWEST_AMOUNTS = 4
_AMOUNT = re.compile(
    r"[$€£]\s?\d|\d[\d.,]*\s?(?:%|percent\b|usd\b|eur\b|euros?\b|dollars?\b|person[- ]?days?\b|person[- ]?months?\b|fte\b|hours?\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Seen:
    """Findings in a specification; shares are from 0 to 1."""

    sections: float
    asked: int
    cases: Sequence[FoundCase]
    filled: float
    order: float | None
    characters: int
    depth: float
    amounts: int
    marked: float | None
    text: TextFindings


def measure(content: Content, facts: NodeFacts, outline: Outline) -> Quality:
    """Measure a specification.

    Args:
        content: The specification.
        facts: Its node.
        outline: The headings that it is to have.
    """
    lowered = content.body.lower()
    lines = lowered.splitlines()
    found = find_sections(content.body, outline.sections)
    cases = find_cases(content.body, outline)
    others = {name: text for name, text in pieces_of(found, lines).items() if name != CASES}
    parts = [*others.values(), *(case.text.lower() for case in cases)]
    asked = len(outline.sections.entries)
    amounts, marked = _marked(lines, outline)
    seen = _Seen(
        sections=sum(section.filled for section in found) / asked,
        asked=asked,
        cases=cases,
        filled=_filled(cases, outline),
        order=order_of(found, outline.sections),
        characters=len(content.body),
        depth=_depth(list(others.values()), cases, outline),
        amounts=amounts,
        marked=marked,
        text=find_in_text(content.body, lowered, parts, facts, outline.language, ENOUGH),
    )
    return weigh(_parts(seen), _limits(seen), _figures(seen), seen.text.signature)


def _parts(seen: _Seen) -> tuple[Part, ...]:
    return (
        Part("sections", seen.sections, 10),
        Part("use_cases", seen.filled, 15),
        Part("order", seen.order, 5),
        Part("depth", seen.depth, 15),
        own_node(seen.text, FOREIGN, OWN, 15),
        Part("kpis", seen.text.kpis, 5),
        Part("distinct", seen.text.distinct, 10),
        Part("assumptions", None if seen.marked is None else between(seen.marked, 0.0, ENOUGH_MARKED), 10),
        repetition(seen.text, MOST_REPEATED, 0.08, 5),
        *wording_parts(seen.text),
    )


def _limits(seen: _Seen) -> list[Limit]:
    limits = [
        Limit(100 * seen.sections, f"{counted(seen.asked - round(seen.sections * seen.asked), 'section is', 'sections are')} missing"),
        Limit(100 * seen.filled, f"parts of its use cases are missing ({100 * seen.filled:.0f} of 100 are there)"),
        Limit(40 + 80 * seen.depth, f"its sections and use cases are short ({100 * seen.depth:.0f} of 100)"),
    ]
    if seen.marked is not None and seen.amounts >= _FEWEST_AMOUNTS:
        limits.append(Limit(65 + 140 * seen.marked, f"of {seen.amounts} lines with amounts, {seen.marked:.0%} mark an assumption"))
    return limits + text_limits(seen.text, "sections and use cases", 110)


def _figures(seen: _Seen) -> dict[str, object]:
    return {
        "characters": seen.characters,
        "use_cases": len(seen.cases),
        "use_case_characters": [len(case.text) for case in seen.cases],
        "new_words": list(seen.text.words.new),
        "lines_with_amounts": seen.amounts,
        "marked_share": rounded(seen.marked),
    } | text_figures(seen.text)


def _filled(cases: Sequence[FoundCase], outline: Outline) -> float:
    """Give the share of parts that are filled, over all use cases."""
    asked = len(cases) * len(outline.parts.entries)
    return sum(len(case.filled()) for case in cases) / asked if asked else 0.0


def _depth(others: Sequence[str], cases: Sequence[FoundCase], outline: Outline) -> float:
    """Give the mean of how near sections and use cases come to a length that says something; use cases count half."""
    of_sections = sum(min(1.0, len(text) / ENOUGH_CHARACTERS) for text in others) / (len(outline.sections.entries) - 1)
    enough = ENOUGH_OF_A_PART * len(outline.parts.entries)
    of_cases = sum(min(1.0, len(case.text) / enough) for case in cases) / len(cases) if cases else 0.0
    return (of_sections + of_cases) / 2


def _marked(lines: Sequence[str], outline: Outline) -> tuple[int, float | None]:
    """Count the lines with amounts, and give the share of them that mark one as an assumption; None where there are none, or the words are not known."""
    with_amounts = [line for line in lines if _AMOUNT.search(line)]
    if not with_amounts or not outline.assumptions:
        return len(with_amounts), None
    return len(with_amounts), sum(any(word in line for word in outline.assumptions) for line in with_amounts) / len(with_amounts)
