"""Pieces of texts in which words are marked: those around the words, in the text's order, and all of it where that is not known."""

from __future__ import annotations

from sqlalchemy import text

from caseforge_assets.frameworks import read_framework, sample_path
from caseforge_assets.store.searching.passages import BEFORE, BEHIND, SHORT, Told, pieces_of
from caseforge_assets_tests.workbench import OpenBench

ENDINGS = ("", "s", "es", "ed", "ing", "ly", "er", "ness", "ization", "ational", "fulness", "ously", "ibility", "'s")
IRREGULAR = {
    "skies",
    "skis",
    "dying",
    "lying",
    "tying",
    "news",
    "gently",
    "idly",
    "ugly",
    "early",
    "only",
    "singly",
    "cries",
    "happily",
    "hopping",
    "hoping",
    "university",
    "e-bikes",
}
FILLER = "and so it goes on with words that nobody has asked for " * 30


def told(sought: str, config: str = "english") -> Told:
    return Told(config, sought, "", "")


def test_pieces_are_where_most_of_the_words_stand() -> None:
    said = f"Bicycles are here. {FILLER}The workshop mends bicycles. {FILLER}A workshop. {FILLER}"
    pieces = pieces_of(said, told("'bicycl' & 'workshop'"))
    assert len(pieces) == 2
    assert "workshop mends bicycles" in pieces[1]
    assert pieces[0].startswith("Bicycles are here.")
    assert all(len(piece) <= BEFORE + BEHIND for piece in pieces)
    assert all(piece in said for piece in pieces)


def test_words_that_only_hold_what_is_sought_are_no_places() -> None:
    said = f"{FILLER}The remanagement. {FILLER}We manage it. {FILLER}"
    (piece,) = pieces_of(said, told("'manag'"))
    assert "We manage it." in piece


def test_words_whose_end_changes_are_found() -> None:
    said = f"{FILLER}Hoping for happy people, it's said. {FILLER}"
    assert "Hoping" in pieces_of(said, told("'hope'"))[0]
    assert "happy" in pieces_of(said, told("'happi'"))[0]


def test_where_beginnings_are_not_known_the_text_is_taken_whole() -> None:
    said = f"{FILLER}Häuser. {FILLER}"
    assert pieces_of(said, told("'haus'", "german")) == [said]
    assert pieces_of(said, told("'die'")) == [said]
    assert pieces_of(said, told("'nothing' & '-5'")) == [said]
    assert pieces_of(said, told("'nothing'")) == []
    assert pieces_of("İ" * SHORT + FILLER, told("'word'")) == ["İ" * SHORT + FILLER]  # small letters are more
    assert pieces_of("Short words", told("'word'")) == ["Short words"]


def test_every_word_is_found_in_a_text_by_what_postgresql_finds_it_by(bench: OpenBench) -> None:
    """Else a passage would be missing: words of the sample with endings, and those that English changes at their beginning."""
    edition = read_framework(sample_path()).edition
    assert edition is not None
    known = {word.strip(".,;:()").lower() for node in edition.nodes for word in f"{node.name} {node.description}".split()}
    words = sorted({f"{word}{ending}" for word in known for ending in ENDINGS} | IRREGULAR)
    query = text("select word, cast(to_tsvector('english', word) as text) from unnest(cast(:words as text[])) one(word)")
    with bench().store.connect() as connection:
        lexemes = {word: lexeme for word, lexeme in connection.execute(query, {"words": words})}  # noqa: C416 -- a Row is no tuple to mypy
    assert len(words) > 2_000
    lost = [word for word, lexeme in lexemes.items() if "'" in lexeme and not pieces_of(f"{FILLER} {word} {FILLER}", told(lexeme))]
    assert lost == []
