"""Measures how much ideas are alike: by all their words, and by how much of each one's title the other one says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt

from caseforge_assets.similar.shelf import Shelf
from caseforge_assets.similar.weighing import Weighing, Weights, weigh
from caseforge_assets.similar.words import WORD

OF_WORDS = 0.5  # of a likeness; the rest is of titles
AT_ONCE = 4_000
_WEIGHED = np.dtype([("place", "<i4"), ("weight", "<f4"), ("title", "<f4")])


class Vectors:
    """Ideas as weights of their words (of length 1), and as shares of their titles. They lie on a shelf: of each word, they take twice what the idea itself does."""

    def __init__(self, ideas: Iterable[bytes], weighing: Weighing) -> None:
        """Weighs the words of each."""
        self._shelf = Shelf.of(_weighed(ideas, weighing))
        # By word: how much an idea says it, whether it does, and its share of the title.
        self._spread = np.zeros((len(weighing.words) + 1, 3), dtype=np.float32)

    def likenesses(self, idea: int, others: Sequence[int]) -> Weights:
        """Says how much an idea is like each of some others, from 0 to 1; all of them have words."""
        mine = np.frombuffer(self._shelf[idea], dtype=_WEIGHED)
        its = mine["place"]
        self._spread[its, 0], self._spread[its, 1], self._spread[its, 2] = mine["weight"], 1, mine["title"]
        found = [self._shelf[other] for other in others]
        own = np.frombuffer(b"".join(found), dtype=_WEIGHED)
        met = self._spread[own["place"]]
        self._spread[its] = 0
        alike = OF_WORDS * met[:, 0] * own["weight"] + (1 - OF_WORDS) / 2 * (met[:, 1] * own["title"] + met[:, 2])
        firsts = np.cumsum([0, *(len(weighed) // _WEIGHED.itemsize for weighed in found[:-1])])
        summed: Weights = np.add.reduceat(alike, firsts)
        return summed


def _weighed(ideas: Iterable[bytes], weighing: Weighing) -> Iterator[bytes]:
    rarities, coming = weighing.rarities, iter(ideas)
    of_words, of_titles = _Lengths(2), _Lengths(1)
    while some := list(islice(coming, AT_ONCE)):
        words = np.frombuffer(b"".join(some), dtype=WORD)
        starts = np.cumsum([0, *(len(idea) // WORD.itemsize for idea in some)])
        weighed = np.zeros(len(words), dtype=_WEIGHED)
        weighed["place"] = weighing.places(words["word"])
        weighed["weight"] = of_words.scaled(weigh(words, weighing, rarities), starts)
        weighed["title"] = of_titles.scaled(words["of_title"] * rarities[weighed["place"]], starts)
        yield from (weighed[first:last].tobytes() for first, last in pairwise(starts.tolist()))


class _Lengths:
    """Scales weights of ideas, some after the others, so that the sum of the powers of each one's is 1."""

    def __init__(self, power: int) -> None:
        self._power, self._so_far = power, 0.0

    def scaled(self, weights: npt.NDArray[np.floating], starts: npt.NDArray[np.int64]) -> Weights:
        """Weights of the next ideas. Sums go on from those before, so that it makes no difference how many come at once."""
        sums = np.cumsum(np.concatenate(([self._so_far], weights.astype(np.float64) ** self._power)))
        self._so_far = float(sums[-1])
        norms = (sums[starts[1:]] - sums[starts[:-1]]) ** (1 / self._power)
        scaled: Weights = (weights / np.repeat(np.maximum(norms, 1e-9), np.diff(starts))).astype(np.float32)
        return scaled
