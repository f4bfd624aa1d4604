"""By which words an idea is known: those of its title and text, without those by which its process is known.

The same idea, told for two processes, differs mainly by the processes' names: these words say where it is, not what it is. Words are
compared by their first letters, so that "forecasting" and "forecasts" are one, and kept as numbers, a few hundred bytes an idea.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from caseforge_assets.stages.languages import ENGLISH, primary
from caseforge_assets.stages.measuring.word_lists import has_words, word_list

WORD = np.dtype([("word", "<u4"), ("weight", "u1"), ("of_title", "u1")])
STEM_LETTERS = 6
IN_TEXT, ALSO_OF_PROCESS = 200, 100  # a word that describes the process, too, says half as much
OF_TITLE = 200
LEAST_WORDS = 4  # with fewer beside the process's name, that name is what the idea is about
LONGEST_TEXT = 20_000  # characters that are looked at

_WORD = re.compile(r"[^\W\d_]{3,}")
Words = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Process:
    """The process that an idea is for: its node's name and description."""

    name: str
    description: str


Told = tuple[str, Sequence[str], Process, str]  # title, texts, process, language


def idea_words(title: str, texts: Sequence[str], process: Process, language: str = ENGLISH) -> bytes:
    """Gives the words by which an idea is known, with how much each of them says, as `read_words` reads them.

    Args:
        title: The candidate's.
        texts: What it says beyond that.
        process: What it is for.
        language: Tag of its language; small words are known of some.
    """
    small = _small(primary(language) or ENGLISH)
    named, described = _own(process, small)
    in_title = _stems(title, small)
    of_title = {_number(stem) for stem in in_title}
    stems = in_title.union(*(_stems(text[:LONGEST_TEXT], small) for text in texts))
    weights = {_number(stem): ALSO_OF_PROCESS if stem in described else IN_TEXT for stem in stems}
    left = weights.keys() - named
    kept = left if len(left) >= LEAST_WORDS else weights.keys()
    return np.array([(word, weights[word], OF_TITLE * (word in of_title)) for word in sorted(kept)], dtype=WORD).tobytes()


def words_of_each(told: Sequence[Told]) -> list[bytes]:
    """The same of several."""
    return [idea_words(*idea) for idea in told]


def read_words(packed: bytes) -> Words:
    """Words, in their order, with how much they say (`weight`) and how much of the title they are (`of_title`)."""
    return np.frombuffer(packed, dtype=WORD)


@lru_cache(maxsize=2048)  # a node has some ten ideas
def _own(process: Process, small: frozenset[str]) -> tuple[frozenset[int], frozenset[str]]:
    named = frozenset(_number(stem) for stem in _stems(process.name, small))
    return named, frozenset(_stems(process.description, small))


def _stems(text: str, small: frozenset[str]) -> set[str]:
    return {word[:STEM_LETTERS] for word in _WORD.findall(text.lower()) if word not in small}


@lru_cache(maxsize=200_000)
def _number(stem: str) -> int:
    return zlib.crc32(stem.encode())


@cache
def _small(language: str) -> frozenset[str]:
    known = language if has_words(language) else ENGLISH
    return word_list("small_words", known) | word_list("small_title_words", known)
