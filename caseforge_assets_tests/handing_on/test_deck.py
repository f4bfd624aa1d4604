"""Decks, opened again: the slides that were asked for, native tables, nothing outside of a slide, simulated said."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pptx
import pytest

from caseforge_assets.handing_on import deck
from caseforge_assets.handing_on.deck import Deck, write_deck
from caseforge_assets.handing_on.deck_look import fitted, line_ends
from caseforge_assets.handing_on.records import SIMULATED, Decided
from caseforge_assets_tests.handing_on.samples import HOSTILE, idea, source


def opened(*ideas: Any, **changes: Any) -> Any:
    file = io.BytesIO()
    write_deck(file, Deck("Use cases", "Shop", date(2026, 11, 29), ideas, **changes))
    return pptx.Presentation(file)


def texts(slide: Any) -> list[str]:
    found = [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]
    return found + [cell.text for shape in slide.shapes if shape.has_table for row in shape.table.rows for cell in row.cells]


def titles(made: Any) -> list[str]:
    return [slide.shapes.title.text_frame.text for slide in made.slides]


def test_the_slides_that_a_portfolio_has() -> None:
    hard = {"roi": "High", "complexity": "High", "risk": "Low"}
    decided = Decided("approved", "It pays.", "Ada", date(2027, 1, 31), ("pilot",), "First of all")
    made = opened(idea(1, decided=decided), idea(2, levels=hard, superseded=True), priority_formula="value", about=["Chosen by Ada."])
    assert titles(made) == ["Use cases", "Value against effort", "By priority", "Idea 1", "Idea 2", "Where this is from"]
    first, matrix, ten, page, other, sources = (texts(slide) for slide in made.slides)
    assert "Chosen by Ada." in "\n".join(first)
    assert "2 use cases for 1 process · 2026-11-29" in "\n".join(first)
    table = next(shape for shape in made.slides[1].shapes if shape.has_table).table
    assert table.cell(1, 1).text_frame.text.split("\n") == ["1 use case", "• Idea 1"]
    assert table.cell(1, 3).text_frame.text.split("\n") == ["1 use case", "• Idea 2"]
    assert table.cell(3, 2).text_frame.text == "0 use cases"
    assert matrix
    assert {"Approved", "Idea 1", "2.1.1 Take in bicycles", "89"} <= set(ten)
    assert {"Approved: It pays.", "Ada", "2027-01-31", "pilot", "First of all"} <= set(page)
    assert "its process has been generated anew" in other
    assert {"2.1.1", "gpt-5", "2026-11-03", "2"} <= set(sources)
    assert made.slides[3].notes_slide.notes_text_frame.text.startswith("Description\nWhat it does.")
    assert SIMULATED not in "\n".join(text for slide in made.slides for text in texts(slide))


def test_what_is_simulated_says_so_on_every_slide() -> None:
    made = opened(idea(1, source=source(simulated=True)))
    assert len(made.slides) > 1
    assert all("SIMULATED" in text or SIMULATED in text for text in ("\n".join(texts(slide)) for slide in made.slides))


def test_many_use_cases_have_a_page_only_where_somebody_chose_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deck, "MOST_PAGES", 2)
    many = [idea(number) for number in range(1, 5)]
    some = opened(*many)
    assert [title for title in titles(some) if title.startswith("Idea")] == ["Idea 1", "Idea 2"]
    assert "Pages for the first 2 of 4 use cases" in "\n".join(texts(list(some.slides)[-1]))
    assert [title for title in titles(opened(*many, is_chosen=True)) if title.startswith("Idea")][-1] == "Idea 4"


def test_hostile_texts_stay_on_their_slides() -> None:
    long = HOSTILE * 20
    bad = idea(
        title=long,
        process=long,
        above=(long,),
        category=long,
        texts={"Description": long, "Impact": long},
        decided=Decided(reason=long, owner=long),
    )
    made = opened(bad, idea(2))
    for slide in made.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.left + shape.width <= made.slide_width
            assert shape.top + shape.height <= made.slide_height
        assert not set("".join(texts(slide))) & set("\x00\x1b\ufffe\uffff\u202e")


def test_a_text_takes_smaller_type_before_it_is_cut() -> None:
    assert fitted(["short"], 5, 1, 20, 10) == (["short"], 20)
    shown, size = fitted(["word " * 60], 5, 1, 20, 10)
    assert 10 <= size < 20
    assert shown == ["word " * 60]
    (cut,), size = fitted(["word " * 600], 5, 1, 20, 10)
    assert (cut[-1], size) == ("…", 10)


def test_long_words_short_lines_and_wide_letters_take_the_room_that_they_need() -> None:
    def lines(text: str) -> list[str]:
        ends = line_ends(text, 10 * 0.53 * 12 / 72, 12)  # ten letters of the mean width
        return [text[begin:end].strip() for begin, end in zip([0, *ends], ends, strict=False)]

    assert lines("one two three four") == ["one two", "three four"]
    assert lines("a " + "W" * 25 + " b") == ["a", "W" * 10, "W" * 10, "W" * 5 + " b"]
    assert lines("| a |\n|---|\n\nend") == ["| a |", "|---|", "", "end"]
    assert lines("漢字" * 5) == ["漢字漢字漢", "字漢字漢字"]
    assert lines("") == [""]
    shown, _ = fitted(["a " + "W" * 500], 10 * 0.53 * 12 / 72, 0.5, 12, 12)
    assert [len(text) for text in shown] == [11]
