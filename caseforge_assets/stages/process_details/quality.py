"""Measures the quality of a process document: its sections, what each adds, its own node, what makes it specific, repetition, empty talk, its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from caseforge_assets.stages.judgement import Content
from caseforge_assets.stages.measuring.subject import Specifics, find_specifics
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
from caseforge_assets.stages.process_details.headings import FoundSection
from caseforge_assets.stages.process_details.sections import BUILT_IN, Sections
from caseforge_assets.stages.quality import Limit, NodeFacts, Part, Quality, weigh
from caseforge_assets.wording import counted

ENOUGH_CHARACTERS = 1_000  # of a section; 1,500 to 2,300 words in ten sections are 1,000 to 1,600 each
ENOUGH = Enough(
    mentions=8,
    spread=0.8,  # real documents have 0.5 to 0.9
    new_words=25,  # real documents have 15 to 40 in their shorter sections
    own={"name": 25, "description": 20, "spread": 30, "opening": 25},
)
ENOUGH_FIGURES, ENOUGH_NAMES = 1.0, 3.0  # in 1,000 characters; real documents have 1.0 and 4.5
FOREIGN, OWN = 0.3, 0.85  # measured: half of a framework's other nodes lie below 0.3, real documents above 0.75
MOST_REPEATED = 0.3


@dataclass(frozen=True)
class _Seen:
    """Findings in a document; shares are from 0 to 1."""

    filled: float
    asked: int
    order: float | None
    characters: int
    pieces: Mapping[str, str]
    depth: float
    specifics: Specifics
    text: TextFindings


def measure(content: Content, facts: NodeFacts, sections: Sections = BUILT_IN, language: str = "") -> Quality:
    """Measure a process document.

    Args:
        content: The document.
        facts: Its node.
        sections: Those that a document has to have.
        language: Tag of the language that it was asked for in; empty where nothing was said.
    """
    lowered = content.body.lower()
    found = find_sections(content.body, sections)
    pieces = pieces_of(found, lowered.splitlines())
    asked = len(sections.entries)
    seen = _Seen(
        filled=sum(section.filled for section in found) / asked,
        asked=asked,
        order=order_of(found, sections),
        characters=len(content.body),
        pieces=pieces,
        depth=_depth(pieces, asked),
        specifics=find_specifics(content.body),
        text=find_in_text(content.body, lowered, list(pieces.values()), facts, language, ENOUGH),
    )
    return weigh(_parts(seen), _limits(seen), _figures(seen), seen.text.signature)


def _parts(seen: _Seen) -> tuple[Part, ...]:
    return (
        Part("sections", seen.filled, 10),
        Part("order", seen.order, 15),
        Part("depth", seen.depth, 10),
        own_node(seen.text, FOREIGN, OWN, 20),
        Part("kpis", seen.text.kpis, 5),
        Part("distinct", seen.text.distinct, 10),
        Part("specifics", seen.specifics.value(ENOUGH_FIGURES, ENOUGH_NAMES), 10),
        repetition(seen.text, MOST_REPEATED, 0.05, 10),
        *wording_parts(seen.text),
    )


def _limits(seen: _Seen) -> list[Limit]:
    missing = seen.asked - round(seen.filled * seen.asked)
    return [
        *([Limit(100 * seen.filled, f"{counted(missing, 'section is', 'sections are')} missing")] if missing else []),
        Limit(40 + 80 * seen.depth, f"its sections are short ({100 * seen.depth:.0f} of 100)"),
        *text_limits(seen.text, "sections", 100),
    ]


def _figures(seen: _Seen) -> dict[str, object]:
    return {
        "characters": seen.characters,
        "section_characters": {name: len(piece) for name, piece in seen.pieces.items()},
        "new_words": dict(zip(seen.pieces, seen.text.words.new, strict=False)),
        "figures_per_1000": rounded(seen.specifics.figures),
        "names_per_1000": rounded(seen.specifics.names),
    } | text_figures(seen.text)


def pieces_of(sections: Sequence[FoundSection], lines: list[str]) -> dict[str, str]:
    """Give the text of each section, from its heading to the next section's."""
    starts = [section.heading.at.number for section in sections]
    ends = [*starts, len(lines)][1:]
    return {section.name: "\n".join(lines[start + 1 : end]) for section, start, end in zip(sections, starts, ends, strict=True)}


def order_of(found: Sequence[FoundSection], sections: Sections) -> float | None:
    """Give the share of sections that are followed by the right one; None where there are not two of them."""
    asked = [section.name for section in sections.entries]
    places = [asked.index(section.name) for section in found]
    right = {(first, second) for first, second in pairwise(sorted(places))}
    return sum(pair in right for pair in pairwise(places)) / len(right) if right else None


def _depth(pieces: Mapping[str, str], asked: int) -> float:
    return sum(min(1.0, len(piece) / ENOUGH_CHARACTERS) for piece in pieces.values()) / asked
