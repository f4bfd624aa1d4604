"""JSON that is whole, though a strict parser refuses it: raw control characters, lone surrogates, parts that are nested too deeply."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

MOST_DEPTH = 64  # no part of a result is nested a fifth as deep
MOST_DIGITS = 300  # a number of a result has a tenth of that
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)


def parse_tolerantly(text: str, read_pairs: Callable[[list[tuple[str, object]]], object] | None = None) -> tuple[object, bool]:
    """Parse JSON; parts that are nested deeper than any result are null.

    Args:
        text: JSON in which control characters may stand in strings as they are.
        read_pairs: What makes an object of its pairs, if not a dict of the last ones.

    Returns:
        The value, and whether such a part was left out.

    Raises:
        ValueError: It is not JSON.
    """
    shallow = _without_depths(text)
    return json.loads(shallow, strict=False, parse_int=_number, object_pairs_hook=read_pairs), shallow is not text


def _number(digits: str) -> int | float:
    """Read a number; one of thousands of digits, which Python refuses, becomes infinite."""
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def _without_depths(text: str) -> str:
    """Put null in the place of what is nested too deeply; the same object where there is no such part."""
    depth, kept, place = 0, list[str](), 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "{[":
            depth += 1
            if depth == MOST_DEPTH + 1:
                kept.append(text[place : token.start()])
        elif mark in "}]":
            depth -= 1
            if depth == MOST_DEPTH:
                kept.append("null")
                place = token.end()
    if not kept:
        return text
    return "".join([*kept, text[place:] if depth <= MOST_DEPTH else ""])
