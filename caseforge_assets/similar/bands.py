"""Bands, by which ideas that may be the same are found: numbers of each idea, of which those that are alike have some in common.

A band is made of a few slots of the idea's MinHash, in which a word that says much counts several times, as if it were several words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from caseforge_assets.similar.weighing import Weighing, weigh
from caseforge_assets.similar.words import WORD

BANDS, SLOTS = 48, 3
SEED = 11
UNIT = 300.0  # what a word says, for each time that it counts
MOST_TIMES = 8
AT_ONCE = 2_000
_MIX = np.uint64(0x9E3779B97F4A7C15)
Bands = npt.NDArray[np.int64]


def bands_of(ideas: Sequence[bytes], weighing: Weighing) -> Bands:
    """Gives the bands of ideas, a row each."""
    rows = [_bands(ideas[first : first + AT_ONCE], weighing) for first in range(0, len(ideas), AT_ONCE)]
    return np.concatenate(rows) if rows else np.zeros((0, BANDS), dtype=np.int64)


def _bands(ideas: Sequence[bytes], weighing: Weighing) -> Bands:
    from rensa import RMinHash  # not at the top: most commands compare nothing

    words = np.frombuffer(b"".join(ideas), dtype=WORD)
    sizes = np.array([len(idea) // WORD.itemsize for idea in ideas])
    weights = weigh(words, weighing, weighing.rarities)
    times = np.clip(np.rint(weights / UNIT), 0, MOST_TIMES).astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(times)))
    tokens = np.repeat(words["word"].astype(np.uint64), times) << np.uint64(8) | (
        np.arange(starts[-1]) - np.repeat(starts[:-1], times)
    ).astype(np.uint64)
    offsets = starts[np.concatenate(([0], np.cumsum(sizes)))].astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(_mixed(tokens), offsets, BANDS * SLOTS, SEED)
    slots = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(ideas), BANDS, SLOTS)
    mixed = np.arange(BANDS, dtype=np.uint64)[None, :] * _MIX
    for slot in range(SLOTS):
        mixed = _mixed(mixed ^ slots[:, :, slot])
    return mixed.view(np.int64)


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Numbers that have nothing in common any more where these had."""
    spread = (numbers ^ (numbers >> np.uint64(31))) * _MIX
    return spread ^ (spread >> np.uint64(29))
