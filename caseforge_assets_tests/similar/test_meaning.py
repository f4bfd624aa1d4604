"""Groups that mean the same are found: by a bound that is learned from what one answer tells, where words suspect it, never by chains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from caseforge_assets.similar import meaning
from caseforge_assets.similar.meaning import Ideas, learn_bound, near_pairs, pairs_of_file, record, taken_together

NUMBERS = 64
TELLINGS = 6  # of an idea in one wording


def towards(chance: np.random.Generator, direction: np.ndarray, near: float) -> np.ndarray:
    """A vector whose cosine with a direction is this."""
    other = chance.normal(size=NUMBERS)
    other -= direction * (other @ direction)
    return near * direction + np.sqrt(1 - near**2) * other / np.linalg.norm(other)


def world(ideas: int = 40, near: float = 0.9) -> np.ndarray:
    """Records of ideas, each told in two wordings that words keep apart: groups 2n and 2n+1; each process is told four ideas."""
    chance, told = np.random.default_rng(7), []
    directions = chance.normal(size=(ideas, NUMBERS))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for idea in range(ideas):
        for wording in (0, 1):
            for telling in range(TELLINGS):
                process = (
                    (idea // 4) * 2 * TELLINGS + wording * TELLINGS + telling
                )  # four ideas that follow each other are of the same processes
                told.append((len(told) + 1, 2 * idea + wording, process, towards(chance, directions[idea], near)))
    return np.array(told, dtype=record(NUMBERS))


def test_the_bound_lies_between_what_is_the_same_and_what_is_told_beside_it() -> None:
    bound = learn_bound(Ideas.of(world()))
    assert bound is not None
    assert 0 < bound < 0.81  # the mean of which two tellings of one idea are, each 0.9 near to it
    assert near_pairs(Ideas.of(world()), bound)


def test_nothing_is_learned_from_few_and_so_nothing_brought_together(tmp_path: Path) -> None:
    few = world(ideas=4)
    assert learn_bound(Ideas.of(few)) is None
    assert learn_bound(Ideas.of(few[:0])) is None
    few.tofile(tmp_path / "few")
    assert pairs_of_file((str(tmp_path / "few"), NUMBERS)) == []


@pytest.mark.parametrize("cell", [meaning.CELL, 16])
def test_wordings_of_one_idea_are_brought_together_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: int) -> None:
    monkeypatch.setattr(meaning, "CELL", cell)  # small ones: each is compared with what lies near it alone
    told = world()
    np.random.default_rng(1).shuffle(told)
    told.tofile(tmp_path / "told")
    found = taken_together(pairs_of_file((str(tmp_path / "told"), NUMBERS)), lambda *_: True)
    assert found.items() <= {2 * idea + 1: 2 * idea for idea in range(40)}.items()
    assert len(found) >= 35


def test_groups_do_not_chain_and_answers_of_one_process_stay_apart() -> None:
    angles = np.arange(6) * 0.3  # each is near the next one, the first is far from the last
    line = np.zeros((6, NUMBERS))
    line[:, 0], line[:, 1] = np.cos(angles), np.sin(angles)
    told = np.array([(number, number, number, vector) for number, vector in enumerate(line)], dtype=record(NUMBERS))
    bound = float(np.cos(0.35))
    pairs = near_pairs(Ideas.of(told), bound)
    into = taken_together(pairs, lambda *_: True)
    assert into
    assert not set(into) & set(into.values())  # who takes others in is taken in by none
    assert all(abs(small - large) == 1 for small, large in into.items())
    assert taken_together(pairs, lambda *_: False) == {}  # whom words do not suspect
    told["node"] = 1
    assert near_pairs(Ideas.of(told), bound) == []


def test_a_group_is_taken_in_as_a_whole_or_not_at_all() -> None:
    told = world(ideas=2)
    own = told[told["group"] == 1]
    own["vector"][0] = -own["vector"][0]  # one of its members means something else
    assert near_pairs(Ideas.of(np.concatenate((told[told["group"] == 0], own))), 0.6) == []
