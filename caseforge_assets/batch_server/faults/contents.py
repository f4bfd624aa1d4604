"""Faults of good answers: what a model or its filter may make of a text, and what a text may look like. Failed lines stay as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from caseforge_assets.batch_server.answer_forms import text_of, with_refusal, with_text
from caseforge_assets.batch_server.faults.registry import Line, line_fault
from caseforge_assets.batch_server.faults.selection import FaultSpec

REFUSAL = "I'm sorry, but I can't help with that."
# Beyond the basic plane, NUL, and half a surrogate pair: valid in JSON, not in every database.
ODD_CHARACTERS = "\U0001f6b2\U00020000 \x00 \ud83d \u2028"
BLOCK = "All of this is said again, in other words and at greater length. "


@line_fault()
def refusal(line: Line, _spec: FaultSpec) -> list[Line]:
    """The model declines: a refusal in place of the content."""
    return [_with_body(line, lambda body: with_refusal(body, REFUSAL))]


@line_fault()
def content_filter(line: Line, _spec: FaultSpec) -> list[Line]:
    """The provider's filter stops the answer: half a text, finish_reason content_filter."""
    return [_with_body(line, lambda body: with_text(body, text_of(body)[: len(text_of(body)) // 2], "content_filter"))]


@line_fault()
def no_text(line: Line, _spec: FaultSpec) -> list[Line]:
    """HTTP 200, finish_reason stop, and nothing in it."""
    return [_with_body(line, lambda body: with_text(body, ""))]


@line_fault()
def odd_characters(line: Line, _spec: FaultSpec) -> list[Line]:
    """The text ends with 4-byte characters, a NUL, half a surrogate pair and a line separator."""
    return [_with_text(line, lambda text: _inside(text, ODD_CHARACTERS))]


@line_fault(megabytes=3.0)
def long_answer(line: Line, spec: FaultSpec) -> list[Line]:
    """The text is this long."""
    return [_with_text(line, lambda text: _inside(text, BLOCK * int(spec.number("megabytes") * 1_000_000 / len(BLOCK))))]


@line_fault(how=("fenced", "comma", "quotes", "around", "unclosed"))
def loose_json(line: Line, spec: FaultSpec) -> list[Line]:
    """JSON with flaws of syntax: fenced, comma (a trailing one), quotes (single ones), around (text before and after), unclosed."""
    return [_with_text(line, _LOOSE[spec.text("how")])]


@line_fault()
def off_schema(line: Line, _spec: FaultSpec) -> list[Line]:
    """Valid JSON whose first item lacks a field."""
    return [_with_items(line, lambda items: [dict(list(items[0].items())[1:]), *items[1:]])]


@line_fault()
def wrong_enum(line: Line, _spec: FaultSpec) -> list[Line]:
    """The first item has values that no enum of the schema allows."""
    names = _enum_fields(line.request)
    return [_with_items(line, lambda items: [items[0] | dict.fromkeys(names & items[0].keys(), "Somewhat"), *items[1:]])]


@line_fault(count=5.0)
def item_count(line: Line, spec: FaultSpec) -> list[Line]:
    """The answer has so many items."""
    count = int(spec.number("count"))
    return [_with_items(line, lambda items: [_numbered(items[place % len(items)], place) for place in range(count)])]


@line_fault()
def same_title(line: Line, _spec: FaultSpec) -> list[Line]:
    """Two items have the same title."""
    return [_with_items(line, lambda items: [items[0], items[1] | {"title": items[0]["title"]}, *items[2:]])]


@line_fault(how=("missing", "empty", "moved", "renamed", "demoted"), number=3.0)
def section(line: Line, spec: FaultSpec) -> list[Line]:
    """One section, by number from 1, is missing, empty, moved (to the end), renamed; or all are demoted to lower headings."""
    return [_with_text(line, lambda text: _with_section(text, int(spec.number("number")) - 1, _SECTIONS[spec.text("how")]))]


_LOOSE: dict[str, Callable[[str], str]] = {
    "fenced": lambda text: f"```json\n{text}\n```",
    "comma": lambda text: re.sub(r"\}\s*\]", "},]", text, count=1),
    "quotes": lambda text: repr(json.loads(text)),
    "around": lambda text: f"Here is what you asked for:\n{text}\nTell me if you need more.",
    "unclosed": lambda text: text.rstrip()[:-1],
}

_SECTIONS: dict[str, Callable[[list[str], int], list[str]]] = {
    "missing": lambda parts, place: parts[:place] + parts[place + 1 :],
    "empty": lambda parts, place: [*parts[:place], parts[place].split("\n")[0] + "\n\n", *parts[place + 1 :]],
    "moved": lambda parts, place: [*parts[:place], *parts[place + 1 :], "\n" + parts[place]],
    "renamed": lambda parts, place: [*parts[:place], re.sub(r"^## .*", "## Miscellaneous Remarks", parts[place]), *parts[place + 1 :]],
    "demoted": lambda parts, _place: [re.sub(r"^## ", "#### ", part) for part in parts],
}


def _with_section(text: str, place: int, change: Callable[[list[str], int], list[str]]) -> str:
    head, *parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    return head + "".join(change(parts, place))


def _inside(text: str, addition: str) -> str:
    """Adds to a text without breaking it, where it is JSON: to the longest string in it."""
    try:
        value = json.loads(text)
    except ValueError:
        return text + addition
    longest = max(_strings(value), key=len)
    return text.replace(json.dumps(longest)[1:-1], json.dumps(longest + addition)[1:-1], 1)


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _strings(part)]


def _numbered(item: dict[str, Any], place: int) -> dict[str, Any]:
    return item | {"title": f"{item['title']} {place + 1}"}


def _with_items(line: Line, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Line:
    """Changes the list that an answer in JSON holds."""

    def changed(text: str) -> str:
        value = json.loads(text)
        key = next(name for name, part in value.items() if isinstance(part, list))
        return json.dumps(value | {key: change(value[key])})

    return _with_text(line, changed)


def _enum_fields(request: dict[str, Any]) -> set[str]:
    """Names of the fields that have an enum, wherever they stand in the request's schema."""

    def found(schema: object) -> set[str]:
        if isinstance(schema, list):
            return {name for part in schema for name in found(part)}
        if not isinstance(schema, dict):
            return set()
        properties = schema.get("properties")
        here = {name for name, part in properties.items() if "enum" in part} if isinstance(properties, dict) else set()
        return here | {name for part in schema.values() for name in found(part)}

    return found(request.get("response_format"))


def _with_text(line: Line, change: Callable[[str], str]) -> Line:
    return _with_body(line, lambda body: with_text(body, change(text_of(body))) if text_of(body) else body)


def _with_body(line: Line, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Line:
    if line.answer is None or not line.answer.ok:
        return line
    return replace(line, answer=replace(line.answer, body=change(line.answer.body)))
