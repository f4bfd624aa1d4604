"""Texts as sets of short word sequences: what repeats itself in a text, what is empty talk, and which texts are nearly the same.

A shingle is a small word and the two words after it. Small words come every few words in running text, and the same text has them in
the same places, so that these shingles stand for all; taking every position would cost many times as much. The method is that of
"SpotSigs" (Theobald, Siddharth, Paepcke, 2008, https://doi.org/10.1145/1390334.1390431).
"""

import re
import struct
from collections.abc import Sequence
from functools import cache

from caseforge_assets.stages.languages import ENGLISH, primary
from caseforge_assets.stages.word_lists import phrase_list, word_list

SIGNATURE_SLOTS = 64
BAND_SLOTS = 4
SLOT_DIGITS = 8
SEED = 7

_SLOTS = f">{SIGNATURE_SLOTS}I"


def shingles_of(lowered: str, language: str = ENGLISH) -> list[str]:
    """Give the shingles of a text, in its order; where two overlap, the first.

    Args:
        lowered: The text in lower case.
        language: Tag of its language, one that has lists of words.
    """
    return _shingle(primary(language)).findall(lowered)


def repeated_share(pieces: Sequence[str]) -> float:
    """Give the share of pieces of text that stand somewhere before, from 0 to 1.

    Args:
        pieces: Shingles, lines or fields.
    """
    return 1 - len(set(pieces)) / len(pieces) if pieces else 0.0


def empty_share(shingles: Sequence[str], language: str = ENGLISH) -> float:
    """Give the share of shingles that could stand in a text about anything, from 0 to 1."""
    return sum(map(_empty_talk(primary(language)).__contains__, shingles)) / len(shingles) if shingles else 0.0


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
