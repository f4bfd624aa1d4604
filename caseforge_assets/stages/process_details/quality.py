"""Measures the quality of a process document: its sections, what each adds, its own node, what makes it specific, repetition, empty talk, its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from caseforge_assets.stages.distinct_words import DistinctWords, find_distinct
from caseforge_assets.stages.endings import looks_cut
from caseforge_assets.stages.judgement import Content
from caseforge_assets.stages.own_words import find_mentions, mentioned_share, own_words
from caseforge_assets.stages.process_details.headings import FoundSection, find_sections
from caseforge_assets.stages.process_details.sections import BUILT_IN, Sections
from caseforge_assets.stages.quality import Limit, NodeFacts, Part, Quality, Readable, between, readable, substance, weigh, wording_limits
from caseforge_assets.stages.shingles import empty_share, repeated_share, shingles_of, signature_of
from caseforge_assets.stages.specifics import Specifics, find_specifics

ENOUGH_CHARACTERS = 1_000  # of a section; 1,500 to 2,300 words in ten sections are 1,000 to 1,600 each
ENOUGH_MENTIONS = 8  # of a word of the node's name in the whole document
ENOUGH_SPREAD = 0.8  # of the words of the node's name in each section; real documents have 0.5 to 0.9
ENOUGH_NEW_WORDS = 25  # in each section; real documents have 15 to 40 in their shorter ones
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
    own: float | None
    kpis: float | None
    words: DistinctWords
    specifics: Specifics
    repeated: float | None
    empty: float | None
    cut: bool
    can: Readable

    @property
    def praised(self) -> float | None:
        """The share of words that only praise; None where these are not known."""
        return self.words.marketing_share if self.can.words else None

    @property
    def distinct(self) -> float | None:
        """Share by which the sections come near new words that are enough."""
        return self.words.value(ENOUGH_NEW_WORDS)


def measure(content: Content, facts: NodeFacts, sections: Sections = BUILT_IN, language: str = "") -> Quality:
    """Measure a process document.

    Args:
        content: The document.
        facts: Its node.
        sections: Those that a document has to have.
        language: Tag of the language that it was asked for in; empty where nothing was said.
    """
    lowered = content.body.lower()
    can = readable(content.body, language, facts)
    lines = lowered.splitlines()
    found = find_sections(content.body, sections)
    pieces = pieces_of(found, lines)
    asked = len(sections.entries)
    shingles = shingles_of(lowered, can.words) if can.words else []
    texts = list(pieces.values())
    mentions = find_mentions(own_words(facts), lowered, texts, ENOUGH_MENTIONS, ENOUGH_SPREAD)
    seen = _Seen(
        filled=sum(section.filled for section in found) / asked,
        asked=asked,
        order=order_of(found, sections),
        characters=len(content.body),
        pieces=pieces,
        depth=_depth(pieces, asked),
        own=mentions.together(name=25, description=20, spread=30, opening=25) if can.own_words else None,
        kpis=mentioned_share(facts.kpis, lowered),
        words=find_distinct(texts, can.words),
        specifics=find_specifics(content.body),
        repeated=repeated_share(shingles) if can.words else None,
        empty=empty_share(shingles, can.words) if can.words else None,
        cut=looks_cut(lowered, lines, can.words or language),
        can=can,
    )
    return weigh(_parts(seen), _limits(seen), _figures(seen), signature_of(shingles))


def _parts(seen: _Seen) -> tuple[Part, ...]:
    return (
        Part("sections", seen.filled, 10),
        Part("order", seen.order, 15),
        Part("depth", seen.depth, 10),
        Part("own_node", None if seen.own is None else between(seen.own, FOREIGN, OWN), 20),
        Part("kpis", seen.kpis, 5),
        Part("distinct", seen.distinct, 10),
        Part("specifics", seen.specifics.value(ENOUGH_FIGURES, ENOUGH_NAMES), 10),
        Part("repetition", None if seen.repeated is None else between(seen.repeated, MOST_REPEATED, 0.05), 10),
        Part("substance", substance(seen.empty, seen.praised), 5),
        Part("ending", 0.0 if seen.cut else 1.0, 5),
    )


def _limits(seen: _Seen) -> list[Limit]:
    limits = [
        Limit(100 * seen.filled, f"{seen.asked - round(seen.filled * seen.asked)} sections are missing"),
        Limit(40 + 80 * seen.depth, f"its sections are short ({100 * seen.depth:.0f} of 100)"),
    ]
    if seen.repeated is not None:
        limits.append(Limit(110 - 120 * seen.repeated, f"{seen.repeated:.0%} of it repeats what it has said before"))
    limits += wording_limits(seen.empty, seen.praised, seen.can.wrong)
    if seen.cut:
        limits.append(Limit(75, "its end looks cut off"))
    if seen.distinct is not None:
        limits.append(Limit(45 + 70 * seen.distinct, f"its sections say little that is new ({100 * seen.distinct:.0f} of 100)"))
    if seen.own is not None:
        limits.append(Limit(20 + 100 * seen.own, f"it speaks too little of its node ({100 * seen.own:.0f} of 100)"))
    return limits


def _figures(seen: _Seen) -> dict[str, object]:
    return {
        "characters": seen.characters,
        "section_characters": {name: len(piece) for name, piece in seen.pieces.items()},
        "own_node_share": _figure(seen.own),
        "new_words": dict(zip(seen.pieces, seen.words.new, strict=False)),
        "figures_per_1000": _figure(seen.specifics.figures),
        "names_per_1000": _figure(seen.specifics.names),
        "repeated_share": _figure(seen.repeated),
        "empty_share": _figure(seen.empty),
        "marketing_share": _figure(seen.praised),
        "looks_cut": seen.cut,
    } | ({"not_measured": dict(seen.can.missing)} if seen.can.missing else {})


def pieces_of(sections: Sequence[FoundSection], lines: list[str]) -> dict[str, str]:
    """Give the text of each section, from its heading to the next section's."""
    starts = [section.heading.line for section in sections]
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


def _figure(share: float | None) -> float | None:
    return None if share is None else round(share, 3)
