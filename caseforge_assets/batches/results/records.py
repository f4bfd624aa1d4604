"""Reads result files that are not written as Batch APIs write them: objects that do not stand on lines of their own, and JSON that a strict parser refuses.

Arrays, objects over many lines, several on one line, other line ends, and what nobody can see around a line. What an object says is read in `lines`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from caseforge_assets.batches.results.response_body import as_text
from caseforge_assets.stages.texts.tolerant_json import parse_tolerantly

REPLACED = "Characters that cannot be stored were replaced."
BLANKS = bytes(range(0x21)) + b"\x7f"  # and control characters: some writers put a record separator before each line (RFC 7464)
_UNSEEN = (
    b"\xef\xbb\xbf",
    "\xa0".encode(),
    "\u200b".encode(),
    "\ufffd".encode(),
)  # the last is what is left of half a character at a file's end
_CONTROL = re.compile(rb"[\x00-\x1f]")
_APART = "The result did not stand on a line of its own."
_TOKEN = re.compile(rb'\\.|"|[{}\[\]]', re.DOTALL)
# Blanks, control characters, commas, brackets of a list, line ends of other systems, numbers of lines, server-sent events, fences.
_BETWEEN = re.compile(
    rb"(?:[\x00-\x20,;\[\]]|\xc2\x85|\xc2\xa0|\xe2\x80[\xa8\xa9\x8b]|\xef\xbb\xbf|data:|```(?:jsonl?)?(?=\s|$)|\d+[ \t]*[\t:|][ \t]*(?=\{))*"
)
_BRACKET_ALONE = re.compile(rb"(?:\s|\xef\xbb\xbf)*(?:[\[\]]\s*,?|```(?:jsonl?)?)\s*")
_STRING_OR_BREAK = re.compile(rb'"(?:[^"\\]|\\.)*"|[\r\n]+', re.DOTALL)
_CELL = re.compile(rb'"(\{""custom_id.*|\{"".*""custom_id"".*)"', re.DOTALL)
_ESCAPED = {ord("\n"): b"\\n", ord("\r"): b"\\r"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file, with its line break; of one that is too long only the beginning."""

    number: int
    raw: bytes
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON value of a file, or what is none.

    Attributes:
        line_number: Of the line on which it begins.
        raw: Its bytes, on one line.
        value: What it is; None where something is wrong with it.
        notes: What was tolerated.
        problem: What is wrong with it; empty where it is JSON.
        is_cut: Whether its file ends in it.
    """

    line_number: int
    raw: bytes
    value: object
    notes: tuple[str, ...] = ()
    problem: str = ""
    is_cut: bool = False


def find_records(lines: Iterable[Line], notes: tuple[str, ...], most_bytes: int) -> Iterator[Record]:
    """Find what is in a file, or in what is left of one.

    Args:
        lines: The lines.
        notes: What was tolerated of all of them.
        most_bytes: No more are held of an object that does not end.
    """
    gathering, ended = _Gathering(), True
    for line in lines:
        stripped, ended = _without_unseen(line.raw), line.raw.endswith(b"\n")
        whole = _read_whole(line.number, stripped, notes) if line.is_complete and stripped and _may_be_whole(stripped, gathering) else None
        if not line.is_complete or whole:
            yield from _given_up(gathering, ended=True)
            yield from whole or [Record(line.number, stripped, None, problem=f"the line is longer than {most_bytes:,} bytes")]
        elif stripped or gathering.is_open:
            yield from _gathered(gathering, line, notes, ended)
            if gathering.size > most_bytes:
                yield from _given_up(gathering, ended=True)
    yield from _given_up(gathering, ended)


def parse(raw: bytes) -> tuple[object, tuple[str, ...]]:
    """Parse JSON, and say what had to be tolerated in it.

    Raises:
        ValueError: It is none.
        RecursionError: It is nested too deeply.
    """
    try:
        return orjson.loads(raw), ()
    except orjson.JSONDecodeError:  # it is strict: about UTF-8, surrogates, NaN, control characters, depth
        text = raw.decode("utf-8", errors="replace")
        value, was_deep = parse_tolerantly(text)
    notes = [REPLACED] if "\ufffd" in text and b"\xef\xbf\xbd" not in raw else []
    notes += ["Parts of the line that are nested too deeply were left out."] if was_deep else []
    return value, (*notes, *(["Control characters stood in the line as they are."] if _CONTROL.search(raw) else []))


def _may_be_whole(raw: bytes, gathering: _Gathering) -> bool:
    return not gathering.is_open or (raw[:1] == b"{" and b'"custom_id"' in raw)


def _gathered(gathering: _Gathering, line: Line, notes: tuple[str, ...], ended: bool) -> Iterator[Record]:
    """Read the objects that end on a line, and say what is wrong with what else is there."""
    for piece in gathering.feed(line.number, line.raw):
        whole = _read_whole(piece.line_number, piece.raw, (*notes, _APART)) if piece.is_object else None
        yield from whole or [_not_json(piece.line_number, piece.raw, ended)]


def _given_up(gathering: _Gathering, ended: bool) -> Iterator[Record]:
    """Say what is wrong with an object that was begun and never ended, once for each line that may have begun one."""
    held = gathering.give_up()
    begun = [piece for place, piece in enumerate(held) if not place or piece.raw.startswith(b"{")]
    for piece in begun:
        yield _not_json(piece.line_number, piece.raw.strip(), ended or piece is not begun[-1])


def _not_json(number: int, raw: bytes, ended: bool) -> Record:
    try:
        parse(raw.strip())
        problem = "more than JSON stands there"
    except (ValueError, RecursionError) as error:
        problem = f"not JSON: {error}" if ended else f"not JSON, and without a line break: the file seems to be cut off ({error})"
    return Record(number, raw, None, problem=problem, is_cut=not ended)


def _read_whole(number: int, raw: bytes, notes: tuple[str, ...]) -> list[Record] | None:
    """Read JSON that is a result, or holds several in a list, an object or a string; None where it is no JSON."""
    if raw.startswith(b'"{""'):
        raw, notes = _out_of_cell(raw), (*notes, _APART)
    try:
        value, tolerated = parse(raw)
    except (ValueError, RecursionError):
        return None
    is_result = isinstance(value, dict) and as_text(value.get("custom_id")) is not None
    several = [] if is_result else _results_in(value)
    if not several:
        return [Record(number, raw, value, (*notes, *tolerated))]
    said = tuple(dict.fromkeys((*notes, *tolerated, _APART)))
    return [Record(number, json.dumps(result).encode(), result, said) for result in several]


def _without_unseen(raw: bytes) -> bytes:
    """Take off what stands around a line and nobody can see."""
    line = raw.strip(BLANKS)
    while line.startswith(_UNSEEN) or line.endswith(_UNSEEN):
        for unseen in _UNSEEN:
            line = line.removeprefix(unseen).removesuffix(unseen).strip(BLANKS)
    return line


@dataclass(frozen=True, slots=True)
class _Piece:
    """An object of a file, on one line, and the number of the line on which it begins; or what is none, on a line between objects."""

    line_number: int
    raw: bytes
    is_object: bool = True


class _Gathering:
    """Gathers objects from lines that are no whole objects. What was begun is held until it ends."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._held = bytearray()
        self._lines: list[tuple[int, int]] = []  # number, and place in what is held
        self._depth = 0
        self._in_string = False

    @property
    def is_open(self) -> bool:
        """Tell whether an object was begun that has not ended."""
        return self._depth > 0

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return len(self._held)

    def feed(self, number: int, raw: bytes) -> Iterator[_Piece]:
        """Take a line, and give all objects that end on it, and what stands between them and is none.

        Args:
            number: The line's number.
            raw: Its bytes, with its line break.
        """
        if not self.is_open and _BRACKET_ALONE.fullmatch(raw):
            return
        place, found = 0, self.is_open
        while place < len(raw):
            if not self.is_open:
                place = _after(_BETWEEN, raw, place)
                if raw[place : place + 1] != b"{":
                    if place < len(raw) or not found:
                        yield _Piece(number, raw[place:].strip() or raw.strip(), is_object=False)
                    return
            start, place, found = place, self._end(raw, place), True
            self._lines.append((number, len(self._held)))
            self._held += raw[start:place]
            if not self.is_open:
                whole = _Piece(self._lines[0][0], _on_one_line(bytes(self._held)))
                self.give_up()
                yield whole

    def give_up(self) -> list[_Piece]:
        """Let go of what was begun, and give its lines."""
        ends = [*(place for _, place in self._lines), len(self._held)][1:]
        lines = [_Piece(number, bytes(self._held[place:end])) for (number, place), end in zip(self._lines, ends, strict=True)]
        self._held.clear()
        self._lines.clear()
        self._depth, self._in_string = 0, False
        return lines

    def _end(self, raw: bytes, place: int) -> int:
        """Find where the object that is open, or begins here, ends; the line's end where it goes on."""
        for token in _TOKEN.finditer(raw, place):
            mark = token[0]
            if mark == b'"':
                self._in_string = not self._in_string
            elif not self._in_string and mark[0] in b"{[":
                self._depth += 1
            elif not self._in_string and mark[0] in b"}]":
                self._depth -= 1
                if not self._depth:
                    return token.end()
        return len(raw)


def _after(pattern: re.Pattern[bytes], raw: bytes, place: int) -> int:
    found = pattern.match(raw, place)
    return found.end() if found else place


def _on_one_line(raw: bytes) -> bytes:
    """Leave line breaks out between the parts of an object, and escape those in its texts."""

    def joined(found: re.Match[bytes]) -> bytes:
        text = found[0]
        if text[:1] != b'"':
            return b" "
        return b"".join(_ESCAPED.get(byte, bytes([byte])) for byte in text) if b"\n" in text or b"\r" in text else text

    return _STRING_OR_BREAK.sub(joined, raw) if b"\n" in raw or b"\r" in raw else raw


def _out_of_cell(raw: bytes) -> bytes:
    """Take an object out of a spreadsheet's cell, in which every quote stands twice; the same bytes where they are none."""
    found = _CELL.fullmatch(raw)
    return found[1].replace(b'""', b'"') if found else raw


def _results_in(value: object) -> list[dict[str, object]]:
    """Give the results in a JSON value that is none itself: a list of them, an object that has one, or has them by name, or a string; none where anything else is among them."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.lstrip()[:1] == "{" else None
        except (ValueError, RecursionError):
            return []
        return [value] if isinstance(value, dict) and "custom_id" in value else []
    if isinstance(value, dict):
        lists = [part for part in (*value.values(), list(value.values())) if isinstance(part, list) and _all_results(part)]
        return lists[0] if len(lists) == 1 else []
    return value if isinstance(value, list) and _all_results(value) else []


def _all_results(values: list[object]) -> bool:
    return bool(values) and all(isinstance(value, dict) and value.get("custom_id") for value in values)
