"""Measures what of a text is new and what was said before: earlier in it, in another text, or everywhere.

A text can be long and say nothing: it repeats itself in other orders, or puts its topic's name into the same few sentences. The words
of a section or candidate that none before it has tell such texts from others, without knowing a language. They are compared by
their first letters, small ones are left out. By the words of their titles candidates are found that say nearly the same.

Phrases are compared as *shingles*: a small word and the two words after it. Small words come every few words in running text, and the
same text has them in the same places, so that these shingles stand for all; taking every position would cost many times as much. The
method is that of "SpotSigs" (Theobald, Siddharth, Paepcke, 2008, https://doi.org/10.1145/1390334.1390431).
"""

import re
import string
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from caseforge_assets.stages.languages import ENGLISH
from caseforge_assets.stages.measuring.word_lists import phrase_list, word_list

STEM_LETTERS = 6
LEAST_LETTERS = 5
LONGEST_MEAN_WORD = 20  # characters; where they are longer in the mean, words are not parted by blanks (Chinese, Japanese, Thai)
NEAR = 0.6  # the share of their words that two titles have in common
SIGNATURE_SLOTS = 64
BAND_SLOTS = 4
SLOT_DIGITS = 8
SEED = 7

_MARKS = "*_`|#>()[]{}<>\"'“”‘’„«»,.;:!?…–—-/+=%&"
_MOST_WORDS = 1 << 16
_NO_MARKS = str.maketrans(dict.fromkeys(string.punctuation + "–—‘’“”«»…", " "))
_SLOTS = f">{SIGNATURE_SLOTS}I"


@dataclass(frozen=True, slots=True)
class DistinctWords:
    """The words of a text's pieces.

    Attributes:
        new: For each piece, how many of its words no piece before it has; empty for texts without blanks between words.
        marketing_share: The share of words, each counted once a piece, that only praise; from 0 to 1.
    """

    new: tuple[int, ...]
    marketing_share: float

    def value(self, enough: int) -> float | None:
        """Give the mean over pieces of how near they come to new words that are enough; None where nothing is known."""
        return sum(min(1.0, count / enough) for count in self.new) / len(self.new) if self.new else None


def find_distinct(pieces: Sequence[str], language: str = ENGLISH) -> DistinctWords:
    """Look at the words of a text's pieces, in their order.

    Args:
        pieces: Sections or items, in lower case.
        language: Tag of their language; empty where it has no lists of words, and then nothing counts as marketing.
    """
    parted = [piece.split() for piece in pieces]
    if sum(map(len, pieces)) > LONGEST_MEAN_WORD * sum(map(len, parted)):
        return DistinctWords((), 0.0)
    before: set[str | None] = set()
    new = []
    words = marketing = 0
    praising = word_list("marketing_beginnings", language) if language else frozenset[str]()
    for written in parted:
        stems = set(map(_STEMS.__getitem__, written))
        stems.discard(None)
        new.append(len(stems - before))
        before |= stems
        words += len(stems)
        marketing += len(stems & praising)
    return DistinctWords(tuple(new), marketing / words if words else 0.0)


class _Stems(dict[str, str | None]):
    """The beginning of each word, found once, None for small ones: texts of a framework have the same words. A dict is faster than a cache that counts."""

    def __missing__(self, word: str) -> str | None:
        if len(self) >= _MOST_WORDS:
            self.clear()
        stem = self[word] = word.strip(_MARKS)[:STEM_LETTERS] if len(word) >= LEAST_LETTERS else None
        return stem


_STEMS = _Stems()


def title_words(title: str, language: str = ENGLISH) -> frozenset[str]:
    """Give the words that a title is made of: case, order, endings and small words aside.

    Args:
        title: Of any length.
        language: Tag of its language, one that has lists of words.
    """
    words, small = title.lower().translate(_NO_MARKS).split(), word_list("small_title_words", language)
    return frozenset([word[:STEM_LETTERS] for word in words if word not in small])


def near_titles(titles: Sequence[str], name: str, language: str = ENGLISH) -> list[tuple[int, int]]:
    """Find pairs of titles of one node that share most of their words, those of the node's name aside.

    Args:
        titles: The node's titles.
        name: The node's name, which many titles end with.
        language: Tag of their language, one that has lists of words.

    Returns:
        For each title that is near an earlier one: the positions of the first such and of itself, from 1.
    """
    of_node = title_words(name, language)
    words = [its_words - of_node or its_words for its_words in (title_words(title, language) for title in titles)]
    pairs = []
    for second, its_words in enumerate(words):
        for first in range(second):
            shared = len(words[first] & its_words)
            if shared and shared >= NEAR * (len(words[first]) + len(its_words) - shared):
                pairs.append((first + 1, second + 1))
                break
    return pairs


def shingles_of(lowered: str, language: str = ENGLISH) -> list[str]:
    """Give the shingles of a text, in its order; where two overlap, the first.

    Args:
        lowered: The text in lower case.
        language: Tag of its language, one that has lists of words.
    """
    return _shingle(language).findall(lowered)


def repeated_share(pieces: Sequence[str]) -> float:
    """Give the share of pieces of text that stand somewhere before, from 0 to 1.

    Args:
        pieces: Shingles, lines or fields.
    """
    return 1 - len(set(pieces)) / len(pieces) if pieces else 0.0


def empty_share(shingles: Sequence[str], language: str = ENGLISH) -> float:
    """Give the share of shingles that could stand in a text about anything, from 0 to 1."""
    return sum(map(_empty_talk(language).__contains__, shingles)) / len(shingles) if shingles else 0.0


@cache
def _shingle(language: str) -> re.Pattern[str]:
    return re.compile(rf" (?:{'|'.join(sorted(word_list('small_words', language)))}) \S+ \S+")


@cache
def _empty_talk(language: str) -> frozenset[str]:
    return frozenset(f" {phrase}" for phrase in phrase_list("empty_talk", language))


def signature_of(shingles: Sequence[str]) -> str | None:
    """Give the MinHash of a text's shingles: equal slots of two signatures are as frequent as shingles that both texts have.

    Args:
        shingles: The text's shingles; too few of them say nothing.

    Returns:
        64 slots of 8 hexadecimal digits, or None.
    """
    if len(shingles) < SIGNATURE_SLOTS // 2:
        return None
    from rensa import RMinHash  # not at the top: most commands measure nothing

    sketch = RMinHash(num_perm=SIGNATURE_SLOTS, seed=SEED)
    sketch.update(shingles)
    return struct.pack(_SLOTS, *sketch.digest()).hex()


def likeness(first: str, second: str) -> float:
    """Estimate which share of their shingles two texts have in common, from 0 to 1, by their signatures."""
    slots = range(0, min(len(first), len(second)), SLOT_DIGITS)
    return sum(first[slot : slot + SLOT_DIGITS] == second[slot : slot + SLOT_DIGITS] for slot in slots) / len(slots)


def bands_of(signature: str) -> list[tuple[int, str]]:
    """Cut a signature into bands: texts that are nearly the same have at least one band in common, others hardly any."""
    digits = BAND_SLOTS * SLOT_DIGITS
    return [(start, signature[start : start + digits]) for start in range(0, len(signature), digits)]
