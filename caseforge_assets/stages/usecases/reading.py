"""From an answer's text to raw candidates: strict JSON, else one repair of its syntax, else the items that are complete.

Only syntax is repaired, never meaning; nothing of an item that was cut off gets through. What the candidates say is not
looked at here.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from caseforge_assets.stages.canonical import canonical_json, texts_in
from caseforge_assets.stages.usecases.candidate_list import KEY, Listed, has_contested_lists, is_candidate, list_in
from caseforge_assets.stages.usecases.json_texts import CONTROLS_READ, Found, has_controls, read_escapes, spellings, values_in
from caseforge_assets.stages.usecases.record import LEAST_CANDIDATES, UseCase
from caseforge_assets.stages.usecases.repeated_keys import read_pairs

_BRACKET = re.compile(r"[{\[]")
_OBJECT_START = re.compile(rf"\{{\s*[\"']?{KEY}\b")
_LIST_START = re.compile(rf'"{KEY}"\s*:\s*\[')
_NEXT_ITEM = re.compile(r"\s*,?\s*(?=\{)")
_KEY_BEFORE = re.compile(rf'"{KEY}"\s*:\s*\Z')
_LONGEST_SEPARATOR = 300
_SEPARATORS = re.compile(
    r"(?:[\s,;]|^[ \t]*(?:\d{1,2}[.)]|[-*•+])[ \t]*|^[ \t]*(?:#{1,6} |\*\*)[^\n{}]*$|^[ \t]*(?:use[ _-]?case|candidate|item|no\.?)\W*\d{1,2}\W*$"
    r"|```(?:jsonl?|json5)?|~~~(?:json)?)*",
    re.MULTILINE | re.IGNORECASE,
)
_END_MARK = "CaseforgeEndOfAnswer"
_NO_JSON = object()
_AROUND = "Text around the JSON was ignored."
_CONTESTED = f"the JSON has the key {KEY} several times with different lists, and which of them is meant cannot be told"
_REPAIRED = "The syntax of the JSON was repaired."

# json-repair takes time with the square of the length where brackets or quotes don't match, so that what could not be
# repaired with certainty anyway is not tried.
_LONGEST_REPAIRABLE = 250_000
_MOST_STRAY_QUOTES = 60
_MOST_OPEN_BRACKETS = 12
_FIELD_NAME = re.compile(r"""["']\w+["']\s*:""")
_HALF_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\(?:x[0-9a-fA-F]|u[0-9a-fA-F]{1,3}(?![0-9a-fA-F]))")  # has two readings
_STRAY_QUOTE = re.compile(r'(?<=[^\s{\[:,\\])"(?=[^\s}\]:,])')


@dataclass(frozen=True)
class Reading:
    """The candidates of an answer as raw JSON values.

    Attributes:
        candidates: The list as found; None where there is no such list.
        problem: Why the text cannot be read; empty where it can, if need be after repair.
        whole: Whether the list was closed, so that no candidate can be missing from it.
        repaired: Whether the syntax had to be repaired by guessing.
        notes: What was tolerated.
    """

    candidates: list[object] | None
    problem: str = ""
    whole: bool = True
    repaired: bool = False
    notes: tuple[str, ...] = ()


def read_candidates(text: str, cut: bool, is_good: Callable[[list[object]], bool]) -> Reading:
    """Read the raw candidates of an answer.

    Args:
        text: The answer's text.
        cut: Whether the token budget ended it; such a text is not repaired, only what is complete in it is read.
        is_good: Whether a list would be accepted; where there are several, only one that is the only good one is read.
    """
    try:
        return _from_value(json.loads(text, object_pairs_hook=read_pairs))
    except (ValueError, RecursionError) as error:
        problem = f"the text is not JSON: {error if isinstance(error, ValueError) else 'it is nested too deeply'}"
    for plain, notes in spellings(text):
        if (reading := _among_text(plain, notes, is_good)) is not None:
            return reading
    escaped, notes = read_escapes(text)
    if not cut:
        for plain, more in ((text, ()), (escaped, notes)):
            if (value := _repaired(plain)) is not _NO_JSON:
                return _from_value(value, repaired=True, notes=(*more, _REPAIRED))
    return Reading(complete_items(escaped), problem, whole=False)


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
    return _items_from(text, start.end())


def _items_from(text: str, place: int) -> list[object]:
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=read_pairs)
    items: list[object] = []
    while (opened := _NEXT_ITEM.match(text, place)) is not None:
        try:
            item, place = decoder.raw_decode(text, opened.end())
        except (ValueError, RecursionError):
            break
        items.append(item)
    return items


def _from_value(value: object, *, repaired: bool = False, notes: tuple[str, ...] = ()) -> Reading:
    if has_contested_lists(value):
        return Reading([], _CONTESTED, whole=False)
    listed = list_in(value)
    if listed is None and isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        listed = Listed(value)  # what is wrong with its items says more
    if listed is None:
        return Reading(None, repaired=repaired, notes=notes)
    return Reading(listed.candidates, repaired=repaired, notes=(*notes, *([listed.note] if listed.note else [])))


def _among_text(text: str, notes: tuple[str, ...], is_good: Callable[[list[object]], bool]) -> Reading | None:
    """Read the one list that stands in a text, maybe several times; None where there is none."""
    values = values_in(text)
    if any(has_contested_lists(found.value) for found in values):
        return Reading([], _CONTESTED, whole=False)
    lists = [(listed, found) for found in values if (listed := list_in(found.value)) is not None]
    if not lists:
        return _one_by_one(text, values, notes)
    different = {canonical_json(listed.candidates): listed for listed, _ in lists}
    good = [listed for listed in different.values() if is_good(listed.candidates)] if len(different) > 1 else list(different.values())
    begun = _begun_elsewhere(text, values)
    if len(good) != 1 or (begun and begun != good[0].candidates[: len(begun)]):
        count = len(different) + bool(begun)
        return Reading([], f"the text holds {count} lists of use cases that differ, and which of them is meant cannot be told", whole=False)
    chosen = next(found for listed, found in reversed(lists) if listed == good[0] or listed.candidates == good[0].candidates)
    return Reading(good[0].candidates, notes=tuple(_said(text, chosen, good[0], notes, len(lists), len(different))))


def _said(text: str, chosen: Found, listed: Listed, notes: tuple[str, ...], count: int, different: int) -> Iterator[str]:
    """Notes on what was tolerated in reading a list among text."""
    raw = text[chosen.start : chosen.end]
    yield from (note for note in notes if note != CONTROLS_READ)
    if has_controls("".join(texts_in(chosen.value))) and not _is_strict(raw):
        yield CONTROLS_READ
    if different > 1:
        yield f"{different} lists of use cases came; only one of them is complete and was read."
    elif count > 1:
        yield f"The same JSON came {count} times."
    if _KEY_BEFORE.search(text[: chosen.start][-40:]):
        yield "The brackets around the list do not match."
        return
    if count == 1 and text.strip() != raw:
        yield _AROUND
    if listed.note:
        yield listed.note


def _is_strict(raw: str) -> bool:
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _begun_elsewhere(text: str, values: Sequence[Found]) -> list[object]:
    """The complete items of a list that begins outside all values, and is broken or cut off."""
    place, outside = 0, []
    for found in values:
        outside.append(text[place : found.start])
        place = found.end
    outside.append(text[place:])
    for number, piece in enumerate(outside):
        if (begun := _LIST_START.search(piece)) is not None:
            start = begun.end() + sum(len(part) for part in outside[:number]) + sum(found.end - found.start for found in values[:number])
            items = _items_from(text, start)
            if items:
                return items
    return []


def _one_by_one(text: str, values: Sequence[Found], notes: tuple[str, ...]) -> Reading | None:
    """Read candidates that stand one after the other, without a list: numbered or under headings maybe, but with no text between them."""
    items = [found.value for found in values if is_candidate(found.value)]
    if len(items) < LEAST_CANDIDATES or len(items) != len(values):
        return None
    between = [text[one.end : other.start] for one, other in pairwise(values)]
    titles = {str(item.get("title")) for item in items if isinstance(item, dict)}
    if len(titles) < len(items) or any(len(part) > _LONGEST_SEPARATOR or not _SEPARATORS.fullmatch(part) for part in between):
        return None
    around = text[: values[0].start] + text[values[-1].end :]
    if any(bracket in around for bracket in "{}[]"):
        return None
    said = [] if len(around) <= _LONGEST_SEPARATOR and _SEPARATORS.fullmatch(around) else [_AROUND]
    return Reading(
        items,
        notes=(*(note for note in notes if note != CONTROLS_READ), "The candidates stood one after the other, without a list.", *said),
    )


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
    if _has_lost_a_field(value, text[start:]):
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
    return value if all(_stands_in(part, text) for part in texts_in(value)) else _NO_JSON


def _has_lost_a_field(value: object, text: str) -> bool:
    """Say whether a field's name stands in a text more often than in what a repair made of it: where it stood twice, the repair took one."""
    written = json.dumps(value)
    return any(len(re.findall(rf"""["']{name}["']\s*:""", text)) > written.count(f'"{name}":') for name in UseCase.model_fields)


def _may_be_repaired(text: str) -> bool:
    opened = sum(text.count(bracket) for bracket in "{[") - sum(text.count(bracket) for bracket in "}]")
    return (
        _HALF_ESCAPE.search(text) is None
        and len(text) <= _LONGEST_REPAIRABLE
        and abs(opened) <= _MOST_OPEN_BRACKETS
        and len(_STRAY_QUOTE.findall(text)) <= _MOST_STRAY_QUOTES
    )


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
