"""Good answers, and the same answers spoiled in ways that a measure of quality has to see."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from caseforge_assets.stages.judgement import Content, Item
from caseforge_assets.stages.process_details.finding import find_sections
from caseforge_assets.stages.usecases.quality import TEXTS
from caseforge_assets.stages.usecases.record import render_candidates

_WHO = (
    "The team",
    "Everybody",
    "A manager",
    "The department",
    "Each unit",
    "The company",
    "Senior staff",
    "An expert",
    "A group",
    "Most people",
)
_DOES = ("looks at the situation", "talks about open points", "collects opinions", "decides what comes next", "keeps things moving")
_HOW = (
    "in a timely manner",
    "with all stakeholders",
    "for the organization as a whole",
    "to achieve success",
    "with a wide range of means",
)


def filler(number: int) -> str:
    """A paragraph that could stand anywhere; no two of them are the same."""
    place = random.Random(number)
    sentences = [
        f"{place.choice(_WHO)} {place.choice(_DOES)} {place.choice(_HOW)}, and then {place.choice(_DOES)} again {number}."
        for number in range(9)
    ]
    return " ".join(sentences)


def _parts(text: str) -> list[str]:
    lines = text.splitlines()
    starts = [section.heading.at.number for section in find_sections(text)]
    return ["\n".join(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _shuffled(text: str, _other: str) -> str:
    parts = _parts(text)
    random.Random(3).shuffle(parts)
    return "\n".join(parts)


def _filled(text: str, _other: str) -> str:
    return "\n".join(f"{part.splitlines()[0]}\n\n{filler(number)}" for number, part in enumerate(_parts(text)))


DOCUMENT_DAMAGES: Mapping[str, Callable[[str, str], str]] = {
    "sections shuffled": _shuffled,
    "another node's text": lambda _text, other: other,
    "half cut away": lambda text, _other: text[: len(text) // 2],
    "the same text twice": lambda text, _other: f"{text}\n\n{text}",
    "generic filler": _filled,
}


def candidates(items: tuple[Item, ...]) -> Content:
    """A content of these candidates."""
    return Content(render_candidates(items), items)


def _with_texts(item: Item, change: Callable[[str, str], str]) -> Item:
    return Item(item.title, {**item.fields, **{name: change(name, str(item.fields[name])) for name in TEXTS}})


def _filled_item(number: int, item: Item) -> Item:
    return _with_texts(item, lambda name, _text: filler(TEXTS.index(name) * 100 + number))


Items = tuple[Item, ...]
CANDIDATE_DAMAGES: Mapping[str, Callable[[Items, Items], Items]] = {
    "another node's candidates": lambda _items, other: other,
    "half of them cut away": lambda items, _other: items[: len(items) // 2],
    "half of each text cut away": lambda items, _other: tuple(
        _with_texts(item, lambda _name, text: text[: len(text) // 2]) for item in items
    ),
    "the same ones twice": lambda items, _other: items[: len(items) // 2] * 2,
    "generic filler": lambda items, _other: tuple(_filled_item(number, item) for number, item in enumerate(items)),
}
