"""Measures by words what each piece of a text adds to those before it, how much of it is marketing, and which titles say nearly the same.

A text can be long and say nothing: it repeats itself in other orders, or puts its topic's name into the same few sentences. The words
of a section or candidate that none before it has tell such texts from others, without knowing a language. Words are compared by
their first letters, small ones are left out.
"""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from caseforge_assets.stages.languages import ENGLISH
from caseforge_assets.stages.word_lists import word_list

STEM_LETTERS = 6
LEAST_LETTERS = 5
LONGEST_MEAN_WORD = 20  # characters; where they are longer in the mean, words are not parted by blanks (Chinese, Japanese, Thai)
NEAR = 0.6  # the share of their words that two titles have in common

_MARKS = "*_`|#>()[]{}<>\"'“”‘’„«»,.;:!?…–—-/+=%&"
_MOST_WORDS = 1 << 16
_NO_MARKS = str.maketrans(dict.fromkeys(string.punctuation + "–—‘’“”«»…", " "))


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
    words, small = title.lower().translate(_NO_MARKS).split(), _small(language)
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


@cache
def _small(language: str) -> frozenset[str]:
    return word_list("small_title_words", language)
