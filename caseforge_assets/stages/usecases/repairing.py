"""One repair of JSON's syntax, checked afterwards: what it made stands in the text as it is, or nothing is read."""

import json
import re

from caseforge_assets.stages.canonical import texts_in
from caseforge_assets.stages.usecases.candidate_list import KEY
from caseforge_assets.stages.usecases.record import UseCase

BRACKET = re.compile(r"[{\[]")
NO_JSON = object()
"""What stands for text that could not be repaired with certainty; None is a value of JSON."""

_OBJECT_START = re.compile(rf"\{{\s*[\"']?{KEY}\b")
_END_MARK = "CaseforgeEndOfAnswer"
# json-repair takes time with the square of the length where brackets or quotes don't match, so that what could not be
# repaired with certainty anyway is not tried.
_LONGEST_REPAIRABLE = 250_000
_MOST_STRAY_QUOTES = 60
_MOST_OPEN_BRACKETS = 12
_FIELD_NAME = re.compile(r"""["']\w+["']\s*:""")
_HALF_ESCAPE = re.compile(
    r"(?<!\\)(?:\\\\)*\\(?:x[0-9a-fA-F]|u[0-9a-fA-F]{1,3}(?![0-9a-fA-F])|[0-7]|N\{|[ave](?![a-z]))"
)  # has two readings
_STRAY_QUOTE = re.compile(r'(?<=[^\s{\[:,\\])"(?=[^\s}\]:,])')


def json_start(text: str) -> int:
    """Find where the JSON begins; a text before it may hold brackets of its own."""
    found = _OBJECT_START.search(text) or BRACKET.search(text)
    return found.start() if found else len(text)


def repaired(text: str) -> object:
    """Give the value of a text whose syntax was repaired; NO_JSON where that is not certain.

    Args:
        text: A text that holds JSON which is broken.
    """
    start = json_start(text)
    if start == len(text) or not _may_be_repaired(text):
        return NO_JSON
    from json_repair import repair_json  # not at the top: few answers need it

    try:
        value = repair_json(f'{text[start:]}\n,"{_END_MARK}":0', return_objects=True, skip_json_loads=True)
    except (ValueError, TypeError, LookupError, RecursionError):
        return NO_JSON
    if _has_lost_a_field(value, text[start:]):
        return NO_JSON
    if isinstance(value, list):
        objects = [part for part in value if isinstance(part, dict) and KEY in part]
        value = objects[0] if len(objects) == 1 else value
    if isinstance(value, dict):
        value.pop(_END_MARK, None)
    # A mark in an inner place shows that something was still open where the text ended: a candidate may be cut off.
    if not isinstance(value, dict | list) or _END_MARK in (written := json.dumps(value)):
        return NO_JSON
    value = json.loads(written)  # joins the halves of surrogate pairs, which the repair leaves apart
    return value if all(_stands_in(part, text) for part in texts_in(value)) else NO_JSON


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
