"""Objects of a result file that do not stand on lines of their own: arrays, objects over many lines, several on one line, other line ends. Knows JSON's brackets only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(rb'\\.|"|[{}\[\]]', re.DOTALL)
# Blanks, control characters, commas, brackets of a list, line ends of other systems, numbers of lines, server-sent events, fences.
_BETWEEN = re.compile(
    rb"(?:[\x00-\x20,;\[\]]|\xc2\x85|\xc2\xa0|\xe2\x80[\xa8\xa9\x8b]|\xef\xbb\xbf|data:|```(?:jsonl?)?(?=\s|$)|\d+[ \t]*[\t:|][ \t]*(?=\{))*"
)
_BRACKET_ALONE = re.compile(rb"(?:\s|\xef\xbb\xbf)*(?:[\[\]]\s*,?|```(?:jsonl?)?)\s*")
_STRING_OR_BREAK = re.compile(rb'"(?:[^"\\]|\\.)*"|[\r\n]+', re.DOTALL)
_CELL = re.compile(rb'"(\{""custom_id.*|\{"".*""custom_id"".*)"', re.DOTALL)
_ESCAPED = {ord("\n"): b"\\n", ord("\r"): b"\\r"}


@dataclass(frozen=True)
class Record:
    """An object of a file, on one line, and the number of the line on which it begins; or what is none, on a line between objects."""

    line_number: int
    raw: bytes
    is_object: bool = True


class Gathering:
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

    def feed(self, number: int, raw: bytes) -> Iterator[Record]:
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
                        yield Record(number, raw[place:].strip() or raw.strip(), is_object=False)
                    return
            start, place, found = place, self._end(raw, place), True
            self._lines.append((number, len(self._held)))
            self._held += raw[start:place]
            if not self.is_open:
                whole = Record(self._lines[0][0], _on_one_line(bytes(self._held)))
                self.give_up()
                yield whole

    def give_up(self) -> list[Record]:
        """Let go of what was begun, and give its lines."""
        ends = [*(place for _, place in self._lines), len(self._held)][1:]
        lines = [Record(number, bytes(self._held[place:end])) for (number, place), end in zip(self._lines, ends, strict=True)]
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


def out_of_cell(raw: bytes) -> bytes:
    """Take an object out of a spreadsheet's cell, in which every quote stands twice; the same bytes where they are none.

    Args:
        raw: A line.
    """
    found = _CELL.fullmatch(raw)
    return found[1].replace(b'""', b'"') if found else raw


def results_in(value: object) -> list[dict[str, object]]:
    """Give the results in a JSON value that is none itself: a list of them, an object that has one, or has them by name, or a string; none where anything else is among them.

    Args:
        value: Any JSON value.
    """
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
