"""Finds the centre of a group of ideas: the words that its members have in common, in the same form as an idea's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from caseforge_assets.similar.words import WORD, read_words

MEMBERS = 20  # as many as tell what a group is about
MOST_WORDS = 120


def centre_of(members: Sequence[bytes]) -> bytes:
    """Gives the centre of a group: how often its members have a word, and have it in their titles.

    Args:
        members: Words of each; of many, the first ones count.
    """
    if len(members) == 1:
        return members[0]
    counted = members[:MEMBERS]
    every = read_words(b"".join(counted))
    words, places = np.unique(every["word"], return_inverse=True)
    weights = np.bincount(places, every["weight"]) / len(counted)
    kept = np.sort(np.argsort(-weights, kind="stable")[:MOST_WORDS])
    centre = np.zeros(len(kept), dtype=WORD)
    centre["word"], centre["weight"] = words[kept], np.maximum(np.rint(weights[kept]), 1)
    centre["of_title"] = np.rint(np.bincount(places, every["of_title"])[kept] / len(counted))
    return centre.tobytes()
