"""Measures what each piece of a text adds to those before it, by its words; and how much of its words is marketing.

A text can be long and say nothing: it repeats itself in other orders, or puts its topic's name into the same few sentences. The words
of a section or candidate that none before it has tell such texts from others, without knowing a language. Words are compared by
their first letters, small ones are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from caseforge_assets.stages.languages import ENGLISH
from caseforge_assets.stages.word_lists import word_list

STEM_LETTERS = 6
LEAST_LETTERS = 5
LONGEST_MEAN_WORD = 20  # characters; where they are longer in the mean, words are not parted by blanks (Chinese, Japanese, Thai)

_MARKS = "*_`|#>()[]{}<>\"'“”‘’„«»,.;:!?…–—-/+=%&"


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
    before: set[str] = set()
    new = []
    words = marketing = 0
    praising = word_list("marketing_beginnings", language) if language else frozenset[str]()
    for written in parted:
        stems = set(map(_stem, [word for word in written if len(word) >= LEAST_LETTERS]))
        new.append(len(stems - before))
        before |= stems
        words += len(stems)
        marketing += len(stems & praising)
    return DistinctWords(tuple(new), marketing / words if words else 0.0)


@lru_cache(maxsize=1 << 16)  # texts of a framework have the same words
def _stem(word: str) -> str:
    return word.strip(_MARKS)[:STEM_LETTERS]
