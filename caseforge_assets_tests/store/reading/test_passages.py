"""Pieces of texts in which words are marked: those around the words, in the text's order, and all of it where that is not known."""

from __future__ import annotations

from caseforge_assets.store.reading.passages import BEFORE, BEHIND, SHORT, Told, pieces_of

FILLER = "and so it goes on with words that nobody has asked for " * 30


def told(sought: str, config: str = "english") -> Told:
    return Told(config, sought, "", "")


def test_pieces_are_where_most_of_the_words_stand() -> None:
    text = f"Bicycles are here. {FILLER}The workshop mends bicycles. {FILLER}A workshop. {FILLER}"
    pieces = pieces_of(text, told("'bicycl' & 'workshop'"))
    assert len(pieces) == 2
    assert "workshop mends bicycles" in pieces[1]
    assert pieces[0].startswith("Bicycles are here.")
    assert all(len(piece) <= BEFORE + BEHIND for piece in pieces)
    assert all(piece in text for piece in pieces)


def test_words_that_only_hold_what_is_sought_are_no_places() -> None:
    text = f"{FILLER}The remanagement. {FILLER}We manage it. {FILLER}"
    (piece,) = pieces_of(text, told("'manag'"))
    assert "We manage it." in piece


def test_words_whose_end_changes_are_found() -> None:
    text = f"{FILLER}Hoping for happy people, it's said. {FILLER}"
    assert "Hoping" in pieces_of(text, told("'hope'"))[0]
    assert "happy" in pieces_of(text, told("'happi'"))[0]


def test_where_beginnings_are_not_known_the_text_is_taken_whole() -> None:
    text = f"{FILLER}Häuser. {FILLER}"
    assert pieces_of(text, told("'haus'", "german")) == [text]
    assert pieces_of(text, told("'nothing'")) == [text]
    assert pieces_of("İ" * SHORT + FILLER, told("'word'")) == ["İ" * SHORT + FILLER]  # small letters are more
    assert pieces_of("Short words", told("'word'")) == ["Short words"]
