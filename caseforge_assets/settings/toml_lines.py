"""On which line of a TOML text each key stands. The parser says so for broken syntax only."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]


def key_lines(text: str) -> dict[Path, int]:
    """The line (the first is 1) on which each key and table of a valid TOML text first appears.

    Statements are parsed one by one, each beneath the header of its table: what a quoted key, a dotted one or a value of
    several lines means is left to the parser.
    """
    found: dict[Path, int] = {}
    header, statement, start = "", "", 1
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if not statement and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start, statement = (start if statement else number), statement + line
        if statement.lstrip().startswith("["):
            header = statement
        raw = _parsed(header if header == statement else header + statement)
        if raw is not None:
            for path in _paths(raw):
                found.setdefault(path, start)
            statement = ""
    return found


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _paths(raw: Mapping[str, Any], above: Path = ()) -> Iterator[Path]:
    for key, value in raw.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _paths(value, (*above, key))
