"""JSON in the loose spelling of programs and models: other quotes, keys without quotes, comments, commas too many or too few, values of Python. Strings tell for certain where they end, or nothing is read."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/|#[^\n]*|--[^\n]*|<!--.*?-->|\.\.\.|…)+", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SINGLE = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_QUOTES = {"“": "”", "„": "“”", "«": "»", "＂": "＂", "`": "`", "″": "″", "”": "”"}
_WORD = re.compile(r"[^\W\d][\w-]*(?: [^\W\d][\w-]*)*")
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|\d*\.?\d+(?:[eE][+-]?\d+)?)")
_SIGNS = {"：": ":", "，": ",", "；": ",", ";": ",", "｛": "{", "｝": "}", "［": "[", "］": "]", "、": ","}
_COLON = re.compile(r"=>|:=|=")
_WORDS = {"true": "true", "false": "false", "none": "null", "null": "null", "undefined": "null", "nan": "null", "infinity": "null"}
_AFTER_STRING = re.compile(r"\s*(?:[,:;=}\]\)，：；｝］]|//|/\*|#|$|\n\s*[\"'{\[“]|\s*<!--)")


@dataclass(frozen=True)
class _Token:
    """A sign, or a value as JSON writes it, where it ends, and whether a line break stands before it."""

    text: str
    end: int
    is_value: bool
    on_new_line: bool


@dataclass(frozen=True)
class Strict:
    """A JSON value as JSON demands it, and where it ended in the text that it was written from."""

    text: str
    end: int


def strictly_written(text: str, start: int) -> Strict | None:
    """Give the JSON value that begins in a text as JSON demands it; None where it is not told with certainty.

    Args:
        text: JSON in a loose spelling, its escapes such as JSON knows.
        start: Where the value begins.
    """
    kept: list[str] = []
    open_brackets: list[str] = []
    before: _Token | None = None
    try:
        for token in _tokens(text, start):
            if token.text in "}]" and not token.is_value:
                if not open_brackets or open_brackets.pop() + token.text not in ("{}", "[]"):
                    return None
                if kept[-1] == ",":
                    kept.pop()
            elif token.text == "," and kept[-1] in ("{", "[", ","):
                continue
            elif _lacks_comma(before, token):
                if not token.on_new_line:
                    return None
                kept.append(",")
            if token.text in ("{", "[") and not token.is_value:
                open_brackets.append(token.text)
            kept.append(token.text)
            before = token
            if not open_brackets:
                return Strict("".join(kept), token.end)
    except ValueError:
        return None
    return None


def _lacks_comma(before: _Token | None, token: _Token) -> bool:
    """Tell whether a value follows another one, with nothing between them."""
    begins = token.is_value or token.text in ("{", "[")
    return before is not None and begins and (before.is_value or before.text in ("}", "]"))


def _tokens(text: str, place: int) -> Iterator[_Token]:
    """Give the tokens from a place on.

    Raises:
        ValueError: Something is none, or may be several.
    """
    while place < len(text):
        blank = _BLANK.match(text, place)
        begin = blank.end() if blank else place
        if begin == len(text):
            return
        written, place, is_value = _token(text, begin)
        yield _Token(written, place, is_value, "\n" in text[blank.start() : begin] if blank else False)


def _token(text: str, place: int) -> tuple[str, int, bool]:
    """Give what stands at a place as JSON writes it, where it ends, and whether it is a value."""
    sign = text[place]
    if sign in "{}[],:":
        return sign, place + 1, False
    if sign in _SIGNS:
        return _SIGNS[sign], place + 1, False
    if colon := _COLON.match(text, place):
        return ":", colon.end(), False
    if sign == '"':
        return _string(_DOUBLE.match(text, place), text, 0)
    if sign == "'":
        return _string(_SINGLE.match(text, place), text, 1)
    if sign in _QUOTES:
        return _in_other_quotes(text, place)
    if number := _NUMBER.match(text, place):
        return json.dumps(number[0]), number.end(), True
    if (word := _WORD.match(text, place)) and _AFTER_STRING.match(text, word.end()):
        return _WORDS.get(word[0].lower(), json.dumps(word[0])), word.end(), True
    raise ValueError(f"no JSON at {place}")


def _string(found: re.Match[str] | None, text: str, other: int) -> tuple[str, int, bool]:
    if found is None or not _AFTER_STRING.match(text, found.end()):
        raise ValueError("a string ends nowhere, or in several places")
    plain = found[1] if not other else re.sub(r'\\.|"', _for_double_quotes, found[1], flags=re.DOTALL)
    return json.dumps(json.loads(f'"{plain}"', strict=False)), found.end(), True


def _for_double_quotes(found: re.Match[str]) -> str:
    return {'"': '\\"', "\\'": "'"}.get(found[0], found[0])


def _in_other_quotes(text: str, place: int) -> tuple[str, int, bool]:
    closing = _QUOTES[text[place]]
    end = min((at for mark in closing if (at := text.find(mark, place + 1)) > 0), default=-1)
    if end < 0 or not _AFTER_STRING.match(text, end + 1) or text[place] in text[place + 1 : end]:
        raise ValueError("a string ends nowhere, or in several places")
    plain = re.sub(r'\\.|"', _for_double_quotes, text[place + 1 : end], flags=re.DOTALL)
    return json.dumps(json.loads(f'"{plain}"', strict=False)), end + 1, True
