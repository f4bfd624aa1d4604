"""The worth of each part of the score of a node's candidates: candidates that have everything, with one thing taken away at a time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from caseforge_assets.stages.judgement import Content, Item
from caseforge_assets.stages.quality import NodeFacts, Quality
from caseforge_assets.stages.usecases.quality import measure
from caseforge_assets_tests.stages.fresh_words import fresh

SHIP = NodeFacts("Ship goods", "Hands parcels to carriers.")
OWN = "Ship goods as parcels, which carriers take from our hands."
CATEGORIES = ("automation", "analytics", "integration")
LENGTHS = {
    "description": 700,
    "impact_assessment": 300,
    "complexity_details": 150,
    "technology_requirements": 150,
    "success_metrics": 150,
    "implementation_timeline": 150,
}


def text(place: int, name: str, *, length: float = 1.0, own: str = OWN, specific: str = "ERP 5 EDI 20 95 ", said: str = "") -> str:
    """A text of a candidate: about its node, specific, and in words that no other text has."""
    begun = f"{own if name == 'description' else ''} {specific}{said}"
    words = " ".join(fresh(20 * list(LENGTHS).index(name) + place, 110))
    return f"{begun}{words}"[: round(length * LENGTHS[name]) - 1] + "."


def item(place: int, **changes: object) -> Item:
    texts = {name: text(place, name, **changes) for name in LENGTHS}  # type: ignore[arg-type]
    levels = {"complexity_score": 1 + place % 3, "estimated_roi": ("High", "Low")[place % 2], "risk_level": ("Low", "High")[place % 2]}
    return Item(" ".join(fresh(200 + place, 4)), {**texts, **levels, "category": CATEGORIES[place % 3]})


def items(count: int = 6, **changes: object) -> list[Item]:
    return [item(place, **changes) for place in range(count)]


def with_fields(item: Item, **fields: object) -> Item:
    return Item(item.title, {**item.fields, **fields})


def measured(given: list[Item]) -> Quality:
    return measure(Content("\n".join(item.title for item in given), tuple(given)), SHIP)


def different(quality: Quality) -> dict[str, int | None]:
    """The parts that are not at their best."""
    return {part: points for part, points in quality.parts.items() if points != 100}


def test_candidates_that_have_everything_have_all_points() -> None:
    quality = measured(items())
    assert list(quality.parts) == [
        "count",
        "depth",
        "own_node",
        "titles",
        "distinct",
        "specifics",
        "repetition",
        "variety",
        "substance",
        "ending",
    ]
    assert (quality.score, different(quality), quality.limits) == (100, {}, ())


@pytest.mark.parametrize(("count", "points", "score"), [(5, 75, 80), (4, 50, 60), (3, 25, 40), (2, 0, 20)])
def test_each_candidate_that_is_missing_costs_twenty_points(count: int, points: int, score: int) -> None:
    quality = measured(items(count))
    assert (quality.score, quality.parts["count"]) == (score, points)
    assert quality.limits[0] == f"there are only {count} candidates"


def test_short_texts_are_weighed_by_their_characters() -> None:
    quality = measured(items(length=0.5))
    assert (quality.score, quality.limits) == (75, ("its texts are short (50 of 100)",))
    assert different(quality) == {"depth": 50}


def test_candidates_that_leave_out_a_word_of_their_node_say_too_little_of_it() -> None:
    quality = measured(items(own="Ship parcels, which carriers take from our hands."))
    assert quality.figures["own_node_share"] == 0.75  # 50 × 1/2 of the mentions, 15 × 1, 35 × 1: half of the words are enough in each
    assert (quality.score, different(quality)) == (100, {})
    foreign = measured(items(own="Parcels, which carriers take from our hands."))
    assert foreign.figures["own_node_share"] == 0.15
    assert (foreign.score, different(foreign)) == (38, {"own_node": 0})
    assert foreign.limits == ("it speaks too little of its node (15 of 100)",)


def turned(text: object, place: int) -> str:
    """The same words from another one on."""
    words = str(text).removesuffix(".").split()
    return " ".join([*words[place:], *words[:place]]) + "."


def test_candidates_with_the_words_of_another_are_not_distinct() -> None:
    given = items()
    others = [with_fields(given[place], **{name: turned(given[0].fields[name], place) for name in LENGTHS}) for place in (3, 4, 5)]
    quality = measured([*given[:3], *others])
    assert (quality.score, quality.limits) == (85, ("its candidates say little that is new (50 of 100)",))
    assert different(quality) == {"distinct": 50}


@pytest.mark.parametrize(("specific", "points", "score"), [("ERP EDI ", 50, 95), ("5 20 95 ", 50, 95), ("", 0, 90)])
def test_figures_and_names_make_candidates_specific(specific: str, points: int, score: int) -> None:
    quality = measured(items(specific=specific))
    assert (quality.score, different(quality)) == (score, {"specifics": points})


def test_titles_that_are_near_each_other_hold_the_score_down() -> None:
    given = items()
    quality = measured([given[0], *(Item(given[0].title, item.fields) for item in given[1:3]), *given[3:]])
    assert quality.figures["near_titles"] == [(1, 2), (1, 3)]
    assert (quality.score, quality.limits) == (77, ("33% of its titles say nearly the same as another",))
    assert different(quality) == {"titles": 67}


def test_texts_that_stand_there_twice_are_repetition() -> None:
    given = items()
    same = {name: given[0].fields[name] for name in ("complexity_details", "technology_requirements", "success_metrics")}
    quality = measured([given[0], *(with_fields(item, **same) for item in given[1:3]), *given[3:]])
    assert quality.figures["repeated_share"] == 0.167  # 6 of 36
    assert (quality.score, quality.limits) == (90, ("17% of its texts stand there twice",))
    assert different(quality) == {"repetition": 58}


@pytest.mark.parametrize(
    ("change", "points", "score"),
    [
        (lambda _place: {"category": "automation"}, 75, 98),
        (lambda place: {"category": CATEGORIES[place % 2]}, 88, 99),
        (lambda _place: {"complexity_score": 2, "estimated_roi": "High", "risk_level": "Low"}, 25, 75),
        (lambda _place: {"category": "automation", "complexity_score": 2, "estimated_roi": "High", "risk_level": "Low"}, 0, 60),
    ],
)
def test_candidates_of_one_kind_lack_variety(change: Callable[[int], dict[str, object]], points: int, score: int) -> None:
    quality = measured([with_fields(item, **change(place)) for place, item in enumerate(items())])
    assert (quality.score, different(quality)) == (score, {"variety": points})
    assert bool(quality.limits) is (points < 66)


def test_levels_are_counted_and_left_out_where_there_are_none() -> None:
    quality = measured(items())
    assert quality.figures["levels"] == {
        "category": {"automation": 2, "analytics": 2, "integration": 2},
        "complexity": {"Low": 2, "Medium": 2, "High": 2},
        "roi": {"High": 3, "Low": 3},
        "risk": {"Low": 3, "High": 3},
    }
    bare = measured([Item(item.title, {name: item.fields[name] for name in LENGTHS}) for item in items()])
    assert (bare.score, different(bare)) == (100, {"variety": None})


def test_descriptions_that_look_cut_hold_the_score_down() -> None:
    given = items()
    cut = [
        with_fields(item, description=str(item.fields["description"])[:-1] + ("," if place < 3 else "."))
        for place, item in enumerate(given)
    ]
    quality = measured(cut)
    assert (quality.score, quality.limits, different(quality)) == (75, ("50% of its descriptions look cut off",), {"ending": 50})


def test_marketing_and_empty_phrases_are_no_substance() -> None:
    praised = measured(items(said="synergies holistic "))
    assert praised.figures["marketing_share"] == 0.01
    assert different(praised) == {"substance": 85}
    assert (praised.score, praised.limits) == (96, ("1.0% of its words are marketing",))
    empty = measured(items(said="to stay ahead to add value "))
    assert empty.parts["substance"] == 0
    assert "100% of its phrases could stand anywhere" in empty.limits
