"""Groups of ideas that are the same, each around a centre: what its members have in common.

Ideas that are very much alike are brought together first, then the centres of what was brought together, and last each member is held
against the centre of its group, and left out where the two are not alike. So groups cannot chain: nobody is in a group for being like some
member of it.

Ideas may lie on a shelf, as centres and everything else that is as large does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from caseforge_assets.similar.buckets import Found, buckets_of
from caseforge_assets.similar.centres import centre_of
from caseforge_assets.similar.shelf import Shelf, Starts
from caseforge_assets.similar.vectors import Vectors
from caseforge_assets.similar.weighing import Weighing, Weights

ALIKE = 0.55  # two ideas
CENTRES_ALIKE = 0.58  # two centres, each of several ideas
IN_GROUP = 0.45  # an idea and the centre of its group
LOOKED_AT = 12  # groups that an idea is compared with: those with which it has most bands in common
KNOWN_BY = 5  # members by whose bands a group is found


@dataclass(frozen=True, slots=True)
class Grouped:
    """For each idea the one that leads its group, by number, itself where it has none, and how much it is like the group's centre; centres by leader."""

    leaders: npt.NDArray[np.int64]
    scores: Weights
    centres: dict[int, bytes]


def group_ideas(ideas: Sequence[bytes], weighing: Weighing) -> Grouped:
    """Groups ideas.

    Args:
        ideas: Words of each, as `idea_words` gives them.
        weighing: How much words say.
    """
    near = _Members(_bring_together(ideas, weighing, np.zeros(len(ideas), dtype=bool)))
    centres = Shelf.of(centre_of([ideas[member] for member in members]) for members in near)
    merged = _Members(_bring_together(centres, weighing, near.sizes > 1))
    several = [together for group in merged if len(together := list(chain.from_iterable(near[number] for number in group))) > 1]
    return _held_against_centres(ideas, weighing, several)


def group_shelf(given: tuple[str, Starts, Weighing]) -> Grouped:
    """Groups the ideas on a shelf, which a second process is told as its file and where each idea begins, with how much words say."""
    path, starts, weighing = given
    with Path(path).open("rb") as file:
        return group_ideas(Shelf(file, starts), weighing)


class _Members(Sequence[list[int]]):
    """Groups in the order of who leads them: the members of each, who leads it first."""

    def __init__(self, leaders: npt.NDArray[np.int64]) -> None:
        numbers = np.arange(len(leaders))
        self._members = np.lexsort((numbers, leaders != numbers, leaders))
        self.sizes = np.unique(leaders, return_counts=True)[1]
        self._starts = np.concatenate(([0], np.cumsum(self.sizes)))

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, place: int) -> list[int]:  # type: ignore[override]  # nobody takes several at once
        if not 0 <= place < len(self):
            raise IndexError(place)
        members: list[int] = self._members[self._starts[place] : self._starts[place + 1]].tolist()
        return members


def _bring_together(ideas: Sequence[bytes], weighing: Weighing, is_centre: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """For each idea, the one that it is brought together with, itself where there is none: those that meet many lead."""
    buckets, vectors = buckets_of(ideas, weighing), Vectors(ideas, weighing)
    leaders, sizes = np.arange(len(ideas)), np.zeros(len(ideas), dtype=np.int32)
    found = Found(buckets.room)
    for idea in np.lexsort((-buckets.crowds, ~is_centre)).tolist():
        mine = [bucket for bucket in buckets.of_ideas[idea].tolist() if bucket >= 0] if ideas[idea] else []
        near = Counter(found.in_buckets(mine))
        leader = idea
        if near:
            looked_at = [other for other, _ in near.most_common(LOOKED_AT)]
            likenesses = vectors.likenesses(idea, looked_at)
            best = int(likenesses.argmax())
            if likenesses[best] >= (CENTRES_ALIKE if is_centre[idea] and is_centre[looked_at[best]] else ALIKE):
                leader = looked_at[best]
        leaders[idea] = leader
        sizes[leader] += 1
        if sizes[leader] <= KNOWN_BY:
            found.add(leader, mine)
    return leaders


def _held_against_centres(ideas: Sequence[bytes], weighing: Weighing, several: Sequence[Sequence[int]]) -> Grouped:
    """Members of groups that have several, held against their centres."""
    leaders, scores = np.arange(len(ideas)), np.ones(len(ideas), dtype=np.float32)
    centres = {}
    around = Shelf.of(centre_of([ideas[member] for member in members]) for members in several)
    vectors = Vectors(chain(ideas, around), weighing)
    for number, members in enumerate(several):
        likenesses = vectors.likenesses(len(ideas) + number, members)
        kept = [place for place, likeness in enumerate(likenesses) if likeness >= IN_GROUP]
        if len(kept) > 1:
            leader = members[kept[int(likenesses[kept].argmax())]]  # which speaks for all best
            for place in kept:
                leaders[members[place]], scores[members[place]] = leader, likenesses[place]
            centres[leader] = around[number]
    return Grouped(leaders, scores, centres)
