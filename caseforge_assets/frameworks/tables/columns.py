"""Finds the row of the headers, and gives each header its meaning, by a person's word or by its own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from caseforge_assets.frameworks.files.sheets import Sheet
from caseforge_assets.frameworks.normalize import normalize_name
from caseforge_assets.frameworks.tables.words import Column as Column
from caseforge_assets.frameworks.tables.words import LevelColumn, Rank, compact, framed_level, level_number, level_sequence, meaning

# A title and some notes may stand above the table.
_HEADER_WITHIN_ROWS = 20
_NTH = re.compile(r"(.+)#(\d{1,3})")
LEVEL_FIELD = re.compile(r"level(\d{1,2})")
FIELDS = tuple(column.field for column in list(Column)[:9])


@dataclass(frozen=True, slots=True)
class Header:
    """The row where a sheet's table begins, and its columns.

    Attributes:
        row: Position of the header row, from 0; -1 where the sheet is empty.
        columns: Position of each column that was recognized, from 0.
        titles: Its header as written in the file.
        doubtful: Columns for which several headers of the sheet fit as well, with all of these.
        found: All headers of the row, as written.
        unknown: Those of them that were not recognized, by position.
        levels: Positions of the columns that hold names level by level, from the top down.
        levels_are_said: True where a person names them.
        level_codes: Positions of the columns with the codes of these; as many, or none.
        level_texts: Positions of the columns with their descriptions; as many, or none.
        width: Number of columns up to the last header.
        absent: Headers that a person named, but the sheet does not have, by field.
    """

    row: int
    columns: dict[Column, int]
    titles: dict[Column, str]
    doubtful: dict[Column, tuple[str, ...]]
    found: tuple[str, ...]
    unknown: dict[int, str]
    levels: tuple[int, ...] = ()
    levels_are_said: bool = False
    level_codes: tuple[int, ...] = ()
    level_texts: tuple[int, ...] = ()
    width: int = 0
    absent: tuple[tuple[str, str], ...] = ()

    def title(self, column: Column) -> str:
        """Gives a column's header as written in the file, or what it should be called."""
        return self.titles.get(column, column.value)


EMPTY = Header(-1, {}, {}, {}, (), {})


def find_header(sheet: Sheet, named: Mapping[str, str] | None = None) -> Header:
    """Finds the row that names most of the known columns, among the first rows; the first of equals that is not empty.

    Args:
        sheet: Where to look.
        named: Headers that a person names, by field ("code", "level1"): they count before all others. An empty one says that there is none.
    """
    candidates = [_header(sheet, row, named or {}) for row in range(min(_HEADER_WITHIN_ROWS, len(sheet.rows)))]
    filled = [header for header in candidates if header.found]
    return max(filled, key=_fit) if filled else EMPTY


def _fit(header: Header) -> tuple[int, int, int, int]:
    """Weighs how far a row is one of headers. A single known word may stand in any row; there the row with most cells is, for a title stands alone."""
    known = len(header.columns) + len(header.levels)
    return -len(header.absent), known if known > 1 else 0, len(header.found), known


def _header(sheet: Sheet, row: int, named: Mapping[str, str]) -> Header:
    titles = [normalize_name(cell) if isinstance(cell, str) else "" for cell in sheet.rows[row]]
    places = {field: _place(titles, header) for field, header in named.items()}
    free = [title if position not in places.values() else "" for position, title in enumerate(titles)]
    columns, doubtful = _recognized(free, {field for field, _ in named.items()})
    columns |= {Column[field.upper()]: place for field, place in places.items() if place is not None and field in FIELDS}
    levels, level_codes, level_texts = _levels(free, places, columns) if not _says_names(named) else ((), (), ())
    taken = {*columns.values(), *levels, *level_codes, *level_texts}
    return Header(
        row=row,
        columns=columns,
        titles={column: titles[position] for column, position in columns.items()},
        doubtful=doubtful,
        found=tuple(title for title in titles if title),
        unknown={position: title for position, title in enumerate(titles) if title and position not in taken},
        levels=levels,
        levels_are_said=any(LEVEL_FIELD.fullmatch(field) for field in named),
        level_codes=level_codes,
        level_texts=level_texts,
        width=max((position + 1 for position, title in enumerate(titles) if title), default=0),
        absent=tuple((field, header) for field, header in named.items() if header and places[field] is None),
    )


def _says_names(named: Mapping[str, str]) -> bool:
    """Tells whether a person names the column of names, and none for a level."""
    return bool(named.get(Column.NAME.field)) and not any(LEVEL_FIELD.fullmatch(field) for field in named)


def _place(titles: list[str], header: str) -> int | None:
    """Finds the column that a person names: by its header, or by its header and which of several it is, "Name#2"."""
    wanted = normalize_name(header)
    match = _NTH.fullmatch(wanted)
    for text, nth in ((wanted, 1), (match[1], int(match[2])) if match else (wanted, 1)):
        for same in (
            lambda title, text=text: title == text,
            lambda title, text=text: bool(compact(text)) and compact(title) == compact(text),
        ):
            found = [position for position, title in enumerate(titles) if title and same(title)]
            if 0 < nth <= len(found):
                return found[nth - 1]
    return None


def _recognized(titles: list[str], but: set[str]) -> tuple[dict[Column, int], dict[Column, tuple[str, ...]]]:
    """The best place of each column, and those with several places that are as good. A sheet may have "Name" and "Title"."""
    ranked: dict[Column, list[tuple[Rank, int]]] = {}
    for position, title in enumerate(titles):
        found = meaning(title) if title else None
        if found and found[0].field not in but:
            ranked.setdefault(found[0], []).append((found[1], position))
    columns = {column: min(places)[1] for column, places in ranked.items()}
    doubtful = {
        column: tuple(titles[position] for rank, position in sorted(places) if rank == min(places)[0]) for column, places in ranked.items()
    }
    return columns, {column: equals for column, equals in doubtful.items() if len(equals) > 1}


_Places = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def _levels(free: list[str], places: Mapping[str, int | None], columns: Mapping[Column, int]) -> _Places:
    """Positions of the columns of names by level, of their codes, and of their descriptions."""
    named = sorted(
        (int(match[1]), place) for field, place in places.items() if (match := LEVEL_FIELD.fullmatch(field)) and place is not None
    )
    if named:
        return tuple(place for _, place in named), (), ()
    plain = [(position, found) for position, title in enumerate(free) if title and (found := level_number(title))]
    by_level = _by_level((position, *found) for position, found in plain)
    framed = by_level or _framed_levels(free, columns)
    return framed or (level_sequence(free), (), ())


def _by_level(found: Iterable[tuple[int, int, LevelColumn]]) -> _Places | None:
    """Orders columns by their levels; None where fewer than two have names. Descriptions are names where there are no others."""
    numbered: dict[LevelColumn, dict[int, int]] = {kind: {} for kind in LevelColumn}
    for position, number, kind in found:
        numbered[kind].setdefault(number, position)
    names = numbered[LevelColumn.NAME] or numbered[LevelColumn.DESCRIPTION]
    if len(names) < 2:
        return None
    order = sorted(names)
    codes, texts = numbered[LevelColumn.CODE], numbered[LevelColumn.DESCRIPTION] if numbered[LevelColumn.NAME] else {}
    return (
        tuple(names[level] for level in order),
        tuple(codes[level] for level in order) if codes.keys() >= names.keys() else (),
        tuple(texts[level] for level in order) if texts.keys() >= names.keys() else (),
    )


def _framed_levels(free: list[str], columns: Mapping[Column, int]) -> _Places | None:
    """Columns whose headers have the level and its number among the same other words, each level once and none left out: "Capability Level 1".

    Behind a column of names they say something else of it, such as what each level of maturity means.
    """
    if columns.keys() & {Column.NAME, Column.CODE}:
        return None
    frames: dict[str, list[tuple[int, int, LevelColumn]]] = {}
    for position, title in enumerate(free):
        if title and (found := framed_level(title)):
            frames.setdefault(found[0], []).append((position, *found[1:]))
    kept: dict[LevelColumn, list[tuple[int, int, LevelColumn]]] = {}
    for of_frame in sorted(frames.values(), key=len, reverse=True):
        numbers = sorted(number for _, number, _ in of_frame)
        if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            kept.setdefault(of_frame[0][2], of_frame)
    return _by_level(column for of_kind in kept.values() for column in of_kind)


def map_hint(field: str, header: str) -> str:
    """The option that says which column a field is, as it can be pasted."""
    is_plain = re.fullmatch(r"[\w .,:;/()#&+-]*", header)
    return f'--map {field}="{header}"' if is_plain else f"--map {shlex.quote(f'{field}={header}')}"
