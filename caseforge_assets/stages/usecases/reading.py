"""From an answer's text to raw candidates: strict JSON, else one repair of its syntax, else the items that are complete.

Only syntax is repaired, never meaning; nothing of an item that was cut off gets through. What the candidates say is not
looked at here.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

KEY = "use_cases"

_BRACKET = re.compile(r"[{\[]")
_OBJECT_START = re.compile(rf"\{{\s*[\"']?{KEY}\b")
_LIST_START = re.compile(rf'"{KEY}"\s*:\s*\[')
_NEXT_ITEM = re.compile(r"\s*,?\s*(?=\{)")
_END_MARK = "CaseforgeEndOfAnswer"
_NO_JSON = object()

# json-repair takes time with the square of the length where brackets or quotes don't match, so that what could not be
# repaired with certainty anyway is not tried.
_LONGEST_REPAIRABLE = 250_000
_MOST_STRAY_QUOTES = 60
_MOST_OPEN_BRACKETS = 12
_FIELD_NAME = re.compile(r"""["']\w+["']\s*:""")
_STRAY_QUOTE = re.compile(r'(?<=[^\s{\[:,\\])"(?=[^\s}\]:,])')


@dataclass(frozen=True)
class Reading:
    """The candidates of an answer as raw JSON values.

    Attributes:
        candidates: The list as found; None where there is no such list.
        problem: Why the text is not JSON; empty where it is, if need be after repair.
        whole: Whether the list was closed, so that no candidate can be missing from it.
        repaired: Whether the syntax had to be repaired by guessing.
        notes: What was tolerated.
    """

    candidates: list[object] | None
    problem: str = ""
    whole: bool = True
    repaired: bool = False
    notes: tuple[str, ...] = ()


def read_candidates(text: str, cut: bool) -> Reading:
    """Read the raw candidates of an answer.

    Args:
        text: The answer's text.
        cut: Whether the token budget ended it; such a text is not repaired, only what is complete in it is read.
    """
    try:
        return _from_value(json.loads(text), repaired=False)
    except (ValueError, RecursionError) as error:
        problem = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
    if (value := _enclosed(text)) is not _NO_JSON:
        return _from_value(value, repaired=False, note="Text around the JSON was ignored.")
    if not cut and (value := _repaired(text)) is not _NO_JSON:
        return _from_value(value, repaired=True, note="The syntax of the JSON was repaired.")
    return Reading(complete_items(text), problem, whole=False)


def complete_items(text: str) -> list[object]:
    """Read the items of the list `use_cases` as far as they are complete and valid JSON.

    Args:
        text: A text that may end anywhere.

    Returns:
        The items before the first one that is cut off or broken. An item counts only with its closing bracket.
    """
    start = _LIST_START.search(text)
    if start is None:
        return []
    items: list[object] = []
    place = start.end()
    while (opened := _NEXT_ITEM.match(text, place)) is not None:
        try:
            item, place = json.JSONDecoder().raw_decode(text, opened.end())
        except (ValueError, RecursionError):
            break
        items.append(item)
    return items


def _from_value(value: object, repaired: bool, note: str = "") -> Reading:
    notes = (note,) if note else ()
    if isinstance(value, dict):
        value = value.get(KEY)
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        notes = (*notes, f"The list stood by itself, without the key {KEY}.")
    else:
        value = None
    return Reading(value if isinstance(value, list) else None, repaired=repaired, notes=notes)


def _enclosed(text: str) -> object:
    """Read strict JSON with other text or a code fence around it."""
    try:
        value, end = json.JSONDecoder().raw_decode(text, _start(text))
    except (ValueError, RecursionError):
        return _NO_JSON
    return value if isinstance(value, dict) and not _BRACKET.search(text, end) else _NO_JSON


def _start(text: str) -> int:
    """Find where the JSON begins; a text before it may hold brackets of its own."""
    found = _OBJECT_START.search(text) or _BRACKET.search(text)
    return found.start() if found else len(text)


def _repaired(text: str) -> object:
    start = _start(text)
    if start == len(text) or not _may_be_repaired(text):
        return _NO_JSON
    from json_repair import repair_json  # not at the top: few answers need it

    try:
        value = repair_json(f'{text[start:]}\n,"{_END_MARK}":0', return_objects=True, skip_json_loads=True)
    except (ValueError, TypeError, LookupError, RecursionError):
        return _NO_JSON
    if isinstance(value, list):
        objects = [part for part in value if isinstance(part, dict) and KEY in part]
        value = objects[0] if len(objects) == 1 else value
    if isinstance(value, dict):
        value.pop(_END_MARK, None)
    # A mark in an inner place shows that something was still open where the text ended: a candidate may be cut off.
    if not isinstance(value, dict | list) or _END_MARK in (written := json.dumps(value)):
        return _NO_JSON
    value = json.loads(written)  # joins the halves of surrogate pairs, which the repair leaves apart
    return value if all(_stands_in(part, text) for part in _texts(value)) else _NO_JSON


def _may_be_repaired(text: str) -> bool:
    opened = sum(text.count(bracket) for bracket in "{[") - sum(text.count(bracket) for bracket in "}]")
    return len(text) <= _LONGEST_REPAIRABLE and abs(opened) <= _MOST_OPEN_BRACKETS and len(_STRAY_QUOTE.findall(text)) <= _MOST_STRAY_QUOTES


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _stands_in(value: str, text: str) -> bool:
    """Say whether a string stands in a text as a whole: in quotes or as a bare word, between signs of JSON.

    A repair may tear a string apart at a quote inside it, and then it does not stand there; or swallow the fields that
    follow, and then there is the name of a field in it.

    Args:
        value: A string from a repaired JSON value.
        text: What was repaired.
    """
    if _FIELD_NAME.search(value):
        return False
    unicode = json.dumps(value, ensure_ascii=False)[1:-1]
    spellings = {value, json.dumps(value)[1:-1], unicode, unicode.replace("\\n", "\n"), repr(value)[1:-1]}
    quoted = "|".join(f"{quote}{re.escape(spelling)}{quote}" for spelling in spellings for quote in "\"'")
    bare = rf"|{value}" if value.isalpha() else ""
    return re.search(rf"[{{\[,:]\s*(?:{quoted}{bare})\s*[}}\],]", text) is not None
