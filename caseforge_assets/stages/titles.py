"""Titles that say nearly the same: within a node by the words they share, across a framework by having the same words."""

import string
from collections.abc import Sequence
from functools import cache

from caseforge_assets.stages.languages import ENGLISH
from caseforge_assets.stages.word_lists import word_list

STEM_LETTERS = 6
NEAR = 0.6

_NO_MARKS = str.maketrans(dict.fromkeys(string.punctuation + "–—‘’“”«»…", " "))


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
