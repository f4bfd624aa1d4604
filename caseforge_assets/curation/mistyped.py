"""Corrects mistyped words of a search to known ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

SHORTEST = 4  # letters; of shorter words, too many are alike
_LEAST_ALIKE = 0.7
_WORD = re.compile(r"[\w.]*\w")


def meant_words(asked: str, known: Callable[[str], Sequence[str]]) -> str | None:
    """A search with its mistyped words as they were meant; None: none of them is like a known one.

    Args:
        asked: as people write it; what stands behind a minus, and `or`, is left as it is.
        known: words that may be meant by one; itself alone where it is one of them.
    """
    meant = _WORD.sub(lambda found: _meant(found, asked, known), asked)
    return meant if meant != asked else None


def _meant(found: re.Match[str], asked: str, known: Callable[[str], Sequence[str]]) -> str:
    word = found[0].lower()
    if len(word) < SHORTEST or asked[: found.start()].endswith("-"):
        return found[0]
    closest = process.extractOne(word, known(word), scorer=OSA.normalized_similarity, score_cutoff=_LEAST_ALIKE)
    return found[0] if closest is None or closest[0] == word else closest[0]
