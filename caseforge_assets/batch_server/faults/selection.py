"""Selects the requests, batches or calls that a fault hits, by its specification.

``NAME:key=value,key=value``. Selectors: ``rate`` (share, by hash, so that the same run meets the same faults), ``match`` (regular expression,
found anywhere; takes the rest of the text, so it stands last), ``batch`` and ``call`` (a number or a range, ``2-4``), ``attempts`` (only the first
so many attempts of a request). Everything else is an option of the fault. Without any selector a fault hits everything of its kind.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Option = float | str | tuple[str, ...]


class FaultSpecError(ValueError):
    """A fault specification can't be read."""


@dataclass(frozen=True)
class Target:
    """A request, batch or call that a fault may hit.

    Attributes:
        key: What the decision by rate hangs on: a custom_id, a batch number, a call number.
        names: What ``match`` is searched in: a custom_id, all custom_ids of a batch, method and path of a call.
        attempt: Which attempt of a request it is, from 1.
        batch: Number of the batch, from 1; 0 for calls.
        call: Number of the call among those that ``match`` fits, from 1; 0 for others.
    """

    key: str
    names: Iterable[str]
    attempt: int = 1
    batch: int = 0
    call: int = 0


@dataclass(frozen=True)
class FaultSpec:
    """One fault as it was asked for."""

    name: str
    rate: float | None = None
    match: re.Pattern[str] | None = None
    batch: range | None = None
    call: range | None = None
    attempts: int | None = None
    options: Mapping[str, float | str] = field(default_factory=dict)

    def hits(self, target: Target) -> bool:
        """Tells whether the target is one that was asked for."""
        return (
            (self.batch is None or target.batch in self.batch)
            and (self.call is None or target.call in self.call)
            and (self.attempts is None or target.attempt <= self.attempts)
            and (self.match is None or any(self.match.search(name) for name in target.names))
            and (self.rate is None or _chance(f"{self.name}|{target.key}|{target.attempt}") < self.rate)
        )

    def number(self, option: str) -> float:
        """A numeric option of the fault."""
        return float(self.options[option])

    def text(self, option: str) -> str:
        """A text option of the fault."""
        return str(self.options[option])


def _chance(seed: str) -> float:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big") / 2**64


def read_spec(text: str, usual_options: Mapping[str, Option]) -> FaultSpec:
    """Read one specification.

    Args:
        text: The specification.
        usual_options: The fault's own options; no others are let through. A tuple lists the texts that an option may have, the usual one first.

    Raises:
        FaultSpecError: With what is wrong in it.
    """
    name, _, rest = text.partition(":")
    settings, _, pattern = rest.partition("match=")
    given = dict(_pair(text, part) for part in settings.split(",") if part.strip())
    try:
        return FaultSpec(
            name.strip(),
            rate=float(given.pop("rate")) if "rate" in given else None,
            match=re.compile(pattern) if pattern else None,
            batch=_range(given.pop("batch", None)),
            call=_range(given.pop("call", None)),
            attempts=int(given.pop("attempts")) if "attempts" in given else None,
            options=_options(given, usual_options),
        )
    except (ValueError, re.error) as error:
        raise FaultSpecError(f"Fault '{text}' can't be read: {error}.") from error


def _options(given: Mapping[str, str], usual: Mapping[str, Option]) -> dict[str, float | str]:
    unknown = given.keys() - usual.keys()
    if unknown:
        raise ValueError(f"it has no option '{sorted(unknown)[0]}'; it has {', '.join(usual) or 'none'}")
    return {key: _option(key, given.get(key), value) for key, value in usual.items()}


def _option(key: str, given: str | None, usual: Option) -> float | str:
    if isinstance(usual, tuple):
        if given is not None and given not in usual:
            raise ValueError(f"{key} is one of {', '.join(usual)}")
        return given or usual[0]
    return usual if given is None else type(usual)(given)


def _pair(text: str, part: str) -> tuple[str, str]:
    key, equals, value = part.strip().partition("=")
    if not equals:
        raise FaultSpecError(f"Fault '{text}' can't be read: '{part}' should look like key=value.")
    return key, value


def _range(text: str | None) -> range | None:
    if text is None:
        return None
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)
