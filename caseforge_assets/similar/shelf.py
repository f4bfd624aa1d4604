"""Ideas that lie in a file and are read when they are asked for: of hundreds of thousands, hardly anything is in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from tempfile import SpooledTemporaryFile
from typing import IO, cast, overload

import numpy as np
import numpy.typing as npt

IN_MEMORY = 16 << 20  # bytes; what is more lies on the disk
Starts = npt.NDArray[np.int64]


class Shelf(Sequence[bytes]):
    """Ideas, or anything else that is bytes, one after another in a file."""

    def __init__(self, file: IO[bytes], starts: Starts) -> None:
        """Takes the file, and where each idea begins in it and the last one ends."""
        self._file, self.starts = file, starts

    @classmethod
    def of(cls, ideas: Iterable[bytes], file: IO[bytes] | None = None) -> Shelf:
        """Puts ideas on a shelf.

        Args:
            file: an empty one in which they are to lie; without it, one that goes with the shelf.
        """
        into = cast("IO[bytes]", SpooledTemporaryFile(IN_MEMORY)) if file is None else file  # noqa: SIM115 - it goes with the shelf
        starts = np.cumsum(np.fromiter(chain((0,), map(into.write, ideas)), dtype=np.int64))
        into.flush()
        return cls(into, starts)

    def __len__(self) -> int:
        """The number of ideas."""
        return len(self.starts) - 1

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> list[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | list[bytes]:
        """One of them, or some that stand beside each other."""
        if isinstance(place, slice):
            first, last, step = place.indices(len(self))
            if step != 1:
                raise ValueError("a shelf gives what stands beside each other")
            at = self.starts[first : max(last, first) + 1].tolist()
            whole = self._read(at[0], at[-1])
            return [whole[begin - at[0] : end - at[0]] for begin, end in pairwise(at)]
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self._read(int(self.starts[place]), int(self.starts[place + 1]))

    def _read(self, first: int, last: int) -> bytes:
        self._file.seek(first, os.SEEK_SET)
        return self._file.read(last - first)
