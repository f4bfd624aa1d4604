"""Mistyped words: what was meant, of the words that there are."""

from __future__ import annotations

import pytest

from caseforge_assets.curation.mistyped import meant_words

KNOWN = ["advertise", "bicycles", "complaints", "customers", "offers", "1.1.3", "2.1.13"]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("complants", "complaints"),
        ("Advetrise bicycles", "advertise bicycles"),
        ('"write ofers"', '"write offers"'),
        ("2.1.31", "2.1.13"),
        ("customers -complants", None),
        ("poetry", None),
        ("offers", None),
        ("the", None),
    ],
)
def test_what_was_meant_is_the_closest_known_word(asked: str, meant: str | None) -> None:
    assert meant_words(asked, lambda word: [word] if word in KNOWN else KNOWN) == meant
