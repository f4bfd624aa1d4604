"""Says in words what is wrong with a configuration: where it stands, what it is, and what was probably meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from caseforge_assets.alerts.thresholds import Thresholds
from caseforge_assets.costs.prices import OwnPrice
from caseforge_assets.settings.configuration import Configuration, FrameworkSettings, StageOverrides
from caseforge_assets.settings.provider import ProviderSettings
from caseforge_assets.settings.service import ServiceSettings

_TABLES: Mapping[str, type[BaseModel]] = {
    "frameworks": FrameworkSettings,
    "stages": StageOverrides,
    "prices": OwnPrice,
    "alerts": Thresholds,
    "provider": ProviderSettings,
    "service": ServiceSettings,
}
_HEADERS = {
    "frameworks": "[frameworks.KEY]",
    "stages": "[stages.KEY]",
    "prices": '[prices."MODEL"]',
    "alerts": "[alerts]",
    "provider": "[provider]",
    "service": "[service]",
}
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: the path of its key, where it stands, and what it is."""

    path: tuple[str, ...]
    place: str
    what: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{self.place}: {'.'.join(self.path)}: {self.what}"


def faults_of(error: ValidationError, values: Mapping[str, Any], place: Callable[[tuple[str, ...]], str]) -> list[Fault]:
    """Every fault once, in the order of the keys; what several alternatives of one type say is one fault.

    Args:
        error: what the records said of the values.
        values: what was given.
        place: from a key's path to where it stands.
    """
    by_path: dict[tuple[str, ...], list[str]] = {}
    for details in error.errors(include_url=False):
        path = _path(details, values)
        what = _what(details, path)
        if what not in by_path.setdefault(path, []):
            by_path[path].append(what)
    return [Fault(path, place(path), " or: ".join(whats)) for path, whats in by_path.items()]


def nearest(name: str, known: Sequence[str]) -> str:
    """Names what was probably meant, as an addition to a sentence; empty where nothing is near."""
    near = get_close_matches(name.lower(), known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _path(details: ErrorDetails, values: Mapping[str, Any]) -> tuple[str, ...]:
    """The key itself: alternatives of a type, which the library adds, are left out."""
    parts = [str(part) for part in details["loc"] if part != "[key]"]
    if details["type"] == "missing":
        return tuple(parts)
    path: list[str] = []
    inside: Any = values
    for part in parts:
        if not isinstance(inside, Mapping) or part not in inside:
            break
        path.append(part)
        inside = inside[part]
    return tuple(path or parts)


def _what(details: ErrorDetails, path: tuple[str, ...]) -> str:
    kind = details["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return "Field required"
    message = details["msg"].removeprefix("Value error, ")
    if kind == "literal_error" and isinstance(details["input"], str):
        return f"{message}, not {_shown(details['input'])}{nearest(details['input'], _choices(path))}"
    plain = isinstance(details["input"], (str, int, float))
    return f"{message}, not {_shown(details['input'])}" if plain and kind != "value_error" else message


def _unknown_key(path: tuple[str, ...]) -> str:
    """A key may be misspelled, or stand in the wrong table: above all, below a table's header what was meant for the file as a whole."""
    table, name = _record_of(path), path[-1]
    known = list(table.model_fields) if table else []
    if "key" in name.lower() and "api" in name.lower():
        return "is not a known key; a secret does not belong here: set OPENAI_API_KEY in the environment or in .env"
    if hint := nearest(name, known):
        return f"is not a known key{hint}"
    if table is not Configuration and name in Configuration.model_fields:
        return f"is a key of the whole project, not of [{'.'.join(path[:-1])}]: put it above the first [table]"
    homes = [_HEADERS[home] for home, other in _TABLES.items() if other is not table and name in other.model_fields]
    return f"is not a known key here; it belongs in {' or '.join(homes)}" if homes else f"is not a known key{nearest(name, _all_keys())}"


def _record_of(path: tuple[str, ...]) -> type[BaseModel] | None:
    """The record that a key is a field of."""
    if len(path) == 1:
        return Configuration
    of_table = Configuration.model_fields[path[0]].annotation if path[0] in Configuration.model_fields else None
    return of_table if isinstance(of_table, type) and issubclass(of_table, BaseModel) else _TABLES.get(path[0])


def _all_keys() -> list[str]:
    tables: list[type[BaseModel]] = [Configuration, *_TABLES.values()]
    return [name for table in tables for name in table.model_fields]


def _choices(path: tuple[str, ...]) -> list[str]:
    table = _record_of(path)
    found = table.model_fields.get(path[-1]) if table else None
    parts = [part for choice in get_args(found.annotation) for part in (choice, *get_args(choice))] if found else []
    return [part for part in parts if isinstance(part, str)]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
