"""Groups that words have made are brought together where words suspect and vectors say that they are one: all of them once, and then those that were touched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from pathlib import Path

from caseforge_assets.second_process.background import in_background
from caseforge_assets.similar.meaning import NEAREST, SUSPECTED, Ideas, learn_bound, near_pairs, pairs_of_file, taken_together
from caseforge_assets.similar.vectors import Vectors
from caseforge_assets.similar.weighing import Weighing
from caseforge_assets.store.database.engine import Connection, Engine
from caseforge_assets.store.searching.near_meanings import near_candidate
from caseforge_assets.store.similar import similar_meanings, similar_upkeep
from caseforge_assets.store.similar.similar_upkeep import Kind
from caseforge_assets.temporary import temporary_folder

MANY = 2_000  # ideas: a process of its own compares them


def join_all(store: Engine, kind: Kind, weighing: Weighing) -> int:
    """Brings all groups of a kind together that are one; returns how many were taken into others. Nothing is done where there are no vectors."""
    with temporary_folder() as folder, (Path(folder) / "meanings").open("wb") as file:
        with store.connect() as connection:
            numbers = similar_meanings.dimensions(connection)
            count = similar_meanings.write_ideas(connection, kind, numbers, file) if numbers else 0
        given = (file.name, numbers)
        pairs = in_background(pairs_of_file, given) if count > MANY else pairs_of_file(given) if count else []
    with store.begin() as connection:
        return _take_in(connection, weighing, pairs)


def join_touched(store: Engine, kind: Kind, weighing: Weighing, touched: Collection[int]) -> int:
    """The same of groups that are new or have new members, with those that are near them.

    Args:
        touched: by the number of each, which is that of the candidate that speaks for it.
    """
    with store.begin() as connection:
        numbers = similar_meanings.dimensions(connection)
        bound = learn_bound(Ideas.of(similar_meanings.ideas_to_learn_from(connection, kind, numbers))) if numbers else None
        if bound is None:
            return 0
        near = [
            hit.candidate_id or 0
            for leader in touched
            for hit in near_candidate(connection, leader, None, NEAREST)
            if hit.likeness >= bound
        ]
        groups = sorted(similar_meanings.groups_of(connection, [*touched, *near]))
        pairs = near_pairs(Ideas.of(similar_meanings.ideas_of_groups(connection, kind, numbers, groups)), bound)
        movable = similar_meanings.groups_that_words_made(connection, groups)
        return _take_in(connection, weighing, [pair for pair in pairs if pair[0] in movable])


def _take_in(connection: Connection, weighing: Weighing, pairs: Sequence[tuple[int, int]]) -> int:
    """Takes groups into others, where their words are somewhat alike. How much a member is like the words of its group stays what it is, so that one with other words speaks for none."""
    centres = similar_meanings.centres(connection, sorted({group for pair in pairs for group in pair}))
    told = {group: centre for group, centre in centres.items() if centre}
    place, vectors = {group: number for number, group in enumerate(told)}, Vectors(told.values(), weighing)

    def are_suspected(small: int, large: int) -> bool:
        return small in place and large in place and float(vectors.likenesses(place[small], [place[large]])[0]) >= SUSPECTED

    into = taken_together(pairs, are_suspected)
    if into:
        joined = []
        for group, moved in groupby(similar_meanings.members_to_move(connection, sorted(into)), key=lambda member: member.group_id):
            these = list(moved)
            likenesses = _likenesses(centres[into[group]], [member.words for member in these], weighing)
            joined += [(member.candidate_id, into[group], likeness) for member, likeness in zip(these, likenesses, strict=True)]
        similar_upkeep.join_groups(connection, joined)
        similar_meanings.remove_taken(connection, into)
    return len(into)


def _likenesses(centre: bytes, ideas: Sequence[bytes], weighing: Weighing) -> list[float]:
    """Gives the likeness of ideas to a centre by their words; those that have none are like nothing."""
    told = [idea for idea in ideas if idea]
    found = iter(Vectors([centre, *told], weighing).likenesses(0, range(1, len(told) + 1)) if told and centre else ())
    return [float(next(found, 0)) if idea else 0.0 for idea in ideas]
