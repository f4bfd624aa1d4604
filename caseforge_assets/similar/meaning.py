"""Groups of ideas of which words suspect that they are one, and vectors say so: words that are somewhat alike, and meanings that are as near as what is told beside each other never is.

From which likeness on two vectors mean the same is another one for each model, so it is learned from the ideas themselves: what one answer gives a process are several ideas, and hardly any of them are
as near. By that alone, half of what would be brought together is the same technique for another matter (docs/similar.md), which is why words have to be alike, too. A group is
taken into another one as a whole, and is held against the mean of those whom words brought together in it. So groups cannot chain here either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LEAST_DIFFERENT = 400  # pairs from which is learned; with fewer, nothing is brought together
SURE = 0.999  # of pairs that are known to tell different ideas, so many are less alike than the bound
SUSPECTED = 0.5  # how much centres are alike by their words, at the least
NEAREST = 8  # groups that one is compared with
AT_ONCE = 1_024
CELL = 4_000  # groups that are compared with each other; of more, those that lie in cells beside each other are
SIBLINGS = 3  # of one answer, by which is learned
Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


def record(dimensions: int) -> np.dtype[np.void]:
    """Gives the layout of an idea in a file: its candidate, its group, its process, and its vector's numbers, the highest byte first."""
    return np.dtype([("candidate", "<i8"), ("group", "<i8"), ("node", "<i8"), ("vector", ">f2", (dimensions,))])


@dataclass(frozen=True, slots=True)
class Ideas:
    """Ideas that have vectors, by group: of each its group, its process, and its vector, of length 1."""

    groups: Numbers
    nodes: Numbers
    vectors: npt.NDArray[np.float16]

    @classmethod
    def read(cls, path: str, dimensions: int) -> Ideas:
        """Those that lie in a file, one `record` after the other."""
        return cls.of(np.memmap(path, dtype=record(dimensions), mode="r"))

    @classmethod
    def of(cls, rows: npt.NDArray[np.void]) -> Ideas:
        """Those of records, in any order."""
        order = np.lexsort((rows["candidate"], rows["group"]))
        vectors = np.empty((len(rows), rows["vector"].shape[1]), dtype=np.float16)
        for first in range(0, len(rows), AT_ONCE):  # so that they are in memory once
            vectors[first : first + AT_ONCE] = rows["vector"][order[first : first + AT_ONCE]]
        return cls(rows["group"][order].astype(np.int64), rows["node"][order].astype(np.int64), vectors)


@dataclass(frozen=True)
class _Centres:
    """Groups with their means: where each one's ideas begin and end among all, and the mean of their vectors, of length 1."""

    ids: Numbers
    starts: Numbers
    means: npt.NDArray[np.float16]

    @classmethod
    def of(cls, ideas: Ideas) -> _Centres:
        ids, starts = np.unique(ideas.groups, return_index=True)
        starts = np.append(starts, len(ideas.groups)).astype(np.int64)
        means = np.empty((len(ids), ideas.vectors.shape[1]), dtype=np.float16)
        for first in range(0, len(ids), AT_ONCE):
            last = min(first + AT_ONCE, len(ids))
            piece = ideas.vectors[starts[first] : starts[last]].astype(np.float32)
            sums = np.add.reduceat(piece, starts[first:last] - starts[first], axis=0)
            means[first:last] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        return cls(ids, starts, means)

    @property
    def sizes(self) -> Numbers:
        return np.diff(self.starts)


def learn_bound(ideas: Ideas) -> float | None:
    """The likeness, a cosine, from which on ideas mean the same as those of a group: what tells another idea is hardly ever so near. None: too little is known to learn from."""
    if not len(ideas.groups):
        return None
    centres = _Centres.of(ideas)
    different = _of_different(ideas, centres, np.repeat(np.arange(len(centres.ids)), centres.sizes))
    return float(np.quantile(different, SURE)) if len(different) >= LEAST_DIFFERENT else None


def _of_different(ideas: Ideas, centres: _Centres, place: Numbers) -> Floats:
    """Gives the nearness of ideas to the groups of other ideas that were told of the same process."""
    order = np.argsort(ideas.nodes, kind="stable")
    found = []
    for step in range(1, SIBLINGS + 1):
        for one, other in ((order[:-step], order[step:]), (order[step:], order[:-step])):
            kept = (ideas.nodes[one] == ideas.nodes[other]) & (place[one] != place[other]) & (centres.sizes[place[other]] > 1)
            found += [
                np.einsum("ij,ij->i", ideas.vectors[some].astype(np.float32), centres.means[place[beside]].astype(np.float32))
                for some, beside in _pieces(one[kept], other[kept])
            ]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.float32)


def _pieces(one: Numbers, other: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    return ((one[first : first + AT_ONCE], other[first : first + AT_ONCE]) for first in range(0, len(one), AT_ONCE))


def near_pairs(ideas: Ideas, bound: float) -> list[tuple[int, int]]:
    """Pairs of groups that mean the same, the smaller one first, the nearest first.

    All ideas of the smaller one are as near to the mean of the larger one as the bound, and they have no process in common: its answers tell different ideas.
    """
    centres = _Centres.of(ideas)
    sizes, found = centres.sizes, dict[tuple[int, int], None]()
    for one, other in _nearest_first(centres.means, bound):
        small, large = (one, other) if (sizes[one], -centres.ids[one]) < (sizes[other], -centres.ids[other]) else (other, one)
        own, theirs = (slice(int(centres.starts[group]), int(centres.starts[group + 1])) for group in (small, large))
        near = ideas.vectors[own].astype(np.float32) @ centres.means[large].astype(np.float32)
        if near.min() >= bound and not np.intersect1d(ideas.nodes[own], ideas.nodes[theirs]).size:
            found[int(centres.ids[small]), int(centres.ids[large])] = None
    return list(found)


def pairs_of_file(given: tuple[str, int]) -> list[tuple[int, int]]:
    """The same of ideas in a file, with what is learned from them; a second process is told its path and how many numbers a vector has."""
    ideas = Ideas.read(*given)
    bound = learn_bound(ideas)
    return [] if bound is None else near_pairs(ideas, bound)


def taken_together(pairs: Iterable[tuple[int, int]], are_suspected: Callable[[int, int], bool]) -> dict[int, int]:
    """Chooses groups to be taken into another one: by group, the one that takes it in. One that takes others in is taken in by none.

    Args:
        pairs: as `near_pairs` gives them.
        are_suspected: tells whether two groups are somewhat alike by their words.
    """
    taken, takes = dict[int, int](), set[int]()
    for small, large in pairs:
        if small not in taken and large not in taken and small not in takes and are_suspected(small, large):
            taken[small] = large
            takes.add(large)
    return taken


def _nearest_first(means: npt.NDArray[np.float16], bound: float) -> Iterator[tuple[int, int]]:
    """Pairs of groups whose means are as near as the bound, the nearest first."""
    found = [pairs for rows, columns in _cells(means) for pairs in _near(means, rows, columns, bound)]
    if found:
        ones, others, likenesses = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.lexsort((others, ones, -likenesses))
        yield from zip(ones[order].tolist(), others[order].tolist(), strict=True)


def _cells(means: npt.NDArray[np.float16]) -> Iterator[tuple[Numbers, Numbers]]:
    """Groups that lie beside each other, and all that they are compared with: the means nearest to the same few."""
    count = len(means) // CELL
    if count < 2:
        every = np.arange(len(means))
        yield every, every
        return
    posts = means[:: max(len(means) // count, 1)][:count].astype(np.float32)
    nearest = np.empty((len(means), 2), dtype=np.int64)
    for first in range(0, len(means), AT_ONCE):
        likenesses = means[first : first + AT_ONCE].astype(np.float32) @ posts.T
        nearest[first : first + AT_ONCE] = np.argsort(-likenesses, axis=1)[:, :2]
    for post in range(count):
        yield np.flatnonzero(nearest[:, 0] == post), np.flatnonzero((nearest == post).any(axis=1))


def _near(means: npt.NDArray[np.float16], rows: Numbers, columns: Numbers, bound: float) -> Iterator[tuple[Numbers, Numbers, Floats]]:
    """Of some groups those that are nearest to each, as pairs with how near they are."""
    compared = means[columns].astype(np.float32).T
    for first in range(0, len(rows), AT_ONCE):
        some = rows[first : first + AT_ONCE]
        likenesses = means[some].astype(np.float32) @ compared
        likenesses[some[:, None] == columns[None, :]] = -1
        if likenesses.shape[1] > NEAREST:
            kept = np.argpartition(-likenesses, NEAREST, axis=1)[:, :NEAREST]
        else:
            kept = np.tile(np.arange(likenesses.shape[1]), (len(some), 1))
        near = np.take_along_axis(likenesses, kept, axis=1)
        at, which = np.nonzero(near >= bound)
        yield some[at], columns[kept[at, which]], near[at, which]
