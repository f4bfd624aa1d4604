"""The ways in which a text writes a value: as it is, escaped for URLs, JSON or HTML, as base64 (also in the middle of it) and in hexadecimal digits."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from typing import NamedTuple
from urllib.parse import quote, quote_plus

SHORTEST_CODED = 8  # fewer characters of base64 or hexadecimal digits are found by chance


class Forms(NamedTuple):
    """`in_any_case`: small and capital letters are the same in them; `exact`: they are not."""

    in_any_case: frozenset[str]
    exact: frozenset[str]


def forms_of(value: str) -> Forms:
    """All forms of a value."""
    data = value.encode(errors="surrogatepass")
    escaped = {value, quote(value, safe="", errors="replace"), quote(value, errors="replace"), quote_plus(value, errors="replace")}
    escaped |= {html.escape(value), html.escape(value, quote=False), html.escape(value).replace("&#x27;", "&#39;")}
    escaped |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    escaped |= {form.replace("/", "\\/") for form in escaped}
    escaped |= {
        twice for form in escaped for twice in (form.replace("\\", "\\\\"), json.dumps(form)[1:-1], quote(form, safe="", errors="replace"))
    }
    escaped |= {"".join(f"%{byte:02x}" for byte in data), "".join(f"\\u{ord(character):04x}" for character in value)}
    coded = data.hex()
    if len(coded) >= SHORTEST_CODED:
        escaped.add(coded)
    return Forms(frozenset(form.lower() for form in escaped if form), frozenset(_base64_forms(data)))


def _base64_forms(data: bytes) -> set[str]:
    """Gives what is the same in base64 of every text that holds the value: three forms, after how many bytes stand before it.

    Characters at the ends, which depend on the neighbours as well, are left off.
    """
    found = set()
    for before in range(3):
        padded = bytes(before) + data
        first, end = -(-before * 8 // 6), len(padded) * 8 // 6
        found |= {encode(padded).decode()[first:end] for encode in (b64encode, urlsafe_b64encode)}
    return {form for form in found if len(form) >= SHORTEST_CODED}
