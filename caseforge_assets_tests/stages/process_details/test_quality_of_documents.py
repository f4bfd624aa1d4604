"""The worth of each part of a document's score: a document that has everything, with one thing taken away at a time."""

from __future__ import annotations

import pytest

from caseforge_assets.stages.judgement import Content
from caseforge_assets.stages.process_details.quality import measure
from caseforge_assets.stages.quality import Limit, NodeFacts, Part, Quality, between, weigh
from caseforge_assets_tests.stages.answers import SECTIONS, document
from caseforge_assets_tests.stages.fresh_words import fresh

SHIP = NodeFacts("Ship goods", "Hands parcels to carriers.")
OWN = "Ship goods as parcels, which carriers take from our hands."
NAMES = "ERP WMS SAP EDI MES"
FIGURES = "Within 20 minutes, 95 % at once."


def section(place: int, *, own: str = OWN, said: str = "", names: str = NAMES, figures: str = FIGURES, words: int = 150) -> str:
    """The text of a section: words of the node, names, figures, and words that no other section has."""
    return f"{own} {names} {figures} {said}{' '.join(fresh(place, words))}."


def texts(**changes: object) -> dict[str, str]:
    return {name: section(place, **changes) for place, name in enumerate(SECTIONS)}  # type: ignore[arg-type]


def measured(given: dict[str, str], leave_out: tuple[str, ...] = (), end: str = "") -> Quality:
    return measure(Content(document(texts=given, leave_out=leave_out) + end), SHIP)


def different(quality: Quality) -> dict[str, int | None]:
    """The parts that are not at their best."""
    return {part: points for part, points in quality.parts.items() if points != 100}


def test_a_document_that_has_everything_has_all_points() -> None:
    quality = measured(texts())
    assert list(quality.parts) == [
        "sections",
        "order",
        "depth",
        "own_node",
        "kpis",
        "distinct",
        "specifics",
        "repetition",
        "substance",
        "ending",
    ]
    assert (quality.score, different(quality), quality.limits) == (100, {"kpis": None}, ())


def test_missing_sections_hold_the_score_down_to_their_share() -> None:
    quality = measured(texts(), leave_out=("Key Activities", "Best Practices"))
    assert (quality.score, quality.limits) == (80, ("2 sections are missing",))
    assert different(quality) == {"sections": 80, "depth": 80, "kpis": None}
    alone = measured(texts(), leave_out=SECTIONS[1:])
    assert (alone.score, alone.parts["order"], alone.parts["sections"]) == (10, None, 10)


def test_sections_out_of_order_count_by_their_neighbours() -> None:
    swapped = [SECTIONS[1], SECTIONS[0], *SECTIONS[2:]]
    text = "\n\n".join(f"## {name}\n\n{section(SECTIONS.index(name))}" for name in swapped)
    quality = measure(Content(text), SHIP)
    assert (quality.score, different(quality)) == (96, {"order": 78, "kpis": None})  # 7 of 9 follow the right one; 15 of 95 by weight


def test_short_sections_are_weighed_by_their_characters() -> None:
    quality = measured(texts(words=55))  # 500 characters each, of 1,000
    assert (quality.score, quality.limits) == (80, ("its sections are short (50 of 100)",))
    assert different(quality) == {"depth": 50, "kpis": None}


def test_a_document_that_leaves_out_a_word_of_its_node_says_too_little_of_it() -> None:
    quality = measured(texts(own="Ship parcels, which carriers take from our hands."))
    assert (
        quality.figures["own_node_share"] == 0.637
    )  # 25 × 1/2 of the mentions, 20 × 1, 30 × 0.5 of 0.8 a section, 25 × 1/2 of the opening
    assert (quality.score, quality.limits) == (84, ("it speaks too little of its node (64 of 100)",))
    assert different(quality) == {"own_node": 61, "kpis": None}


def test_sections_that_say_what_others_said_are_not_distinct() -> None:
    given = {name: section(place if place < 5 else 0) for place, name in enumerate(SECTIONS)}
    quality = measured(given)
    assert quality.figures["new_words"] == dict(zip(SECTIONS, [158, 150, 150, 150, 150, 0, 0, 0, 0, 0], strict=True))
    assert (quality.score, quality.limits) == (80, ("its sections say little that is new (50 of 100)",))
    assert different(quality) == {"distinct": 50, "kpis": None}


@pytest.mark.parametrize(("changes", "points"), [({"names": ""}, 50), ({"figures": ""}, 50), ({"names": "", "figures": ""}, 0)])
def test_figures_and_names_make_a_text_specific(changes: dict[str, str], points: int) -> None:
    quality = measured(texts(**changes))
    assert different(quality) == {"specifics": points, "kpis": None}
    assert quality.score == {50: 95, 0: 89}[points]  # 10 of 95 by weight


def phrases(place: int, own: int, shared: int, said: str) -> str:
    """So many phrases that no other section has, and one that all have, so many times."""
    return (
        "".join(f"to {first} {second} " for first, second in zip(fresh(place + 50, own), fresh(place + 70, own), strict=True))
        + said * shared
    )


def test_phrases_that_stand_there_again_are_repetition() -> None:
    quality = measured({name: section(place, said=phrases(place, 8, 2, "to pallet loading ")) for place, name in enumerate(SECTIONS)})
    assert quality.figures["repeated_share"] == 0.19  # 100 phrases, 19 of which were there before
    assert (quality.score, quality.limits) == (87, ("19% of it repeats what it has said before",))
    assert different(quality) == {"repetition": 44, "kpis": None}


def test_phrases_that_could_stand_anywhere_are_no_substance() -> None:
    said = ("to stay ahead ", "a crucial role ", "a vital role ", "a key role ", "and drive value ", "to add value ", "to drive value ")
    anywhere = {name: section(place, said=phrases(place, 6, 0, "") + said[place % 7] * (place < 7)) for place, name in enumerate(SECTIONS)}
    quality = measured(anywhere)
    assert quality.figures["empty_share"] == 0.104  # 7 of 67
    assert (quality.score, quality.limits) == (89, ("10% of its phrases could stand anywhere",))
    assert different(quality) == {"substance": 56, "kpis": None}


def test_marketing_is_no_substance() -> None:
    quality = measured(texts(said="synergies unlock holistic paradigms "))
    assert quality.figures["marketing_share"] == 0.025  # 4 of 162 words a section
    assert (quality.score, quality.limits) == (86, ("2.5% of its words are marketing",))
    assert different(quality) == {"substance": 44, "kpis": None}


def test_an_end_that_looks_cut_holds_the_score_down() -> None:
    quality = measured(texts(), end="\n\nThen it goes on with the")
    assert (quality.score, quality.limits, different(quality)) == (75, ("its end looks cut off",), {"kpis": None, "ending": 0})


def test_a_text_without_blanks_between_its_words_is_not_held_to_be_alike() -> None:
    given = dict.fromkeys(SECTIONS, "包裹在二十分钟内交给承运商并记录在仓库系统中由班组长检查" * 40)
    quality = measured(given)
    assert (quality.parts["distinct"], quality.figures["new_words"]) == (None, {})


def test_a_score_is_the_mean_by_weight_of_the_parts_that_apply() -> None:
    parts = (Part("first", 1.0, 30), Part("second", 0.5, 10), Part("third", None, 60))
    quality = weigh(parts, [Limit(90, "above the mean")], {})
    assert (quality.score, quality.parts, quality.limits) == (88, {"first": 100, "second": 50, "third": None}, ())
    held = weigh(parts, [Limit(40.4, "a fault"), Limit(60, "a lesser one"), Limit(90, "above the mean")], {})
    assert (held.score, held.limits) == (40, ("a fault", "a lesser one"))
    assert weigh(parts, [Limit(-20, "worse than nothing")], {}).score == 0
    assert weigh([Part("third", None, 60)], [], {}).score == 0


@pytest.mark.parametrize(("value", "place"), [(0.0, 0.0), (2.0, 0.0), (3.0, 0.25), (6.0, 1.0), (9.0, 1.0)])
def test_a_value_is_placed_between_the_worst_and_the_best(value: float, place: float) -> None:
    assert between(value, 2, 6) == place
    assert between(-value, -2, -6) == place
