"""Copies of good answers, damaged in ways in which a model's answers go wrong. A damage knows the answer, its node and other answers."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.quality_separation.phrases import MARKETING, SPANISH
from caseforge_assets.stages.judgement import Content, Item
from caseforge_assets.stages.measuring.subject import own_words
from caseforge_assets.stages.process_details.finding import find_sections
from caseforge_assets.stages.quality import NodeFacts
from caseforge_assets.stages.usecases.quality import TEXTS
from caseforge_assets.stages.usecases.record import render_candidates
from caseforge_assets_tests.stages.damages import filler

_SENTENCE_END = re.compile(r"(?<=[.;!?])\s+")
_FIGURE = re.compile(r"[<>≥≤~$€]?\d[\d.,:/–-]*\s?%?")


@dataclass(frozen=True)
class Answered:
    """An answer with its node."""

    code: str
    facts: NodeFacts
    content: Content


@dataclass(frozen=True)
class Case:
    """An answer to be damaged, the answers of other nodes, and where chance comes from."""

    answer: Answered
    others: Sequence[Answered]
    chance: random.Random

    @property
    def other(self) -> Content:
        """The answer of some other node."""
        return self.chance.choice(self.others).content


Pieces = list[tuple[str, str]]  # heading and text of sections
Change = Callable[[Case, str], str]


def pieces_of(text: str) -> Pieces:
    """Cut a document into its sections."""
    lines = text.splitlines()
    starts = [section.heading.at.number for section in find_sections(text)]
    return [(lines[start], "\n".join(lines[start + 1 : end])) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _document(pieces: Pieces) -> Content:
    return Content("\n".join(f"{heading}\n{text}" for heading, text in pieces))


def _each_section(change: Change) -> Callable[[Case], Content]:
    return lambda case: _document([(heading, change(case, text)) for heading, text in pieces_of(case.answer.content.body)])


def _each_text(change: Change) -> Callable[[Case], Content]:
    def damage(case: Case) -> Content:
        return candidates([_changed(item, lambda text: change(case, text)) for item in case.answer.content.items])

    return damage


def candidates(items: Sequence[Item]) -> Content:
    """A content of these candidates."""
    return Content(render_candidates(tuple(items)), tuple(items))


def _changed(item: Item, change: Callable[[str], str]) -> Item:
    return Item(item.title, {**item.fields, **{name: change(str(item.fields[name])) for name in TEXTS}})


def _third(_case: Case, text: str) -> str:
    return text[: len(text) // 3].rsplit(" ", 1)[0] + "."


def _without_names(case: Case, text: str) -> str:
    words = own_words(case.answer.facts)
    stems = "|".join(re.escape(stem) for stem, _ in (*words.name, *words.description))
    return re.sub(rf"(?i)\b(?:{stems})\w*", "process", text) if stems else text


def _without_figures(_case: Case, text: str) -> str:
    return _FIGURE.sub("some ", re.sub(r"(?m)^(\s*)\d+[.)] ", r"\1- ", text))


def _padded(case: Case, text: str) -> str:
    parts = _SENTENCE_END.split(text)
    padding = case.chance.sample(MARKETING, 3)
    return " ".join([*parts[: len(parts) // 2], *padding, *parts[len(parts) // 2 :]]) if len(parts) > 1 else " ".join([text, *padding])


def _padded_section(case: Case, text: str) -> str:
    return f"{text.rstrip()}\n\n{' '.join(case.chance.sample(MARKETING, 6))}\n"


def _bullets(_case: Case, text: str) -> str:
    parts = [part.strip(" -*|#\n\t") for part in re.split(r"[\n.;]", text)]
    return "\n".join(f"- {' '.join(part.split()[:3])}" for part in parts if part)


def _boilerplate(case: Case, _text: str) -> str:
    return " ".join(case.chance.sample(SPANISH, 6))


def _filler(case: Case, _text: str) -> str:
    return filler(case.chance.randrange(1_000_000))


def _cut(case: Case, text: str) -> str:
    return text[: int(len(text) * case.chance.uniform(0.5, 0.9))].rsplit(" ", 1)[0]


def _swapped(case: Case) -> Content:
    foreign = dict(zip([name for name, _ in pieces_of(case.answer.content.body)], pieces_of(case.other.body), strict=False))
    own = pieces_of(case.answer.content.body)
    chosen = set(case.chance.sample(range(len(own)), len(own) // 2))
    return _document([foreign[heading] if place in chosen else (heading, text) for place, (heading, text) in enumerate(own)])


def _same_paragraph(case: Case) -> Content:
    own = pieces_of(case.answer.content.body)
    paragraph = max((text for _, text in own[:3]), key=len)
    return _document([(heading, paragraph) for heading, _ in own])


def _three_filled(case: Case) -> Content:
    own = pieces_of(case.answer.content.body)
    chosen = set(case.chance.sample(range(len(own)), 3))
    return _document([(heading, _filler(case, "") if place in chosen else text) for place, (heading, text) in enumerate(own)])


def _shuffled(case: Case) -> Content:
    own = pieces_of(case.answer.content.body)
    case.chance.shuffle(own)
    return _document(own)


def _ends_early(case: Case) -> Content:
    text = case.answer.content.body.rstrip()
    last = len(pieces_of(text)[-1][1])
    return Content(text[: len(text) - int(last * case.chance.uniform(0.05, 0.8))].rstrip())


DOCUMENTS: Mapping[str, Callable[[Case], Content]] = {
    "sections cut to a third": _each_section(_third),
    "half of the sections another node's": _swapped,
    "all of it another node's": lambda case: case.other,
    "every section the same paragraph": _same_paragraph,
    "three sections generic filler": _three_filled,
    "all generic filler": _each_section(_filler),
    "the node's words replaced by 'process'": _each_section(_without_names),
    "marketing talk added to each section": _each_section(_padded_section),
    "bullets of three words": _each_section(_bullets),
    "figures removed": _each_section(_without_figures),
    "boilerplate in another language": _each_section(_boilerplate),
    "ends within its last section": _ends_early,
    "sections shuffled": _shuffled,
    "the same text twice": lambda case: Content(f"{case.answer.content.body}\n\n{case.answer.content.body}"),
}


def _alike(case: Case) -> Content:
    """All candidates say what the first one says, sentences and some words aside; titles are left as they are."""
    items = case.answer.content.items

    def reworded(text: str) -> str:
        sentences = _SENTENCE_END.split(text)
        case.chance.shuffle(sentences)
        return " ".join(word for word in " ".join(sentences).split() if case.chance.random() > 0.15)

    return candidates([items[0], *(Item(item.title, _changed(items[0], reworded).fields) for item in items[1:])])


def _half_alike(case: Case) -> Content:
    half = len(case.answer.content.items) // 2
    first = case.answer.content.items[: len(case.answer.content.items) - half]
    again = _alike(Case(Answered("", case.answer.facts, candidates(case.answer.content.items[-half - 1 :])), case.others, case.chance))
    return candidates([*first, *again.items[1:]])


def _same_text(case: Case) -> Content:
    text = str(case.answer.content.items[0].fields["description"])
    return candidates([_changed(item, lambda _: text) for item in case.answer.content.items])


def _same_levels(case: Case) -> Content:
    same = {"category": "automation", "complexity_score": 2, "estimated_roi": "High", "risk_level": "Low"}
    return candidates([Item(item.title, {**item.fields, **same}) for item in case.answer.content.items])


def _half_of_others(case: Case) -> Content:
    own, others = case.answer.content.items, case.other.items
    half = len(own) // 2
    return candidates([*own[: len(own) - half], *others[:half]])


def _fields_exchanged(case: Case) -> Content:
    items = case.answer.content.items
    moved = [*items[1:], items[0]]
    return candidates(
        [Item(item.title, {**other.fields, "description": item.fields["description"]}) for item, other in zip(items, moved, strict=True)]
    )


CANDIDATES: Mapping[str, Callable[[Case], Content]] = {
    "texts cut to a third": _each_text(_third),
    "half of the candidates another node's": _half_of_others,
    "all candidates another node's": lambda case: case.other,
    "every text the same paragraph": _same_text,
    "all candidates alike, other titles": _alike,
    "half of the candidates alike, other titles": _half_alike,
    "all generic filler": _each_text(_filler),
    "the node's words replaced by 'process'": _each_text(_without_names),
    "marketing talk added to each text": _each_text(_padded),
    "bullets of three words": _each_text(_bullets),
    "figures removed": _each_text(_without_figures),
    "boilerplate in another language": _each_text(_boilerplate),
    "texts end within a sentence": _each_text(_cut),
    "all levels the same": _same_levels,
    "only four candidates": lambda case: candidates(case.answer.content.items[:4]),
    "texts of different candidates exchanged": _fields_exchanged,
}
