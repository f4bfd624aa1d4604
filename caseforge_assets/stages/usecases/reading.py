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
from caseforge_assets.stages.texts.loose_json import strictly_written
from caseforge_assets.stages.texts.tolerant_json import parse_tolerantly
from caseforge_assets.stages.usecases.candidate_list import KEY, Listed, has_contested_lists, is_candidate, list_in, together
from caseforge_assets.stages.usecases.json_texts import CONTROLS_READ, Found, has_controls, read_escapes, read_pairs, spellings, values_in
from caseforge_assets.stages.usecases.other_forms import written_otherwise
from caseforge_assets.stages.usecases.record import LEAST_CANDIDATES
from caseforge_assets.stages.usecases.repairing import BRACKET, NO_JSON, json_start, repaired

_LIST_START = re.compile(rf'"{KEY}"\s*:\s*\[')
_NEXT_ITEM = re.compile(r"\s*,?\s*(?=\{)")
_KEY_BEFORE = re.compile(rf'"{KEY}"\s*:\s*\Z')
_LONGEST_SEPARATOR = 300
_SEPARATORS = re.compile(
    r"(?:[\s,;]|^[ \t]*(?:\d{1,2}[.)]|[-*•+])[ \t]*|^[ \t]*(?:#{1,6} |\*\*)[^\n{}]*$|^[ \t]*(?:use[ _-]?case|candidate|item|no\.?)\W*\d{1,2}\W*$"
    r"|```(?:jsonl?|json5)?|~~~(?:json)?)*",
    re.MULTILINE | re.IGNORECASE,
)
# Where others should follow: the rest was left out, and the list is not whole.
_LEFT_OUT = re.compile(r"}\s*,?\s*(?://|/\*|#)?\s*(?:\.\.\.|…)[^\"{}\]]*\]")
_AROUND = "Text around the JSON was ignored."
_CONTESTED = f"the JSON has the key {KEY} several times with different lists, and which of them is meant cannot be told"
_REPAIRED = "The syntax of the JSON was repaired."


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
        too_much = isinstance(error, RecursionError) or "integer string" in str(error)
        if too_much and (reading := _without_depths(text)) is not None:
            return reading
        problem = f"the text is not JSON: {error if isinstance(error, ValueError) else 'it is nested too deeply'}"
    for plain, notes in spellings(text):
        if (reading := _among_text(plain, notes, is_good)) is not None:
            return reading
    escaped, notes = read_escapes(text)
    if not cut and (other := written_otherwise(text)) is not None and is_good(other[0]):
        return Reading(other[0], notes=(other[1],))
    if not cut and not _LEFT_OUT.search(escaped):
        loose = _loosely_written(escaped, notes)
        if loose is not None and is_good(loose.candidates or []):
            return loose
        for plain, more in ((text, ()), (escaped, notes)):
            if (value := repaired(plain)) is not NO_JSON:
                return _from_value(value, repaired=True, notes=(*more, _REPAIRED))
    return Reading(complete_items(escaped), problem, whole=False)


def _without_depths(text: str) -> Reading | None:
    try:
        value, _ = parse_tolerantly(text, read_pairs)
    except (ValueError, RecursionError):
        return None
    reading = _from_value(value, notes=("Parts of the JSON that are nested too deeply, or numbers that are too long, were left out.",))
    return reading if reading.candidates else None


def _loosely_written(text: str, notes: tuple[str, ...]) -> Reading | None:
    """Read the one value in a text that is JSON but for its spelling; None where that is not certain."""
    strict = strictly_written(text, json_start(text))
    if strict is None or BRACKET.search(text, strict.end):
        return None
    try:
        value = json.loads(strict.text, object_pairs_hook=read_pairs)
    except (ValueError, RecursionError):
        return None
    reading = _from_value(value, notes=(*notes, _REPAIRED))
    return reading if reading.candidates else None


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
    if not (good or begun) and (whole := together([*different.values()])) is not None:
        return Reading(whole.candidates, notes=(*(note for note in notes if note != CONTROLS_READ), whole.note))
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
