"""Compares two texts as people read them: line by line, and within a line that was changed word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

MOST_WORDS = 3_000  # of a piece; longer ones are shown as they were and as they are
LEAST_ALIKE = 0.4  # of two lines; what is less alike is another line, not a changed one
MOST_LINES = 8_000  # of both texts; beyond, only what they begin and end with alike is told apart
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


class Kind(StrEnum):
    """Kinds of differences that a piece of a text may have."""

    same = "same"
    added = "added"
    removed = "removed"
    changed = "changed"
    left_out = "left_out"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a line."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the difference; one that was changed holds both, what went and what came. Of lines left out, `text` says how many."""

    kind: Kind
    pieces: tuple[Piece, ...]


def text_difference(before: str, after: str, *, around: int | None = None) -> list[Line]:
    """The lines of two texts with what became of them.

    Args:
        around: so many unchanged lines are shown around what has changed, the others are left out; None: all.
    """
    old, new = before.splitlines(), after.splitlines()
    lines = list(_lines(old, new))
    return lines if around is None else _near(lines, around)


def word_difference(before: str, after: str) -> tuple[Piece, ...]:
    """The words of two short texts with what became of them."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return tuple(Piece(kind, text) for kind, text in ((Kind.removed, before), (Kind.added, after)) if text)
    pieces: list[Piece] = []
    for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece(Kind.same, "".join(old[first:last])))
            continue
        pieces += [Piece(Kind.removed, "".join(old[first:last]))] if last > first else []
        pieces += [Piece(Kind.added, "".join(new[start:end]))] if end > start else []
    return tuple(pieces)


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    for kind, first, last, start, end in _opcodes(old, new):
        if kind == "equal":
            yield from (Line(Kind.same, (Piece(Kind.same, line),)) for line in old[first:last])
        else:
            yield from _replaced(old[first:last], new[start:end])


def _opcodes(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    if len(old) + len(new) <= MOST_LINES:
        return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    first = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    room = min(len(old), len(new)) - first
    last = next((at for at, (a, b) in enumerate(zip(reversed(old), reversed(new), strict=False)) if a != b or at == room), room)
    middle = ("replace", first, len(old) - last, first, len(new) - last)
    return [("equal", 0, first, 0, first), middle, ("equal", len(old) - last, len(old), len(new) - last, len(new))]


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Lines that took the place of others: beside each other where they are alike."""
    for before, after in zip_longest(old, new):
        if before is None or after is None:
            kind, line = (Kind.added, after) if before is None else (Kind.removed, before)
            yield Line(kind, (Piece(kind, line or ""),))
        elif _is_alike(before, after):
            yield Line(Kind.changed, word_difference(before, after))
        else:
            yield Line(Kind.removed, (Piece(Kind.removed, before),))
            yield Line(Kind.added, (Piece(Kind.added, after),))


def _is_alike(before: str, after: str) -> bool:
    matcher = SequenceMatcher(None, before[:400], after[:400])
    return matcher.real_quick_ratio() >= LEAST_ALIKE and matcher.quick_ratio() >= LEAST_ALIKE


def _near(lines: Sequence[Line], around: int) -> list[Line]:
    shown = {near for at, line in enumerate(lines) if line.kind is not Kind.same for near in range(max(at - around, 0), at + around + 1)}
    kept: list[Line] = []
    left_out = 0
    for at, line in enumerate(lines):
        if at in shown:
            kept += [_left_out(left_out)] if left_out else []
            left_out = 0
            kept.append(line)
        else:
            left_out += 1
    return [*kept, _left_out(left_out)] if left_out else kept


def _left_out(count: int) -> Line:
    return Line(Kind.left_out, (Piece(Kind.left_out, f"{count:,} unchanged {'line' if count == 1 else 'lines'}"),))
