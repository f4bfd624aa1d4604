"""The kinds of providers of the Batch API, from `providers.toml`: a record for each of what it takes and how it answers. A project may set every fact otherwise."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import TypeAdapter

KINDS_FILE = Path(__file__).with_name("providers.toml")
CHAT_COMPLETIONS = "/chat/completions"
OPENAI, CUSTOM = "openai", "custom"
UNVERIFIED = "unverified"
NONE = "none"  # TOML has no null
SECONDS_PER_DAY = 86_400
_WINDOW = re.compile(r"([1-9]\d{0,3})([mhd])\Z")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class ListKind(StrEnum):
    """The ways in which a list comes: page by page, all at once, as it likes (what it does not show may be there all the same), or not at all."""

    cursor = "cursor"
    whole = "whole"
    unreliable = "unreliable"
    none = "none"


class Metadata(StrEnum):
    """The fates of a batch's metadata: it comes back, it does not or nobody knows, or it is not sent, because it would be refused."""

    returned = "returned"
    lost = "lost"
    not_sent = "not_sent"


@dataclass(frozen=True)
class ProviderKind:
    """The facts about a kind of provider: what it takes and how it answers. The comment at the top of `providers.toml` says what each field is.

    Attributes:
        file_expiry_days: None: nothing is said of it; so it is with `output_expiry_days`.
        expiry_range_days: The fewest and the most days; None: no expiry is taken.
        max_files: Without and with an expiry; None: no limit is known.
        windows: Empty: all from `shortest_window` to `longest_window`.
        sources: Where each field is from, by its name: a key of `SOURCES`, or `unverified`.
    """

    name: str
    line_url: str
    endpoint: str
    file_purpose: str
    upload_fields: Mapping[str, str]
    file_expiry_days: Fraction | None
    output_expiry_days: Fraction | None
    expiry_range_days: tuple[Fraction, Fraction] | None
    max_files: tuple[int, int] | None
    max_bytes: int
    max_requests: int
    batch_list: ListKind
    file_list: ListKind
    list_fields: Mapping[str, str]
    metadata: Metadata
    key_header: Literal["authorization", "api-key"]
    windows: tuple[str, ...]
    shortest_window: str
    longest_window: str
    completion_window: str
    sources: Mapping[str, str]

    @property
    def window(self) -> timedelta:
        """Says how long a batch may take."""
        return window_of(self.completion_window)

    def takes_window(self, window: str) -> bool:
        """Tells whether a completion_window is among those that are taken; it must be one that `window_of` reads."""
        if self.windows:
            return window in self.windows
        return window_of(self.shortest_window) <= window_of(window) <= window_of(self.longest_window)

    def line_url_of(self, api: str) -> str:
        """The url of the lines of a batch file.

        Args:
            api: What is asked, such as `chat/completions` or `responses`.
        """
        return self.line_url.removesuffix(CHAT_COMPLETIONS) + f"/{api}"

    def endpoint_of(self, api: str) -> str:
        """The endpoint that a batch is created for.

        Args:
            api: What is asked, such as `chat/completions` or `responses`.
        """
        return self.endpoint.removesuffix(CHAT_COMPLETIONS) + f"/{api}"


@dataclass(frozen=True)
class Source:
    """The source of a fact, and the day when it was looked up."""

    what: str
    looked_up: date


def window_of(window: str) -> timedelta:
    """A completion_window as a time.

    Args:
        window: A number and a unit, such as `24h` or `7d`.

    Raises:
        ValueError: It is none.
    """
    found = _WINDOW.match(window)
    if found is None:
        raise ValueError(f"{window!r} is no completion window; write a number and m, h or d, such as 24h")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def kind_of_address(base_url: str) -> str | None:
    """The kind of provider that is certainly at an address; None where it may be any.

    Args:
        base_url: A provider's.
    """
    host = (urlsplit(base_url).hostname or "").rstrip(".").casefold()
    return next((name for name, hosts in _hosts().items() if any(_is_at(host, pattern) for pattern in hosts)), None)


def _is_at(host: str, pattern: str) -> bool:
    if not pattern.startswith("*."):
        return host == pattern
    label, _, rest = host.partition(".")
    return bool(label) and rest == pattern.removeprefix("*.")


@cache
def _raw() -> dict[str, Any]:
    return tomllib.loads(KINDS_FILE.read_text(encoding="utf-8"))


def _hosts() -> dict[str, list[str]]:
    return {name: facts["hosts"] for name, facts in _raw().items() if "hosts" in facts}


def read_days(text: str) -> Fraction | None:
    """Days as they are written, such as `14` or `1/24`; None for `none`.

    Raises:
        ValueError: It is no number.
    """
    return None if text == NONE else Fraction(text)


def _read(name: str, facts: Mapping[str, Any], of_openai: Mapping[str, Any]) -> ProviderKind:
    known = {**of_openai, **facts}
    values = {field: fact["is"] for field, fact in known.items() if field != "hosts"}
    for field in ("file_expiry_days", "output_expiry_days"):
        values[field] = read_days(values[field])
    days = values["expiry_range_days"]
    values["expiry_range_days"] = tuple(map(Fraction, days)) or None
    values["max_files"] = tuple(values["max_files"]) or None
    sources = {field: facts[field]["source"] if field in facts else UNVERIFIED for field in values}
    return _KIND.validate_python({"name": name, "sources": sources, **values})


_KIND = TypeAdapter(ProviderKind)
SOURCES = TypeAdapter(dict[str, Source]).validate_python(_raw()["sources"])
KINDS = {name: _read(name, facts, _raw()[OPENAI]) for name, facts in _raw().items() if "hosts" in facts}
