"""Gives headers their meaning by the words of header_words.toml. Which column is taken is decided in columns."""

import re
import tomllib
from collections.abc import Iterable, Iterator
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
    PATH = "Path"
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
    level_frame: re.Pattern[str]
    level_codes: frozenset[str]
    level_texts: frozenset[str]
    ordinals: dict[str, int]
    languages: re.Pattern[str]
    sequences: tuple[tuple[str, ...], ...]


def compact(text: str) -> str:
    """A header as it is compared: letters and digits only, in lower case. Where words are split, by blanks or capitals, is the same."""
    return _NUMBER_SIGNS.get(text.strip(), _NOT_WORD.sub("", text).casefold())


def meaning(title: str) -> tuple[Column, Rank] | None:
    """Gives the kind of column that a header names, and how well it fits; None where it is no known word."""
    words = _words()
    found = [
        (column, (left_away > 0, place, left_away))
        for left_away, rest in _readings(compact(words.languages.sub("", title)))
        for column, place in _column_of(rest, words)
    ]
    return min(found, key=lambda reading: reading[1], default=None)


class LevelColumn(StrEnum):
    """The kinds of columns that a table has for each level."""

    NAME = "name"
    CODE = "code"
    DESCRIPTION = "description"


def level_number(title: str) -> tuple[int, LevelColumn] | None:
    """The level of a numbered column, and what it holds of it: names in "Level 2", "L2 name", codes in "L2 code"; None for others."""
    words = _words()
    match = words.numbered_level.fullmatch(compact(title))
    return (int(match[1]), _level_column(match[2] or "", words)) if match else None


def framed_level(title: str) -> tuple[str, int, LevelColumn] | None:
    """Finds the level's number in a header of more words, the words around it, and the column's kind: "Capability Level 2", "2nd Tier".

    Only columns with the same words around are levels of one hierarchy. None for others.
    """
    words = _words()
    match = words.level_frame.fullmatch(" ".join(title.split()).casefold())
    if not match:
        return None
    number = match["number"] or match["short"] or match["ordinal"]
    after = compact(match["after"])
    frame = f"{compact(match['before'])}#{after}"
    return frame, words.ordinals.get(number) or int(number), _level_column(after, words)


def _level_column(after: str, words: _Words) -> LevelColumn:
    """Tells a column's kind by the words behind its number: "code" or "Capability ID", "description"; else names."""
    if after.endswith(tuple(words.level_codes)):
        return LevelColumn.CODE
    return LevelColumn.DESCRIPTION if after.endswith(tuple(words.level_texts)) else LevelColumn.NAME


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
    after, before = _any_of(map(compact, levels["names"] + levels["codes"] + levels["texts"])), _any_of(map(compact, levels["numbered"]))
    ordinals = {word: number for line in levels["ordinals"] for number, word in enumerate(line, 1)}
    return _Words(
        columns=columns,
        qualifiers=tuple(compact(word) for word in raw["qualifiers"]),
        parents=tuple(compact(word) for word in raw["parents"]),
        footers=frozenset(compact(word) for word in raw["footers"]),
        numbered_level=re.compile(rf"(?:{before})(\d{{1,2}})({after})?"),
        level_frame=_level_frame(levels["numbered"], ordinals),
        level_codes=frozenset(compact(word) for word in levels["codes"]),
        level_texts=frozenset(compact(word) for word in levels["texts"]),
        ordinals=ordinals,
        languages=re.compile(rf"[\s_.(\[/-]+(?:{_any_of(raw['languages'])})[)\]]?$", re.IGNORECASE),
        sequences=tuple(tuple(compact(word) for word in sequence) for sequence in levels["sequences"]),
    )


def _level_frame(numbered: Iterable[str], ordinals: Iterable[str]) -> re.Pattern[str]:
    """Headers with a level and its number among other words: "Process L2", "2nd level", "Level Two"."""
    level, word = _any_of(word.casefold() for word in numbered if len(word) > 1), _any_of(ordinals)
    behind = rf"\b(?:(?:{level})[ _.:-]*(?P<number>\d{{1,2}}|{word})|l(?P<short>\d{{1,2}}))"
    front = rf"\b(?P<ordinal>{word})[ _-]*(?:{level})"
    return re.compile(rf"(?P<before>.*?)(?:{behind}|{front})\b(?P<after>.*)")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, set(words)), key=len, reverse=True))
