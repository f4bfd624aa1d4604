"""Use cases that tell the same idea are brought together: words of what is new are taken, and it is put into groups, or all groups are made anew.

Groups are made anew where much is new, because how much a word says follows from all ideas; until then what is new joins the groups there are. Where there are vectors, groups that
mean the same are brought together after that (`join_by_meaning`).
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from caseforge_assets.commands.mirroring.join_by_meaning import join_all, join_touched
from caseforge_assets.commands.mirroring.refresh_lists import refresh_in_passing
from caseforge_assets.commands.mirroring.refresh_meanings import SIMILAR
from caseforge_assets.second_process.background import in_background
from caseforge_assets.second_process.work_ahead import work_ahead
from caseforge_assets.settings.project import Project
from caseforge_assets.similar.bands import bands_of
from caseforge_assets.similar.buckets import FULL
from caseforge_assets.similar.centres import MEMBERS, centre_of
from caseforge_assets.similar.grouping import ALIKE, LOOKED_AT, Grouped, group_ideas, group_shelf
from caseforge_assets.similar.shelf import Shelf
from caseforge_assets.similar.vectors import Vectors
from caseforge_assets.similar.weighing import Weighing
from caseforge_assets.similar.words import Process, Told, words_of_each
from caseforge_assets.stages.languages import ENGLISH
from caseforge_assets.store.database.engine import Connection, Engine, try_lock
from caseforge_assets.store.reading import due
from caseforge_assets.store.similar import similar_due, similar_upkeep
from caseforge_assets.store.similar.similar_upkeep import SEPARATOR, Kind, NewCandidate, StoredGroup
from caseforge_assets.temporary import temporary_folder

FEW = 500  # candidates of a kind: they are grouped anew with each that comes
MUCH_NEW = 0.25  # of all: more is a reason to group everything anew
AT_ONCE = 400  # that join groups in one transaction
WORTH_A_PROCESS = 200
MANY = 2_000
ADDED_AT_ONCE = 2_000


def refresh_similar(store: Engine, project: Project, *, nodes: int | None = None, anew: bool = False) -> bool:
    """Looks at what is due, unless another process is at it; returns whether something is behind still.

    Args:
        nodes: words of so many nodes at most are taken, or somewhat more; None: of all. Groups are made when nothing is due any more.
        anew: everything is made anew, whatever there is.
    """
    with try_lock(store, SIMILAR) as alone:
        if alone:
            if anew:
                with store.begin() as connection:
                    similar_due.note_all(connection)
            if _take_words(store, project, nodes) and not _lists_behind(store):
                _group(store)
    with store.connect() as connection:
        return similar_due.behind(connection)


def _lists_behind(store: Engine) -> bool:
    """While lists are not up to date, more is to come, and all would be grouped again and again."""
    with store.connect() as connection:
        return due.behind(connection).lists


def similar_in_passing(store: Engine, project: Project, connection: Connection) -> bool:
    """Looks whether use cases are to be compared, and does it where that is little: somebody waits for an answer. Returns whether something is behind."""
    lists = refresh_in_passing(store, project, connection)
    if not similar_due.behind(connection):
        return lists.lists
    if similar_due.is_little(connection):
        return refresh_similar(store, project) or lists.lists
    return True


def _take_words(store: Engine, project: Project, most: int | None) -> bool:
    """Takes words, some hundred nodes in a transaction; whether nothing is due any more."""
    told_in = json.dumps({stage.key: stage.idea_fields for stage in project.stages if stage.idea_fields})
    done = 0
    while most is None or done < most:
        with store.begin() as connection:
            taken = similar_due.take(connection)
            if taken is None:
                return True
            key, node_ids = taken
            similar_upkeep.remove_gone(connection, node_ids)
            found = similar_upkeep.new_candidates(connection, node_ids, told_in)
            languages = {stage.key: project.stages.in_framework(stage, key).language or ENGLISH for stage in project.stages}
            similar_upkeep.add_words(connection, _with_words(found, languages))
        done += len(node_ids)
    return False


def _with_words(found: Sequence[NewCandidate], languages: dict[str, str]) -> Iterator[tuple[NewCandidate, bytes]]:
    pieces = [found[first : first + WORTH_A_PROCESS] for first in range(0, len(found), WORTH_A_PROCESS)]
    told = ((piece, [_told(candidate, languages[candidate.stage]) for candidate in piece]) for piece in pieces)
    for piece, words in work_ahead(words_of_each, told, ahead=len(pieces) > 1):
        yield from zip(piece, words, strict=True)


def _told(candidate: NewCandidate, language: str) -> Told:
    return candidate.title, tuple(candidate.text.split(SEPARATOR)), Process(candidate.name, candidate.description), language


def _group(store: Engine) -> None:
    with store.connect() as connection:
        kinds = similar_upkeep.kinds_waiting(connection)
    for kind in kinds:
        with store.connect() as connection:
            every, waiting = similar_upkeep.counts(connection, kind)
            kept = similar_upkeep.weighing(connection, kind)
        if kept is None or every <= FEW or waiting > MUCH_NEW * every or kept[0] < every * (1 - 2 * MUCH_NEW):
            _group_all(store, kind)
        else:
            weighing = Weighing.unpacked(*kept)
            while touched := _join(store, kind, weighing):
                join_touched(store, kind, weighing, touched)


def _group_all(store: Engine, kind: Kind) -> None:
    """Groups everything of a kind, which lies in a file meanwhile; what is stored changes in one transaction."""
    with temporary_folder() as folder, (Path(folder) / "ideas").open("w+b") as file:
        ids, nodes = array("q"), array("q")
        with store.connect() as connection:
            ideas = Shelf.of(_noting(similar_upkeep.words_of_all(connection, kind), ids, nodes), file)
        weighing = Weighing.of(ideas)
        grouped = _grouped_elsewhere(ideas, file.name, weighing)
        groups = _Groups(ids, ideas, grouped, nodes)
        with store.begin() as connection:
            similar_upkeep.remove_groups(connection, kind)
            similar_upkeep.keep_weighing(connection, kind, *weighing.packed())
            similar_upkeep.join_groups(connection, groups.joined())
            _add(connection, kind, weighing, groups)
    join_all(store, kind, weighing)


def _noting(rows: Iterable[tuple[int, int, bytes]], ids: array[int], nodes: array[int]) -> Iterator[bytes]:
    for candidate_id, node_id, words in rows:
        ids.append(candidate_id)
        nodes.append(node_id)
        yield words


def _grouped_elsewhere(ideas: Shelf, path: str, weighing: Weighing) -> Grouped:
    """Many ideas take minutes: a process of their own has them, so that this one goes on with what else it does."""
    if len(ideas) > MANY:
        return in_background(group_shelf, (path, ideas.starts, weighing))
    return group_ideas(ideas, weighing)


@dataclass(frozen=True)
class _Groups:
    """Groups of candidates, which are named by their places in `ids`, `ideas` and `nodes`.

    Attributes:
        nodes: Of which each is; without any, processes are counted later.
    """

    ids: Sequence[int]
    ideas: Sequence[bytes]
    grouped: Grouped
    nodes: Sequence[int] = ()

    def joined(self) -> Iterator[tuple[int, int, float]]:
        """Each candidate with its group and how much it is like the group's centre."""
        numbers = zip(self.ids, self.grouped.leaders, self.grouped.scores, strict=True)
        return ((candidate, self.ids[leader], float(score)) for candidate, leader, score in numbers)

    def led(self) -> Iterator[tuple[int, int, int]]:
        """The leaders of groups, each with the number of its group's members and processes."""
        leaders, members = np.unique(self.grouped.leaders, return_counts=True)
        processes = np.zeros(len(self.ids), dtype=np.int64)
        if len(self.nodes):
            pairs = np.unique(np.stack((self.grouped.leaders, np.array(self.nodes))), axis=1)
            processes = np.bincount(pairs[0], minlength=len(self.ids))
        return zip(leaders.tolist(), members.tolist(), processes[leaders].tolist(), strict=True)


def _add(connection: Connection, kind: Kind, weighing: Weighing, groups: _Groups) -> None:
    """Stores groups: each is found by the bands of who speaks for it and, where it has several members, of its centre."""
    centres, led = groups.grouped.centres, groups.led()
    while piece := list(islice(led, ADDED_AT_ONCE)):
        ideas = [groups.ideas[leader] for leader, _, _ in piece]
        own = bands_of(ideas, weighing)
        of_centres = bands_of([centres.get(leader, b"") for leader, _, _ in piece], weighing)
        rows = []
        for number, (leader, members, processes) in enumerate(piece):
            bands = set(own[number].tolist()) | (set(of_centres[number].tolist()) if leader in centres else set())
            group = StoredGroup(groups.ids[leader], members, centres.get(leader, ideas[number]))
            rows.append((group, processes, sorted(bands) if ideas[number] else []))
        similar_upkeep.add_groups(connection, kind, rows)


def _join(store: Engine, kind: Kind, weighing: Weighing) -> set[int]:
    """Puts some that wait into groups that there are, and those that are like none into new ones; returns these groups, none where nobody waits."""
    with store.begin() as connection:
        waiting = similar_upkeep.words_waiting(connection, kind, AT_ONCE)
        joined = _find_groups(connection, kind, waiting, weighing)
        similar_upkeep.join_groups(connection, ((candidate, *of) for candidate, of in joined.items()))
        touched = {group for group, _ in joined.values()}
        for group in touched:
            _move_centre(connection, group, weighing)
        similar_upkeep.count_members(connection, list(touched))
        founded = _found_groups(
            connection, kind, {candidate: idea for candidate, idea in waiting.items() if candidate not in joined}, weighing
        )
    return touched | founded


def _find_groups(connection: Connection, kind: Kind, waiting: dict[int, bytes], weighing: Weighing) -> dict[int, tuple[int, float]]:
    """By candidate, the group whose centre it is most like, where it is enough."""
    told = {candidate: idea for candidate, idea in waiting.items() if idea}
    bands = bands_of(list(told.values()), weighing).tolist()
    near = {
        candidate: similar_upkeep.near_groups(connection, kind, its, FULL, LOOKED_AT) for candidate, its in zip(told, bands, strict=True)
    }
    groups = {group.group_id: group for found in near.values() for group in found if group.centre}
    order = list(groups)
    vectors = Vectors([*(groups[group].centre for group in order), *told.values()], weighing)
    place = {group: number for number, group in enumerate(order)}
    joined = {}
    for number, (candidate, found) in enumerate(near.items(), len(order)):
        if found:
            likenesses = vectors.likenesses(number, [place[group.group_id] for group in found])
            best = int(likenesses.argmax())
            if likenesses[best] >= ALIKE:
                joined[candidate] = (found[best].group_id, float(likenesses[best]))
    return joined


def _move_centre(connection: Connection, group: int, weighing: Weighing) -> None:
    """A small group's centre follows its members; that of a large one stays where it is."""
    members = similar_upkeep.words_of_members(connection, group, MEMBERS + 1)
    if len(members) <= MEMBERS:
        centre = centre_of(members)
        bands = np.unique(bands_of([members[0], centre], weighing)).tolist()
        similar_upkeep.change_centre(connection, group, centre, bands)


def _found_groups(connection: Connection, kind: Kind, left: dict[int, bytes], weighing: Weighing) -> set[int]:
    ids, ideas = list(left), list(left.values())
    if not ids:
        return set()
    groups = _Groups(ids, ideas, group_ideas(ideas, weighing))
    similar_upkeep.join_groups(connection, groups.joined())
    _add(connection, kind, weighing, groups)
    founded = {ids[leader] for leader in groups.grouped.leaders}
    similar_upkeep.count_members(connection, sorted(founded))
    return founded
