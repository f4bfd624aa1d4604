"""The same ideas are found: by words without the process's own, likeness, bands that those who are alike share, groups that do not chain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from caseforge_assets.similar import bands, buckets, shelf, vectors
from caseforge_assets.similar import weighing as weighing_module
from caseforge_assets.similar.bands import bands_of
from caseforge_assets.similar.centres import MOST_WORDS, centre_of
from caseforge_assets.similar.grouping import ALIKE, IN_GROUP, group_ideas, group_shelf
from caseforge_assets.similar.shelf import Shelf
from caseforge_assets.similar.vectors import Vectors
from caseforge_assets.similar.weighing import Weighing
from caseforge_assets.similar.words import ALSO_OF_PROCESS, IN_TEXT, OF_TITLE, Process, idea_words, read_words

TITLE = "Invoice capture with document AI for {}"
TEXT = "{}: a document model reads supplier invoices from mailboxes, extracts their fields and posts them to the ledger."
HIRING = Process("Hire people", "Finds applicants and chooses among those.")
MENDING = Process("Mend bicycles", "Repairs what riders bring to the workshop.")


def fresh(number: int, count: int = 30) -> str:
    """Words that no other number has."""
    letters = "bcdfghjklm"
    return " ".join("x" + "".join(letters[int(digit)] for digit in f"{number * 100 + word:05d}") for word in range(count))


def likeness(one: bytes, other: bytes, weighing: Weighing) -> float:
    return float(Vectors([one, other], weighing).likenesses(0, [1])[0])


def test_the_name_of_the_process_makes_no_difference() -> None:
    hiring = idea_words(TITLE.format("Hire people"), [TEXT.format("Hire people")], HIRING)
    mending = idea_words(TITLE.format("mend bicycles"), [TEXT.format("Mend bicycles")], MENDING)
    assert hiring == mending
    assert hiring != idea_words(TITLE.format("Hire people"), [TEXT.format("Hire people")], MENDING)


def test_words_say_where_they_stand_and_what_describes_the_process_says_half() -> None:
    words = read_words(idea_words("Screening of applicants", ["Applicants are screened by a model that explains every verdict."], HIRING))
    weights = {(int(weight), int(title)) for _, weight, title in words}
    assert weights == {(IN_TEXT, OF_TITLE), (ALSO_OF_PROCESS, OF_TITLE), (IN_TEXT, 0)}
    assert sorted(words["word"].tolist()) == words["word"].tolist()


def test_an_idea_of_which_only_the_name_is_left_keeps_it() -> None:
    assert len(read_words(idea_words("Hire people", ["Hire people by AI."], HIRING))) == 2
    assert idea_words("", ["12 of 7"], HIRING) == b""


def test_what_nobody_else_has_says_more_and_what_was_never_counted_says_most() -> None:
    ideas = [idea_words("", [f"common {fresh(number, 3)}"], HIRING) for number in range(60)]
    weighing = Weighing.of(ideas)
    assert Weighing.unpacked(*weighing.packed()).words.tolist() == weighing.words.tolist()
    common = read_words(idea_words("", ["common"], HIRING))["word"]
    unseen = read_words(idea_words("", ["unseen"], HIRING))["word"]
    says = weighing.rarities[weighing.places(np.concatenate((common, read_words(ideas[0])["word"][:1], unseen)))]
    assert says[0] < says[1] <= says[2]


def test_groups_hold_the_same_ideas_and_no_others_whatever_the_order() -> None:
    same = [idea_words(f"Forecast of churn {fresh(900, 4)}", [f"{fresh(901, 12)} {fresh(number, 4)}"], HIRING) for number in range(12)]
    others = [idea_words(fresh(100 + number, 4), [fresh(200 + number)], MENDING) for number in range(40)]
    empty = [b"", b""]
    for ideas in ([*same, *others, *empty], [*empty, *others, *same]):
        grouped = group_ideas(ideas, Weighing.of(ideas))
        leaders = grouped.leaders.tolist()
        first = ideas.index(same[0])
        places = [ideas.index(idea) for idea in same]
        assert {leaders[place] for place in places} == {leaders[first]}
        assert all(leaders[number] == number for number in range(len(ideas)) if number not in places)
        assert list(grouped.centres) == [leaders[first]]
        assert all(IN_GROUP <= grouped.scores[place] <= 1.001 for place in places)


def test_groups_do_not_chain() -> None:
    """Each is like the next one, the first and the last are not alike at all."""
    pieces = [fresh(number, 10) for number in range(30)]
    chain = [idea_words(pieces[at], [" ".join(pieces[at : at + 3])], HIRING) for at in range(27)]
    weighing = Weighing.of(chain)
    assert likeness(chain[3], chain[4], weighing) > likeness(chain[3], chain[5], weighing) > likeness(chain[3], chain[6], weighing) == 0
    grouped = group_ideas(chain, weighing)
    for leader, centre in grouped.centres.items():
        members = np.flatnonzero(grouped.leaders == leader).tolist()
        assert max(members) - min(members) <= 3
        assert all(likeness(chain[member], centre, weighing) >= IN_GROUP for member in members)


def test_groups_are_the_same_where_ideas_and_all_that_is_made_of_them_lie_in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = [
        idea_words(fresh(300 + number % 9, 4), [f"{fresh(400 + number % 9, 9)} {fresh(500 + number, 2)}"], HIRING) for number in range(90)
    ]
    ideas = [*told[:30], b"", *told[30:]]
    weighing, grouped = Weighing.of(ideas), group_ideas(ideas, Weighing.of(ideas))
    assert 9 <= len(grouped.centres) <= 12
    for module in (shelf, buckets):
        monkeypatch.setattr(module, "IN_MEMORY", 100)
    for module in (buckets, bands, vectors, weighing_module):
        monkeypatch.setattr(module, "AT_ONCE", 7)
    with (tmp_path / "ideas").open("w+b") as file:
        lying = Shelf.of(ideas, file)
        counted = Weighing.of(lying)
        again = group_shelf((file.name, lying.starts, counted))
    assert counted.packed() == weighing.packed()
    assert again.leaders.tolist() == grouped.leaders.tolist()
    assert again.scores.tolist() == grouped.scores.tolist()
    assert again.centres == grouped.centres


def test_a_shelf_gives_what_was_put_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "IN_MEMORY", 4)
    told = [b"one", b"", b"three", b"four"]
    lying = Shelf.of(iter(told))
    assert list(lying) == told
    assert [lying[1:3], lying[:0], lying[3:9], lying[9:]] == [told[1:3], [], told[3:], []]
    assert len(Shelf.of([])) == 0


def test_those_that_are_alike_meet_in_bands() -> None:
    told = [idea_words(TITLE.format("it"), [TEXT.format("It") + fresh(number, 3)], HIRING) for number in range(20)]
    others = [idea_words(fresh(50 + number, 4), [fresh(100 + number)], HIRING) for number in range(60)]
    weighing = Weighing.of([*told, *others])
    assert likeness(told[0], told[1], weighing) >= ALIKE
    its = bands_of([*told, *others], weighing)
    assert all((its[0] == its[number]).any() for number in range(1, len(told)))
    assert not any((its[0] == its[number]).any() for number in range(len(told), len(its)))
    assert (bands_of(told[3:4], weighing)[0] == its[3]).all()


def test_a_centre_is_what_members_have_in_common() -> None:
    members = [idea_words(fresh(1, 3), [f"{fresh(2, 5)} {fresh(10 + number, 60)}"], HIRING) for number in range(10)]
    centre = read_words(centre_of(members))
    assert len(centre) == MOST_WORDS
    common = set(read_words(idea_words(fresh(1, 3), [fresh(2, 5)], HIRING))["word"].tolist())
    assert {int(word) for word, weight, _ in centre if weight == IN_TEXT} == common
    assert centre_of(members[:1]) == members[0]
