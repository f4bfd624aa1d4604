"""Measures how far a batch is and how fast it goes, and decides when to look again. The time is an argument."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseforge_assets.batches.states import RemoteStatus, remote_status

YOUNG_S = 300.0  # a batch that is refused in validation is refused by then
NEARLY_DONE = 0.95
FAR_OFF_S = 1_800.0
QUICKER, SLOWER = 3, 4
JITTER = 0.1  # of the interval, either way: several watchers must not call in step


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch under way.

    `done` and `failed` (which is part of done) are what the provider counts, None where it counts nothing; `rate_per_min` and `left_s` are
    known once something is done, `left_s` only while the counts move.
    """

    requests: int
    done: int | None
    failed: int | None
    elapsed_s: float
    rate_per_min: float | None
    left_s: float | None
    note: str = ""

    @property
    def share(self) -> float:
        """Gives what part of it is done; 0 where nothing is known."""
        return (self.done or 0) / self.requests if self.requests else 0.0


def measure(requests: int, status: str | None, counts: Mapping[str, Any] | None, started_at: datetime, now: datetime) -> Progress:
    """Measures how far a batch is, from the provider's status and counts and from our own clock: the provider's may be another.

    Args:
        counts: the provider's `request_counts`, which may be absent or null.
        started_at: when we had it created.
    """
    elapsed_s = max((now - started_at).total_seconds(), 0.0)
    state = remote_status(status)
    completed, failed = _number(counts, "completed"), _number(counts, "failed")
    done = None if completed is None and failed is None else min((completed or 0) + (failed or 0), requests)
    rate = done / elapsed_s if done and elapsed_s else None
    moves = state is RemoteStatus.in_progress
    left_s = (requests - done) / rate if moves and done is not None and rate else None
    return Progress(requests, done, failed, elapsed_s, rate and rate * 60, left_s, _NOTES.get(state, ""))


_NOTES = {
    RemoteStatus.validating: "its file is checked; nothing is counted yet",
    RemoteStatus.finalizing: "the result files are written; the counts do not move, and nobody says how long it takes",
    RemoteStatus.cancelling: "ends within ten minutes; what is answered by then stays",
}


def poll_interval_s(batches: Sequence[Progress], base_s: float, jitter: float) -> float:
    """Seconds until the next look.

    A third of the base while a batch is younger than five minutes, nearly done or being finished; four times the base when each has over
    half an hour to go, or nobody knows how long; the base otherwise, and while nothing is under way.

    Args:
        base_s: as configured.
        jitter: any number from 0 to 1; by it the interval is up to a tenth shorter or longer.
    """
    if any(batch.elapsed_s < YOUNG_S or batch.share >= NEARLY_DONE for batch in batches):
        interval_s = base_s / QUICKER
    elif batches and all(batch.left_s is None or batch.left_s > FAR_OFF_S for batch in batches):
        interval_s = base_s * SLOWER
    else:
        interval_s = base_s
    return interval_s * (1 - JITTER + 2 * JITTER * jitter)


def _number(counts: Mapping[str, Any] | None, name: str) -> int | None:
    found = (counts or {}).get(name)
    return found if isinstance(found, int) and found >= 0 else None
