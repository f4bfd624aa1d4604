"""Measures what a text is about: how much it speaks of its own node, and how specific it is.

A node is known by the words of its name and description. Words are compared by their first letters, so that "strategies" and "strategic"
are one. Words that stand in many nodes' names, such as "manage", say little about which node is meant and count a quarter. What makes a
text specific are figures, and names that are written with several capitals, such as ERP or SharePoint.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from caseforge_assets.stages.languages import ENGLISH
from caseforge_assets.stages.measuring.word_lists import word_list
from caseforge_assets.stages.quality import NodeFacts

STEM_LETTERS = 6
MOST_DESCRIPTION_WORDS = 16
COMMON_WEIGHT = 0.25
OPENING_CHARACTERS = 1_000
MOST_OF_A_NAME = 0.6  # of an indicator's words, from which on a text takes it up
PER_CHARACTERS = 1_000  # of a text, in which figures and names are counted

_WORD = re.compile(r"[^\W\d_]{3,}")
_FIGURE = re.compile(r"[0-9][0-9]*(?:[.,:][0-9]+)*")
_LIST_NUMBER = re.compile(r"\n[ \t]*[0-9]+[.)]\s")
# Both at once, for one look through a text is half of two: a figure, or a name with the figure that it ends in ("MP3.5").
# One set of first characters, and then the two ways on: with two patterns side by side, each place is tried twice.
_EITHER = re.compile(r"[0-9A-Z](?:(?<=[0-9])[0-9]*(?:[.,:][0-9]+)*|[a-z0-9&]*[A-Z]\w*(?:(?<=[0-9])(?:[.,:][0-9]+)+)?)")


@dataclass(frozen=True, slots=True)
class OwnWords:
    """Beginnings of a node's words with their weights: of its name, and of its description beyond the name."""

    name: tuple[tuple[str, float], ...]
    description: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Mentions:
    """Shares that say how far a text speaks of its node, each from 0 to 1; None where the node has no such words.

    Attributes:
        name: The words of the name, each as often as is enough.
        description: The words of the description, each once.
        spread: How near the pieces come to the share of the name's words that is enough; of the description's where the name has none.
        opening: The words of the name in the first piece, where texts say what they are about.
    """

    name: float | None
    description: float | None
    spread: float | None
    opening: float | None

    def together(self, *, name: int, description: int, spread: int, opening: int = 0) -> float | None:
        """The mean by the weights given; None where nothing applies."""
        weighed = ((self.name, name), (self.description, description), (self.spread, spread), (self.opening, opening))
        known = [(value, weight) for value, weight in weighed if value is not None]
        return sum(value * weight for value, weight in known) / sum(weight for _, weight in known) if known else None


@dataclass(frozen=True, slots=True)
class Specifics:
    """Figures (numbers of lists aside) and names, each as often as they stand in 1,000 characters."""

    figures: float
    names: float

    def value(self, figures: float, names: float) -> float:
        """Give how near both come to what is enough, from 0 to 1, each counting half."""
        return (min(1.0, self.figures / figures) + min(1.0, self.names / names)) / 2


@lru_cache(maxsize=4096)  # a node is asked about in every stage
def own_words(facts: NodeFacts) -> OwnWords:
    """Find the words by which a node is known.

    Args:
        facts: The node.
    """
    language = facts.language or ENGLISH
    common = word_list("common_beginnings", language)
    name = _stems(facts.name, language)
    described = [stem for stem in _stems(facts.description, language) if stem not in name][:MOST_DESCRIPTION_WORDS]
    weights = {stem: COMMON_WEIGHT if stem in common else 1.0 for stem in (*name, *described)}
    return OwnWords(tuple((stem, weights[stem]) for stem in name), tuple((stem, weights[stem]) for stem in described))


def find_mentions(words: OwnWords, lowered: str, pieces: Sequence[str], enough: int, dense: float) -> Mentions:
    """Look for a node's words in a text.

    Args:
        words: The node's words.
        lowered: The text in lower case.
        pieces: The text's sections or items, in lower case.
        enough: How often a word of the name has to stand in the text to count whole.
        dense: The share of the name's words from which on a text has them in its pieces as often as is enough.
    """
    name = described = spread = opening = None
    spread_words = words.name or words.description
    if weights := sum(weight for _, weight in words.name):
        name = sum(weight * min(lowered.count(stem), enough) for stem, weight in words.name) / enough / weights
        first = pieces[0][:OPENING_CHARACTERS] if pieces else ""
        opening = sum(weight for stem, weight in words.name if stem in first) / weights
    if weights := sum(weight for _, weight in words.description):
        described = sum(weight for stem, weight in words.description if stem in lowered) / weights
    if pieces and (weights := sum(weight for _, weight in spread_words)):
        spread = sum(weight for piece in pieces for stem, weight in spread_words if stem in piece) / weights / len(pieces)
        spread = min(1.0, spread / dense)
    return Mentions(name, described, spread, opening)


def mentioned_share(names: Sequence[str], lowered: str) -> float | None:
    """Give the share of names, such as those of indicators, that a text takes up: most of their words stand in it.

    Args:
        names: Names; None is given where there are none, or none with words.
        lowered: The text in lower case.
    """
    all_stems = [stems for name in names if (stems := _stems(name, ENGLISH))]
    if not all_stems:
        return None
    return sum(sum(stem in lowered for stem in stems) >= MOST_OF_A_NAME * len(stems) for stems in all_stems) / len(all_stems)


def find_specifics(text: str) -> Specifics:
    """Count what makes a text specific.

    Args:
        text: Markdown, in its own upper and lower case.
    """
    per = len(text) / PER_CHARACTERS
    if not per:
        return Specifics(0.0, 0.0)
    found = _EITHER.findall(text)
    names = [specific for specific in found if specific[0] > "9"]
    figures = len(found) - len(names) + sum(len(_FIGURE.findall(name)) for name in names if not name.isalpha())
    return Specifics((figures - len(_LIST_NUMBER.findall(text))) / per, len(names) / per)


def _stems(text: str, language: str) -> list[str]:
    """The beginnings of a text's words, each once, without those that tell nothing."""
    meaningless = word_list("meaningless_beginnings", language)
    stems = (word[:STEM_LETTERS] for word in _WORD.findall(text.lower()))
    return [stem for stem in dict.fromkeys(stems) if stem not in meaningless]
