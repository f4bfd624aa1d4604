"""Weighs words: those that few ideas have say more. The weights belong to a collection of ideas, and stay as they are until it has become another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from caseforge_assets.similar.words import WORD, Words

AT_ONCE = 5_000  # ideas whose words are counted
MOST = 5.0  # however rare a word is: it may be a slip of the pen
Numbers = npt.NDArray[np.uint32]
Weights = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Weighing:
    """The number of ideas counted and, by word, sorted, the number of those that have it."""

    ideas: int
    words: Numbers
    counts: Numbers

    @classmethod
    def of(cls, ideas: Sequence[bytes]) -> Weighing:
        """Counts words of ideas."""
        words, counts = np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint32)
        for first in range(0, len(ideas), AT_ONCE):
            some = np.frombuffer(b"".join(ideas[first : first + AT_ONCE]), dtype=WORD)["word"]
            now, places = np.unique(np.concatenate((words, some)), return_inverse=True)
            counted = np.bincount(places[len(words) :], minlength=len(now))
            counted[places[: len(words)]] += counts
            words, counts = now.astype(np.uint32), counted.astype(np.uint32)
        return cls(len(ideas), words, counts)

    @classmethod
    def unpacked(cls, ideas: int, words: bytes, counts: bytes) -> Weighing:
        """The same from what `packed` gave."""
        return cls(ideas, np.frombuffer(words, dtype=np.uint32), np.frombuffer(counts, dtype=np.uint32))

    def packed(self) -> tuple[int, bytes, bytes]:
        """Gives what is to be kept of it."""
        return self.ideas, self.words.tobytes(), self.counts.tobytes()

    @property
    def rarities(self) -> Weights:
        """By place in `words`, how much the word says; what nobody had when these were counted says most, and stands last."""
        known = np.minimum(np.log(1 + self.ideas / np.maximum(self.counts, 1)), MOST)
        return np.append(known, MOST).astype(np.float32)

    def places(self, words: Numbers) -> npt.NDArray[np.int64]:
        """Says where words stand in `words`; after the last one, where they are not among them."""
        if not len(self.words):
            return np.zeros(len(words), dtype=np.int64)
        at = np.minimum(np.searchsorted(self.words, words), len(self.words) - 1)
        return np.where(self.words[at] == words, at, len(self.words))


def weigh(words: Words, weighing: Weighing, rarities: Weights) -> Weights:
    """Says how much each word of an idea says: by what else it says, and how rare it is."""
    weights: Weights = words["weight"].astype(np.float32) * rarities[weighing.places(words["word"])]
    return weights
