"""How much ideas are alike: by all their words, and by how much of each one's title the other one says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from caseforge_assets.similar.weighing import Weighing, Weights, weigh
from caseforge_assets.similar.words import WORD

OF_WORDS = 0.5  # of a likeness; the rest is of titles


class Vectors:
    """Ideas as weights of their words (of length 1), as what they have (1 for each word), and as shares of their titles."""

    def __init__(self, ideas: Sequence[bytes], weighing: Weighing) -> None:
        words = np.frombuffer(b"".join(ideas), dtype=WORD)
        sizes = np.array([len(idea) // WORD.itemsize for idea in ideas], dtype=np.int64)
        starts = np.concatenate(([0], np.cumsum(sizes)))
        rarities = weighing.rarities
        self._places = weighing.places(words["word"]).astype(np.int32)
        weights = _scaled(weigh(words, weighing, rarities), starts, 2)
        titles = _scaled(words["of_title"] * rarities[self._places], starts, 1)
        self._weights = np.stack((weights, np.ones(len(words), dtype=np.float32), titles), axis=1)
        self._spread = np.zeros((len(weighing.words) + 1, 3), dtype=np.float32)
        self._starts: list[int] = starts.tolist()

    def likenesses(self, idea: int, others: Sequence[int]) -> Weights:
        """Says how much an idea is like each of some others, from 0 to 1; all of them have words."""
        mine = slice(self._starts[idea], self._starts[idea + 1])
        self._spread[self._places[mine]] = self._weights[mine]
        slices = [slice(self._starts[other], self._starts[other + 1]) for other in others]
        met = self._spread[np.concatenate([self._places[its] for its in slices])]
        own = np.concatenate([self._weights[its] for its in slices])
        self._spread[self._places[mine]] = 0
        alike = OF_WORDS * met[:, 0] * own[:, 0] + (1 - OF_WORDS) / 2 * (met[:, 1] * own[:, 2] + met[:, 2])
        firsts = np.cumsum([0, *(its.stop - its.start for its in slices[:-1])])
        found: Weights = np.add.reduceat(alike, firsts)
        return found


def _scaled(weights: npt.NDArray[np.floating], starts: npt.NDArray[np.int64], power: int) -> Weights:
    """Weights of each idea, so that the sum of their powers is 1."""
    sums = np.concatenate(([0.0], np.cumsum(weights.astype(np.float64) ** power)))
    norms = (sums[starts[1:]] - sums[starts[:-1]]) ** (1 / power)
    scaled: Weights = (weights / np.repeat(np.maximum(norms, 1e-9), np.diff(starts))).astype(np.float32)
    return scaled
