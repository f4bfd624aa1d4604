"""Passages of texts that say what was searched for, with the words marked.

PostgreSQL marks words by the rules by which it found them, and takes a millisecond and more for a page of text: so it is given the pieces around words that begin as
the searched ones do. Where a language changes the beginnings of words, or words that begin so are none of those, it is given the whole text; and where no word begins so,
only if the searched ones are such that one might be found nevertheless.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.store.schema.constants import PLANNED_ONCE

PASSAGES, PASSAGE_WORDS = 2, 30
# Around a word that was found, between passages. Where a text has them, which no text should, they are taken out of it before.
BEGIN, END, GAP = "\x02", "\x03", "\x04"
BEGIN_ALIKE = ("english", "simple")  # configurations in which a word begins as what it is found by
CHANGED_LETTERS, LEAST_LETTERS = 1, 3  # at the end of what a word is found by, as of hope in hoping; how many stay of it at least
BEFORE, BEHIND = 120, 280  # characters around a word
SHORT = 600  # characters of a text that is taken whole
MOST_PLACES = 15  # of a word in a text that are looked at
_MARKS = str.maketrans("", "", BEGIN + END + GAP)
_LEXEME = re.compile(r"'((?:[^']|'')+)'")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a passage, and whether it is what was searched for."""

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A text that was found: `sought` is the search in its configuration, as PostgreSQL writes it."""

    config: str
    sought: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Marked:
    """The same with the words marked: the whole title, and passages of the body that have some."""

    title: tuple[Part, ...]
    passages: tuple[tuple[Part, ...], ...]


def mark(connection: Connection, words: str, told: Sequence[Told]) -> list[Marked]:
    """Marks the words that were searched for, in some texts."""
    bodies = [document.body.translate(_MARKS) for document in told]
    pieces = [pieces_of(body, document) for body, document in zip(bodies, told, strict=True)]
    texts = [(document.title.translate(_MARKS), document.config, _WHOLE) for document in told]
    texts += [(piece, document.config, _SOME) for document, of_text in zip(told, pieces, strict=True) for piece in of_text]
    marked = iter(_marked(connection, words, texts))
    titles = [next(marked) for _ in told]
    passages = [_passages([next(marked) for _ in of_text]) for of_text in pieces]
    again = [number for number, found in enumerate(passages) if not found and pieces[number] and pieces[number] != [bodies[number]]]
    whole = _marked(connection, words, [(bodies[number], told[number].config, _SOME) for number in again])  # others begin alike
    for number, said in zip(again, whole, strict=True):
        passages[number] = _passages([said])
    return [Marked(parts_of(title), tuple(map(parts_of, found))) for title, found in zip(titles, passages, strict=True)]


def _marked(connection: Connection, words: str, texts: Sequence[tuple[str, str, str]]) -> list[str]:
    """Texts, each with its configuration and how it is to be marked, with the words marked."""
    if not texts:
        return []
    said, configs, options = zip(*texts, strict=True)
    return list(connection.scalars(_MARKED, {"words": words, "texts": list(said), "configs": list(configs), "options": list(options)}))


def _passages(marked: Sequence[str]) -> list[str]:
    return [passage for said in marked for passage in said.split(GAP) if BEGIN in passage][:PASSAGES]


_WHOLE = f"StartSel={BEGIN}, StopSel={END}, HighlightAll=true"
_SOME = f"StartSel={BEGIN}, StopSel={END}, MaxFragments={PASSAGES}, MaxWords={PASSAGE_WORDS}, MinWords=8, FragmentDelimiter={GAP}"
_MARKED = text("""
select ts_headline(cast(one.config as regconfig), one.said, websearch_to_tsquery(cast(one.config as regconfig), :words), one.options)
from unnest(cast(:texts as text[]), cast(:configs as text[]), cast(:options as text[])) with ordinality as one(said, config, options, number)
order by one.number
""").execution_options(**PLANNED_ONCE)


def pieces_of(body: str, told: Told) -> list[str]:
    """The pieces of a text in which to look for passages, in its order: where most of the words stand near each other, first; none where there are none."""
    small = body.lower()
    if len(body) <= SHORT or told.config not in BEGIN_ALIKE or len(small) != len(body):
        return [body]
    lexemes = _LEXEME.findall(told.sought)
    places = _places(small, {_beginning(lexeme) for lexeme in lexemes})
    found: list[tuple[int, int]] = []
    seen: set[str] = set()
    while places and len(found) < PASSAGES:
        at, near = _best(places, seen)
        found.append((max(at - BEFORE, 0), at + BEHIND))
        seen |= near
        places = [place for place in places if not at - BEFORE - BEHIND <= place[0] <= at + BEHIND + BEFORE]
    return [_cut(body, *place) for place in sorted(found)] or ([] if all(map(_is_regular, lexemes)) else [body])


def _is_regular(lexeme: str) -> bool:
    """Tells whether all words that are found by it begin so; dying, which is found by die, and numbers with signs do not."""
    return len(lexeme) > LEAST_LETTERS and lexeme.isascii() and lexeme.isalpha()


def _beginning(lexeme: str) -> str:
    return lexeme.replace("''", "'")[: max(len(lexeme) - CHANGED_LETTERS, LEAST_LETTERS)]


def _places(small: str, beginnings: Collection[str]) -> list[tuple[int, str]]:
    """Says where words stand that begin so."""
    places = []
    for beginning in beginnings:
        at, left = small.find(beginning), MOST_PLACES
        while at >= 0 and left:
            if not at or not small[at - 1].isalnum():
                places.append((at, beginning))
                left -= 1
            at = small.find(beginning, at + 1)
    return sorted(places)


def _best(places: Sequence[tuple[int, str]], seen: set[str]) -> tuple[int, set[str]]:
    """Finds the first place where most words stand near each other that no other passage has, and these words."""
    present = {beginning for _, beginning in places}
    best, best_near, counts = 0, set[str](), (-1, -1)
    for at, near in _near_each(places):
        if (here := (len(near - seen), len(near))) > counts:
            best, best_near, counts = at, near, here
            if counts == (len(present - seen), len(present)):  # no place has more
                break
    return best, best_near


def _near_each(places: Sequence[tuple[int, str]]) -> Iterator[tuple[int, set[str]]]:
    """Gives the place of each word, with the words that begin there or a little behind it."""
    end = 0
    for number, (at, _) in enumerate(places):
        while end < len(places) and places[end][0] < at + BEHIND:
            end += 1
        yield at, {beginning for _, beginning in places[_first_at(places, number) : end]}


def _first_at(places: Sequence[tuple[int, str]], number: int) -> int:
    """The first of those that stand at the same place."""
    while number and places[number - 1][0] == places[number][0]:
        number -= 1
    return number


def _cut(body: str, first: int, last: int) -> str:
    """A piece, from one word's beginning to another one's end."""
    start = body.find(" ", first) + 1 if first else 0
    end = body.rfind(" ", start, last) if last < len(body) else len(body)
    return body[start : end if end > start else last]


def parts_of(marked: str) -> tuple[Part, ...]:
    """A text in which what was found stands between marks, in pieces."""
    parts = []
    for number, piece in enumerate(marked.split(BEGIN)):
        hit, end, rest = piece.partition(END)
        parts += [Part(hit, True), Part(rest, False)] if number and end else [Part(piece, False)]
    return tuple(part for part in parts if part.text)
