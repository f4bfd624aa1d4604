"""How good a process document is: its sections, their order and depth, its own node, repetition, empty talk, its end."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from caseforge_assets.stages.endings import looks_cut
from caseforge_assets.stages.judgement import Content
from caseforge_assets.stages.own_words import find_mentions, mentioned_share, own_words
from caseforge_assets.stages.process_details.headings import FoundSection, find_sections
from caseforge_assets.stages.process_details.sections import BUILT_IN, Sections
from caseforge_assets.stages.quality import Limit, NodeFacts, Part, Quality, between, weigh
from caseforge_assets.stages.shingles import empty_share, repeated_share, shingles_of, signature_of

ENOUGH_CHARACTERS = 500  # of a section; 1,500 words in ten sections are some 1,000 each
ENOUGH_MENTIONS = 8  # of a word of the node's name in the whole document
FOREIGN, OWN = 0.3, 0.75  # measured: half of a framework's other nodes lie below 0.3, real documents above 0.8
MOST_REPEATED = 0.3
MOST_EMPTY = 0.2


def measure(content: Content, facts: NodeFacts, sections: Sections = BUILT_IN) -> Quality:
    """Measure a process document.

    Args:
        content: The document.
        facts: Its node.
        sections: Those that a document has to have.
    """
    lowered = content.body.lower()
    lines = lowered.splitlines()
    found = find_sections(content.body, sections)
    pieces = _pieces(found, lines)
    asked = len(sections.entries)
    filled = sum(section.filled for section in found) / asked
    shingles = shingles_of(lowered)
    own = find_mentions(own_words(facts), lowered, list(pieces.values()), ENOUGH_MENTIONS).together(
        name=30, description=25, spread=15, opening=30
    )
    repeated = repeated_share(shingles)
    empty = empty_share(shingles)
    cut = looks_cut(lowered, lines)
    parts = (
        Part("sections", filled, 15),
        Part("order", _order(found, sections), 15),
        Part("depth", _depth(pieces, asked), 10),
        Part("own_node", None if own is None else between(own, FOREIGN, OWN), 25),
        Part("kpis", mentioned_share(facts.kpis, lowered), 5),
        Part("repetition", between(repeated, MOST_REPEATED, 0.05), 15),
        Part("substance", between(empty, MOST_EMPTY, 0.03), 10),
        Part("ending", 0.0 if cut else 1.0, 5),
    )
    limits = [
        Limit(100 * filled, f"{asked - round(filled * asked)} sections are missing"),
        Limit(110 - 120 * repeated, f"{repeated:.0%} of it repeats what it has said before"),
        Limit(110 - 200 * empty, f"{empty:.0%} of its phrases could stand anywhere"),
    ]
    if own is not None:
        limits.append(Limit(20 + 100 * own, f"it speaks too little of its node ({100 * own:.0f} of 100)"))
    figures = {
        "characters": len(content.body),
        "section_characters": {name: len(piece) for name, piece in pieces.items()},
        "own_node_share": _figure(own),
        "repeated_share": _figure(repeated),
        "empty_share": _figure(empty),
        "looks_cut": cut,
    }
    return weigh(parts, limits, figures, signature_of(shingles))


def _pieces(sections: Sequence[FoundSection], lines: list[str]) -> dict[str, str]:
    """Give the text of each section, from its heading to the next section's."""
    starts = [section.heading.line for section in sections]
    ends = [*starts, len(lines)][1:]
    return {section.name: "\n".join(lines[start + 1 : end]) for section, start, end in zip(sections, starts, ends, strict=True)}


def _order(found: Sequence[FoundSection], sections: Sections) -> float | None:
    """Give the share of sections that are followed by the right one; None where there are not two of them."""
    asked = [section.name for section in sections.entries]
    places = [asked.index(section.name) for section in found]
    right = {(first, second) for first, second in pairwise(sorted(places))}
    return sum(pair in right for pair in pairwise(places)) / len(right) if right else None


def _depth(pieces: Mapping[str, str], asked: int) -> float:
    return sum(min(1.0, len(piece) / ENOUGH_CHARACTERS) for piece in pieces.values()) / asked


def _figure(share: float | None) -> float | None:
    return None if share is None else round(share, 3)
