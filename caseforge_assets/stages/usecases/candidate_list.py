"""Finds the list of candidates in a JSON value: under its key, however that is spelled, or wherever else only one list can be meant."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.texts.characters import LOOKALIKES, visible
from caseforge_assets.stages.texts.misspelt import name_meant
from caseforge_assets.stages.usecases.json_texts import contested_names, read_pairs, repeated_names
from caseforge_assets.stages.usecases.record import FIELD_NAMES, LEAST_CANDIDATES, UseCase
from caseforge_assets.wording import counted

KEY = "use_cases"
_DEEPEST = 6
_NO_NAME = re.compile(r"^\W*\d+[.)]\s*|[\W_]+")
_NUMBERED = re.compile(r"^\W*(?:use|case|candidate|item|no|number|id|uc)*\W*\d*$", re.IGNORECASE)
_PLAIN_KEY = "usecases"
_FIELDS = {_NO_NAME.sub("", name): name for name in UseCase.model_fields} | {
    "name": "title",
    "usecase": "title",
    "usecasetitle": "title",
    "usecasename": "title",
    "impact": "impact_assessment",
    "complexity": "complexity_score",
    "technologies": "technology_requirements",
    "technology": "technology_requirements",
    "metrics": "success_metrics",
    "kpis": "success_metrics",
    "timeline": "implementation_timeline",
    "roi": "estimated_roi",
    "expectedroi": "estimated_roi",
    "risk": "risk_level",
}
_LEAST_FIELDS = 3  # by which an object is known for a candidate


@dataclass(frozen=True)
class Listed:
    """The list, as raw JSON values, and how it stood there if not as asked."""

    candidates: list[object]
    note: str = ""


def list_in(value: object, depth: int = 0) -> Listed | None:
    """Find the list of candidates in a JSON value; None where there is none, or more than one could be meant.

    Args:
        value: Any JSON value; a string may hold JSON itself.
        depth: How deep it stands.
    """
    if isinstance(value, str) and (depth == 0 or value.lstrip()[:1] in ("{", "[")):
        return _in_string(value, depth)
    if isinstance(value, list):
        return _in_list(value, depth)
    if not isinstance(value, dict):
        return None
    if (name := next((name for name in value if _plain(name) == _PLAIN_KEY), None)) is not None:
        again = f"The key {name} stood there several times; one of them had a list." if name in repeated_names(value) else ""
        return _under_key(value[name], again if name == KEY else f"The list stood under {name!r}.")
    if (titled := _titled(value)) is not None:
        return titled
    inside = list(_inside(value, depth))
    if not inside and len(value) > 1 and all(is_candidate(item) for item in value.values()):
        return _under_key(value, "")
    return inside[0] if len(inside) == 1 else together(inside)


def together(parts: list[Listed]) -> Listed | None:
    """Put lists together that stand beside each other, where none of them has as many as are needed, and each title stands there once.

    Args:
        parts: The lists, in their order.
    """
    items = [item for part in parts for item in part.candidates]
    titles = {str(item.get("title")).casefold() for item in items if isinstance(item, dict)}
    if len(parts) < 2 or len(titles) < len(items) or any(len(part.candidates) >= LEAST_CANDIDATES for part in parts):
        return None
    return Listed(items, f"The candidates stood in {len(parts)} lists.") if len(items) >= LEAST_CANDIDATES else None


def _titled(value: Mapping[str, object]) -> Listed | None:
    """Read candidates that stand in an object under their titles."""
    if not value or not all(is_candidate(item) and not any(field_of(str(name)) == "title" for name in item) for item in value.values()):  # type: ignore[attr-defined]
        return None
    if any(_NUMBERED.match(name) for name in value):
        return None
    items: list[object] = [{"title": name, **item} for name, item in value.items() if isinstance(item, dict)]
    return Listed(items, "The candidates stood in an object, each under its title.")


def has_contested_lists(value: object) -> bool:
    """Tell whether an object has the key of the list several times, with lists that differ."""
    return isinstance(value, dict) and any(_plain(name) == _PLAIN_KEY for name in contested_names(value))


def field_of(name: str) -> str | None:
    """Give the field of a candidate that a name means, however it is spelled (`riskLevel`, `Risk Level`); None where it means none.

    Args:
        name: A key of a candidate.
    """
    return name if name in FIELD_NAMES else _FIELDS.get(_plain(name))


def misspelt_field(name: str) -> str | None:
    """Give the field of a candidate that a name means but for a small mistake in it; None where it means none, or maybe several.

    Args:
        name: A key of a candidate.
    """
    return name_meant(_plain(name), _FIELDS)


def is_candidate(value: object) -> bool:
    """Tell whether a JSON value looks like a candidate: an object with several of its fields."""
    return isinstance(value, dict) and len({field for name in value if (field := field_of(str(name)))}) >= _LEAST_FIELDS


def _in_string(text: str, depth: int) -> Listed | None:
    try:
        value = json.loads(text, object_pairs_hook=read_pairs)
    except (ValueError, RecursionError):
        return None
    listed = list_in(value, depth + isinstance(value, str)) if depth < _DEEPEST else None
    return listed and Listed(listed.candidates, "The JSON stood in a string.")


def _in_list(value: list[object], depth: int) -> Listed | None:
    while len(value) == 1 and isinstance(value[0], list):
        value = value[0]
    value, note = _out_of_wrappers(value)
    if len(value) == 1 and not is_candidate(value[0]) and depth < _DEEPEST:
        return (listed := list_in(value[0], depth + 1)) and Listed(listed.candidates, "The JSON stood in a list of its own.")
    if value and all(is_candidate(item) for item in value):
        return Listed(value, note or f"The list stood by itself, without the key {KEY}.")
    parts = [list_in(item, depth + 1) if isinstance(item, dict) and depth < _DEEPEST else None for item in value]
    return together([part for part in parts if part]) if all(parts) else None


def _out_of_wrappers(items: list[object]) -> tuple[list[object], str]:
    """Take each candidate out of an object that has nothing else: `{"use_case": {…}}`."""
    inner = [next(iter(item.values())) if isinstance(item, dict) and len(item) == 1 else None for item in items]
    if items and all(is_candidate(item) for item in inner):
        return inner, "Each candidate stood in an object of its own."
    return items, ""


def _under_key(value: object, note: str) -> Listed | None:
    if isinstance(value, list):
        items, wrapped = _out_of_wrappers(value)
        grouped = _in_list(items, 1) if items and not any(map(is_candidate, items)) else None
        return grouped or _each_once(Listed(items, wrapped or note))
    if isinstance(value, dict) and (titled := _titled(value)):
        return titled
    if isinstance(value, dict) and value and all(is_candidate(item) for item in value.values()):
        return Listed(list(value.values()), "The candidates stood in an object, each under a name of its own.")
    return None


def _each_once(listed: Listed) -> Listed:
    """Leave out candidates that stand there once more, to the letter."""
    titles = [item.get("title") if isinstance(item, dict) else item for item in listed.candidates]
    if len({str(title) for title in titles}) == len(titles):
        return listed
    once = list({canonical_json(item): item for item in reversed(listed.candidates)}.values())[::-1]
    count = len(listed.candidates) - len(once)
    return (
        listed
        if not count
        else Listed(once, f"{counted(count, 'candidate')} that stood there twice {'was' if count == 1 else 'were'} left out.")
    )


def _inside(value: Mapping[str, object], depth: int) -> Iterator[Listed]:
    for name, part in value.items():
        if isinstance(part, list | dict | str) and depth < _DEEPEST and (listed := list_in(part, depth + 1)) is not None:
            yield Listed(listed.candidates, f"The list stood under {name!r}.")


def _plain(name: str) -> str:
    text = name if name.isascii() else unicodedata.normalize("NFKC", visible(name)).translate(LOOKALIKES)
    return _NO_NAME.sub("", text.casefold())
