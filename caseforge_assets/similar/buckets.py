"""Bands that several ideas have, as numbers of buckets; and what was found so far in each bucket.

Of hundreds of thousands of ideas, bands lie in a file, and what is found in plain arrays: as objects, they would take many times as much.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from tempfile import SpooledTemporaryFile

import numpy as np
import numpy.typing as npt

from caseforge_assets.similar.bands import BANDS, bands_of
from caseforge_assets.similar.shelf import IN_MEMORY
from caseforge_assets.similar.weighing import Weighing

CROWDED = 50
FULL = 40  # found in one bucket: where so many have it, it says nothing about the next one
AT_ONCE = 8_000
_BYTES = 8


@dataclass(frozen=True, slots=True)
class Buckets:
    """Buckets of ideas.

    Attributes:
        of_ideas: By idea, its buckets; -1 for a band that nobody else has.
        room: By bucket, how many can be found in it.
        crowds: By idea, how many others it meets in its buckets.
    """

    of_ideas: npt.NDArray[np.int32]
    room: npt.NDArray[np.uint8]
    crowds: npt.NDArray[np.int64]


def buckets_of(ideas: Sequence[bytes], weighing: Weighing) -> Buckets:
    """Gives the buckets of ideas."""
    buckets = np.full((len(ideas), BANDS), -1, dtype=np.int32)
    crowds, room, count = np.zeros(len(ideas), dtype=np.int64), list[npt.NDArray[np.uint8]](), 0
    for band, its in enumerate(_band_by_band(ideas, weighing)):
        _, inverse, counts = np.unique(its, return_inverse=True, return_counts=True)
        shared = counts > 1
        buckets[:, band] = np.where(shared, np.cumsum(shared) - 1 + count, -1)[inverse]
        crowds += np.minimum(counts, CROWDED)[inverse]
        room.append(np.minimum(counts[shared], FULL).astype(np.uint8))
        count += len(room[-1])
    return Buckets(buckets, np.concatenate(room), crowds)


def _band_by_band(ideas: Sequence[bytes], weighing: Weighing) -> Iterator[npt.NDArray[np.int64]]:
    """All ideas' first band, then all their second one, and so on."""
    with SpooledTemporaryFile(IN_MEMORY) as file:
        for first in range(0, len(ideas), AT_ONCE):
            bands = bands_of(ideas[first : first + AT_ONCE], weighing)
            for band in range(BANDS):
                file.seek((band * len(ideas) + first) * _BYTES)
                file.write(bands[:, band].tobytes())
        for band in range(BANDS):
            file.seek(band * len(ideas) * _BYTES)
            yield np.frombuffer(file.read(len(ideas) * _BYTES), dtype=np.int64)


class Found:
    """Ideas that were found in buckets, as many as have room in each."""

    def __init__(self, room: npt.NDArray[np.uint8]) -> None:
        """Nothing is found yet."""
        ends = np.cumsum(room, dtype=np.int64)
        self._begins, self._room = array("q", (ends - room).tobytes()), bytes(room)
        self._count = bytearray(len(room))
        self._ideas = array("i", bytes(int(ends[-1]) * array("i").itemsize if len(ends) else 0))

    def add(self, idea: int, buckets: Sequence[int]) -> None:
        """Puts an idea into buckets that have room."""
        for bucket in buckets:
            begin, count = self._begins[bucket], self._count[bucket]
            if count < self._room[bucket] and idea not in self._ideas[begin : begin + count]:
                self._ideas[begin + count] = idea
                self._count[bucket] = count + 1

    def in_buckets(self, buckets: Sequence[int]) -> Iterator[int]:
        """Ideas in buckets, one for each time that they are in one of these."""
        begins, count, ideas = self._begins, self._count, self._ideas
        return chain.from_iterable([ideas[begins[bucket] : begins[bucket] + count[bucket]] for bucket in buckets if count[bucket]])
