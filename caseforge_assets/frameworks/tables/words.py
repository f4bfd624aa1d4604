"""Gives headers their meaning by the words of header_words.toml. Which column is taken is decided in columns."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

_NOT_WORD = re.compile(r"[\W_]+")
_NUMBER_SIGNS = {"#": "no", "№": "no", "Nº": "no", "N°": "no"}
_YEAR = re.compile(r"(?:19|20)\d\d")


class Column(StrEnum):
    """The kinds of columns. The value is what a kind is called where it is missing."""

    CODE = "Code"
    ID = "ID"
    NAME = "Name"
    DESCRIPTION = "Description"
    PARENT = "Parent"
    PARENT_ID = "Parent ID"
    OWNER = "Owner"
    LEVEL = "Level"
    METRIC_ID = "Metric ID"
    METRIC_NAME = "Metric name"
    METRIC_CATEGORY = "Metric category"
    FORMULA = "Formula"
    UNITS = "Units"

    @property
    def field(self) -> str:
        """Gives what it is called in --map and in caseforge.toml."""
        return self.name.lower()


# How well a header fits: whether something had to be left away, the word's place in its list, how much was left away. Less is better.
Rank = tuple[bool, int, int]


@dataclass(frozen=True, slots=True)
class _Words:
    columns: dict[str, tuple[Column, int]]
    qualifiers: tuple[str, ...]
    parents: tuple[str, ...]
    footers: frozenset[str]
    numbered_level: re.Pattern[str]
    level_codes: frozenset[str]
    sequences: tuple[tuple[str, ...], ...]


def compact(text: str) -> str:
    """A header as it is compared: letters and digits only, in lower case. Where words are split, by blanks or capitals, is the same."""
    return _NUMBER_SIGNS.get(text.strip(), _NOT_WORD.sub("", text).casefold())


def meaning(title: str) -> tuple[Column, Rank] | None:
    """Gives the kind of column that a header names, and how well it fits; None where it is no known word."""
    words = _words()
    found = [
        (column, (left_away > 0, place, left_away))
        for left_away, rest in _readings(compact(title))
        for column, place in _column_of(rest, words)
    ]
    return min(found, key=lambda reading: reading[1], default=None)


def level_number(title: str) -> tuple[int, bool] | None:
    """The level of a numbered column of names, "Level 2" or "L2 name", and whether it has codes instead ("L2 code"); None for others."""
    words = _words()
    match = words.numbered_level.fullmatch(compact(title))
    return (int(match[1]), match[2] in words.level_codes) if match else None


def level_sequence(titles: list[str]) -> tuple[int, ...]:
    """Positions of the columns that stand for levels by their words, from the top down; empty where fewer than two do."""
    places = {compact(title): position for position, title in reversed(list(enumerate(titles))) if title}
    longest: tuple[int, ...] = ()
    for sequence in _words().sequences:
        found = [places[word] for word in sequence if word in places]
        if len(found) > max(1, len(longest)) and found == sorted(found):
            longest = tuple(found)
    return longest


def begins_as_footer(text: str) -> bool:
    """Tells whether a text is no process but a note below the table: "Source: …", "© …"."""
    word, colon, _ = text.partition(":")
    return text.startswith(("©", "(c) ", "(C) ")) or (bool(colon) and compact(word) in _words().footers)


def is_footer_word(text: str) -> bool:
    """Tells whether a text is a word that stands below tables, such as "Total"."""
    return compact(text) in _words().footers


def _column_of(word: str, words: _Words) -> Iterator[tuple[Column, int]]:
    if word in words.columns:
        yield words.columns[word]
    for parent in words.parents:
        if word.startswith(parent) and word not in words.columns:
            of_parent = _parent_column(word.removeprefix(parent), words)
            if of_parent:
                yield of_parent, 100 + words.parents.index(parent)


def _parent_column(rest: str, words: _Words) -> Column | None:
    """Gives the kind of a column of "parent" followed by this: the parent's id, or something else that it is called by."""
    if not rest:
        return Column.PARENT
    for _, word in _readings(rest):
        column, _ = words.columns.get(word, (None, 0))
        if column is Column.ID:
            return Column.PARENT_ID
        if column in (Column.CODE, Column.NAME):
            return Column.PARENT
    return None


def _readings(word: str) -> Iterator[tuple[int, str]]:
    """The word itself, and what is left of it when years and qualifiers in front are left away, with the number of those."""
    pending, seen = [(0, word)], {word}
    while pending:
        left_away, rest = pending.pop(0)
        yield left_away, rest
        shorter = [rest.removeprefix(qualifier) for qualifier in _words().qualifiers if rest.startswith(qualifier)]
        shorter += [rest[4:]] if _YEAR.match(rest) else []
        for reading in shorter:
            if reading and reading not in seen:
                seen.add(reading)
                pending.append((left_away + 1, reading))


@cache
def _words() -> _Words:
    raw = tomllib.loads(files("caseforge_assets.frameworks.tables").joinpath("header_words.toml").read_text(encoding="utf-8"))
    columns: dict[str, tuple[Column, int]] = {}
    for field, names in raw["columns"].items():
        for place, name in enumerate(names):
            columns.setdefault(compact(name), (Column[field.upper()], place))
    levels = raw["levels"]
    after = "|".join(sorted({compact(word) for word in levels["names"] + levels["codes"]}, key=len, reverse=True))
    before = "|".join(sorted({compact(word) for word in levels["numbered"]}, key=len, reverse=True))
    return _Words(
        columns=columns,
        qualifiers=tuple(compact(word) for word in raw["qualifiers"]),
        parents=tuple(compact(word) for word in raw["parents"]),
        footers=frozenset(compact(word) for word in raw["footers"]),
        numbered_level=re.compile(rf"(?:{before})(\d{{1,2}})({after})?"),
        level_codes=frozenset(compact(word) for word in levels["codes"]),
        sequences=tuple(tuple(compact(word) for word in sequence) for sequence in levels["sequences"]),
    )
