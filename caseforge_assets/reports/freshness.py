"""Tells what was made at an asset and still fits from what is stale: the rule by which Dagster, too, calls a partition fresh or stale.

A thing is stale when what made it has another version now, or when something that it was made from was made anew and came out
different. It is not stale because something further up is: that shows once the asset between them is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Condition(StrEnum):
    """State of a partition at an asset, as Dagster shows it. A failed one may have older content, and then be stale as well."""

    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Made:
    """The newest thing made of a node at an asset: version, what made it, and the ids of the records that were read for it."""

    id: int
    data_version: str
    code_version: str
    upstream: Mapping[str, int]
    at: datetime | None


@dataclass(frozen=True, slots=True)
class StaleReason:
    """One reason why something is stale, for people, and since when it is."""

    text: str
    since: datetime | None


def stale_reasons(
    reads: Sequence[str],
    code_versions: Collection[str],
    changed: Callable[[str], StaleReason],
    made: Made,
    newest: Mapping[str, Made],
    read_versions: Mapping[int, str],
) -> list[StaleReason]:
    """Give the reasons why something is stale; nothing where it is fresh.

    Args:
        reads: the assets that it is made from.
        code_versions: versions of the asset's code that count as fresh; empty where it has none.
        changed: from another version to what changed since.
        newest: by asset, what was made last of the same node; assets without anything are left out.
        read_versions: by id, the data version of records that were read.
    """
    reasons = []
    if code_versions and made.code_version not in code_versions:
        reasons.append(changed(made.code_version))
    for upstream in reads:
        now, read = newest.get(upstream), made.upstream.get(upstream)
        if read is None:
            reasons.append(StaleReason(f"was not made from {upstream}", made.at))
        elif now is not None and now.data_version != read_versions.get(read, now.data_version):
            reasons.append(StaleReason(f"{upstream} changed", now.at))
    return reasons
