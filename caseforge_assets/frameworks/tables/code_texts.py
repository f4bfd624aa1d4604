"""Reads codes as people write them: with brackets, apostrophes, blanks, other signs in place of dots. What is a code is said in codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

_APOSTROPHES = "'’‘`´"
_BRACKETS = {"(": ")", "[": "]"}
_BLANKS_AT_DOTS = re.compile(r"\s*\.\s*(?=\w)")
_NUMBERS = re.compile(r"\d+(?:([,:/])\d+)*")


def plain_code(text: str) -> str:
    """Gives a code as it is meant where lists are numbered "1." and "1.1)", "(1)" or "1. 1", or an apostrophe keeps it from becoming a number."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if plain[:1] in _APOSTROPHES and plain[1:2].isalnum():
        plain = plain[1:]
    if len(plain) > 2 and _BRACKETS.get(plain[0]) == plain[-1]:
        plain = plain[1:-1].strip()
    ends = ".:" if "(" in plain else ".:)"
    return _BLANKS_AT_DOTS.sub(".", plain).rstrip(ends).strip() or text


def sign_for_dots(codes: Collection[str]) -> str | None:
    """Gives the comma, colon or stroke that stands in all numbers of parts where others have dots: "1,2" for 1.2; None where it is not plain.

    A comma is what Excel makes of the dot in countries that write decimals so. It is plain where several have it, each below another code.
    """
    found = [_NUMBERS.fullmatch(code) for code in codes if code]
    signs = {sign for match in found if match for sign in match[0] if not sign.isdecimal()}
    if not all(found) or len(signs) != 1:
        return None
    (sign,) = signs
    parts = [code for code in codes if sign in code]
    known = {code.removesuffix(f"{sign}0") for code in codes}
    return sign if len(parts) > 1 and all(code.rpartition(sign)[0] in known for code in parts) else None
