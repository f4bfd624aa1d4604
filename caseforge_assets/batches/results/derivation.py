"""Tells whether a content can be from an answer, whichever version of a judge made it: all that it says stands in the answer, word by word.

A judge changes forms (headings, emphasis, fences, lists, the layout of items) and leaves words and their order.
"""

import json
import re
from collections.abc import Iterator, Mapping

from caseforge_assets.stages.judgement import Content

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"\A\W*\d+[.)]\s")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def comes_from(content: Content, answer: str) -> bool:
    """Tell whether every line of a content, or every text of its items where it has some, stands in an answer.

    Args:
        content: A content as it is stored.
        answer: The text of an answer, prose or JSON.
    """
    plain = f" {_words(answer)} "
    unescaped = f" {_words(_STRING.sub(_unescaped, answer))} " if "\\" in answer else plain
    pieces = [piece for piece in map(_piece, _texts(content)) if piece]
    return bool(pieces) and all(f" {piece} " in plain or f" {piece} " in unescaped for piece in pieces)


def _texts(content: Content) -> Iterator[str]:
    if not content.items:
        yield from (line for line in content.body.splitlines() if not line.lstrip().startswith("#"))
    for item in content.items:
        yield item.title
        yield from _strings(item.fields)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)


def _piece(text: str) -> str:
    """The words of a text without a list's number before them, and without the last one where the text was cut."""
    words = _words(_NUMBER.sub("", text))
    return words.rpartition(" ")[0] if text.rstrip().endswith("…") else words


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _unescaped(found: re.Match[str]) -> str:
    try:
        return f" {json.loads(found[0], strict=False)} "
    except ValueError:
        return found[0]
