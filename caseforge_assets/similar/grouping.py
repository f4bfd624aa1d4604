"""Groups of ideas that are the same, each around a centre: what its members have in common.

Ideas that are very much alike are brought together first, then the centres of what was brought together, and last each member is held
against the centre of its group, and left out where the two are not alike. So groups cannot chain: nobody is in a group for being like some
member of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from caseforge_assets.similar.bands import Bands, bands_of
from caseforge_assets.similar.centres import centre_of
from caseforge_assets.similar.vectors import Vectors
from caseforge_assets.similar.weighing import Weighing, Weights

ALIKE = 0.55  # two ideas
CENTRES_ALIKE = 0.58  # two centres, each of several ideas
IN_GROUP = 0.45  # an idea and the centre of its group
LOOKED_AT = 12  # groups that an idea is compared with: those with which it has most bands in common
KNOWN_BY = 5  # members by whose bands a group is found
FULL = 40  # groups in one band: where so many have it, it says nothing about the next one
CROWDED = 50


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
    near = _members(_bring_together(ideas, weighing, np.zeros(len(ideas), dtype=bool)))
    centres = [centre_of([ideas[member] for member in members]) for members in near]
    merged = _members(_bring_together(centres, weighing, np.array([len(members) > 1 for members in near])))
    return _held_against_centres(ideas, weighing, [[idea for member in group for idea in near[member]] for group in merged])


def group_given(given: tuple[Sequence[bytes], Weighing]) -> Grouped:
    """The same, of ideas and weighing in one, as a second process is given them."""
    return group_ideas(*given)


def _members(leaders: Sequence[int]) -> list[list[int]]:
    """By group, its members, the leader first."""
    groups: dict[int, list[int]] = {leader: [leader] for number, leader in enumerate(leaders) if number == leader}
    for number, leader in enumerate(leaders):
        if number != leader:
            groups[leader].append(number)
    return list(groups.values())


def _bring_together(ideas: Sequence[bytes], weighing: Weighing, is_centre: npt.NDArray[np.bool_]) -> list[int]:
    """For each idea, the one that it is brought together with, itself where there is none: those that meet many lead."""
    buckets, crowds = _buckets(bands_of(ideas, weighing))
    vectors = Vectors(ideas, weighing)
    leaders = list(range(len(ideas)))
    found_by: dict[int, list[int]] = {}
    sizes: Counter[int] = Counter()
    for idea in np.lexsort((-crowds, ~is_centre)).tolist():
        mine = [bucket for bucket in buckets[idea].tolist() if bucket >= 0] if ideas[idea] else []
        near = Counter(chain.from_iterable([found_by[bucket] for bucket in mine if bucket in found_by]))
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
            for bucket in mine:
                there = found_by.setdefault(bucket, [])
                if len(there) < FULL and leader not in there:
                    there.append(leader)
    return leaders


def _buckets(bands: Bands) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Bands as numbers of buckets, -1 for those that nobody else has, and how many others each idea meets in them."""
    buckets = np.full(bands.shape, -1, dtype=np.int32)
    crowds = np.zeros(len(bands), dtype=np.int64)
    first = 0
    for band in range(bands.shape[1]):
        _, inverse, counts = np.unique(bands[:, band], return_inverse=True, return_counts=True)
        shared = counts > 1
        buckets[:, band] = np.where(shared, np.cumsum(shared) - 1 + first, -1)[inverse]
        crowds += np.minimum(counts, CROWDED)[inverse]
        first += int(shared.sum())
    return buckets, crowds


def _held_against_centres(ideas: Sequence[bytes], weighing: Weighing, groups: Sequence[Sequence[int]]) -> Grouped:
    leaders, scores = np.arange(len(ideas)), np.ones(len(ideas), dtype=np.float32)
    centres = {}
    several = [members for members in groups if len(members) > 1]
    around = [centre_of([ideas[member] for member in members]) for members in several]
    vectors = Vectors([*ideas, *around], weighing)
    for number, members in enumerate(several):
        likenesses = vectors.likenesses(len(ideas) + number, members)
        kept = [place for place, likeness in enumerate(likenesses) if likeness >= IN_GROUP]
        if len(kept) > 1:
            leader = members[kept[int(likenesses[kept].argmax())]]  # which speaks for all best
            for place in kept:
                leaders[members[place]], scores[members[place]] = leader, likenesses[place]
            centres[leader] = around[number]
    return Grouped(leaders, scores, centres)
