"""Finds in a document what is measured alike whatever its sections: whose node it speaks of, what its parts add, repetition, empty talk, its end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseforge_assets.stages.measuring.endings import looks_cut
from caseforge_assets.stages.measuring.novelty import DistinctWords, empty_share, find_distinct, repeated_share, shingles_of, signature_of
from caseforge_assets.stages.measuring.subject import find_mentions, mentioned_share, own_words
from caseforge_assets.stages.quality import Limit, NodeFacts, Part, Readable, between, readable, substance, wording_limits


@dataclass(frozen=True)
class Enough:
    """Of what a kind of document is to have how much.

    Attributes:
        mentions: Of a word of the node's name, in the whole document.
        spread: The share of the words of the node's name in each part.
        new_words: In each part.
        own: What the parts of speaking of its node weigh.
    """

    mentions: int
    spread: float
    new_words: int
    own: Mapping[str, int]


@dataclass(frozen=True)
class TextFindings:
    """Findings in a document; shares are from 0 to 1, and None where they can't be told.

    Attributes:
        own: How much it speaks of its node.
        kpis: The share of the node's official indicators that it names.
        words: What its parts add to one another.
        distinct: How near its parts come to new words that are enough.
        repeated: The share that repeats what it has said before.
        empty: The share of phrases that could stand anywhere.
        praised: The share of words that only praise.
        cut: Whether its end looks cut off.
        signature: By which documents of different nodes are compared.
        can: What can be measured in its language.
    """

    own: float | None
    kpis: float | None
    words: DistinctWords
    distinct: float | None
    repeated: float | None
    empty: float | None
    praised: float | None
    cut: bool
    signature: str | None
    can: Readable


def find_in_text(text: str, lowered: str, parts: Sequence[str], facts: NodeFacts, language: str, enough: Enough) -> TextFindings:
    """Look through a document.

    Args:
        text: The document.
        lowered: The same in small letters.
        parts: The pieces of it that are to add something each, in small letters.
        facts: Its node.
        language: Tag of the language that it was asked for in; empty where nothing was said.
        enough: How much is enough for its kind.
    """
    can = readable(text, language, facts)
    shingles = shingles_of(lowered, can.words) if can.words else []
    mentions = find_mentions(own_words(facts), lowered, parts, enough.mentions, enough.spread)
    words = find_distinct(parts, can.words)
    return TextFindings(
        own=mentions.together(**enough.own) if can.own_words else None,
        kpis=mentioned_share(facts.kpis, lowered),
        words=words,
        distinct=words.value(enough.new_words),
        repeated=repeated_share(shingles) if can.words else None,
        empty=empty_share(shingles, can.words) if can.words else None,
        praised=words.marketing_share if can.words else None,
        cut=looks_cut(lowered, lowered.splitlines(), can.words),
        signature=signature_of(shingles),
        can=can,
    )


def own_node(found: TextFindings, foreign: float, own: float, weight: int) -> Part:
    """Give the part of a score that says how much a document speaks of its node."""
    return Part("own_node", None if found.own is None else between(found.own, foreign, own), weight)


def repetition(found: TextFindings, worst: float, best: float, weight: int) -> Part:
    """Give the part of a score that says how little a document repeats itself."""
    return Part("repetition", None if found.repeated is None else between(found.repeated, worst, best), weight)


def wording_parts(found: TextFindings) -> tuple[Part, Part]:
    """Give the parts of a score for empty talk and for the end."""
    return Part("substance", substance(found.empty, found.praised), 5), Part("ending", 0.0 if found.cut else 1.0, 5)


def text_limits(found: TextFindings, parts: str, own_slope: float) -> list[Limit]:
    """Give what a document can be worth at most, for what is wrong with it.

    Args:
        found: What was found in it.
        parts: What its parts are called, in the plural.
        own_slope: How fast the limit rises with speaking of its node.
    """
    limits = []
    if found.repeated is not None:
        limits.append(Limit(110 - 120 * found.repeated, f"{found.repeated:.0%} of it repeats what it has said before"))
    limits += wording_limits(found.empty, found.praised, found.can.wrong)
    if found.cut:
        limits.append(Limit(75, "its end looks cut off"))
    if found.distinct is not None:
        limits.append(Limit(45 + 70 * found.distinct, f"its {parts} say little that is new ({100 * found.distinct:.0f} of 100)"))
    if found.own is not None:
        limits.append(Limit(20 + own_slope * found.own, f"it speaks too little of its node ({100 * found.own:.0f} of 100)"))
    return limits


def text_figures(found: TextFindings) -> dict[str, object]:
    """Give what was found as figures for people and for storing."""
    return {
        "own_node_share": rounded(found.own),
        "repeated_share": rounded(found.repeated),
        "empty_share": rounded(found.empty),
        "marketing_share": rounded(found.praised),
        "looks_cut": found.cut,
    } | ({"not_measured": dict(found.can.missing)} if found.can.missing else {})


def rounded(share: float | None) -> float | None:
    """Give a share to three places."""
    return None if share is None else round(share, 3)
