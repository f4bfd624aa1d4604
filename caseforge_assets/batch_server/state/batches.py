"""Batch records: what is known about a batch, as one JSON text a row. What its state is now, is worked out in ``batches.lifecycle``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from caseforge_assets.batch_server.state.database import Database

Usage = dict[str, int]


@dataclass(frozen=True)
class Schedule:
    """The least duration of each phase, in seconds of the server's clock.

    ``window_s`` is the time after which a batch expires; ``expires_at_share`` is the share of its requests after which it does, if set.
    """

    validating_s: float
    answering_s: float
    finalizing_s: float
    cancelling_s: float
    window_s: float
    expires_at_share: float | None = None


@dataclass(frozen=True)
class LineProblem:
    """A reason to refuse a batch after validation; ``line`` counts from 1, None means the whole file."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


@dataclass(frozen=True)
class Ending:
    """The end of a batch. ``usage`` counts input, cached, output and reasoning tokens."""

    status: str
    at: float
    completed: int = 0
    failed: int = 0
    output_file_id: str | None = None
    error_file_id: str | None = None
    usage: Usage = field(default_factory=dict)


@dataclass(frozen=True)
class BatchRecord:
    """One batch. ``number`` is 1 for the first one this server accepted; times are Unix seconds of its clock."""

    number: int
    id: str
    endpoint: str
    completion_window: str
    input_file_id: str
    metadata: dict[str, str] | None
    output_expires_s: int | None
    created_at: float
    schedule: Schedule
    validated_at: float | None = None
    problems: tuple[LineProblem, ...] = ()
    model: str | None = None
    total: int = 0
    input_tokens: int = 0
    answered_at: float | None = None
    cancelling_at: float | None = None
    ending: Ending | None = None


@dataclass(frozen=True)
class BatchPage:
    """One page of a list, newest first."""

    batches: list[BatchRecord]
    has_more: bool


class BatchStore:
    """Batch records by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, make: Callable[[int], BatchRecord]) -> BatchRecord:
        """Store a new record; ``make`` gets its number."""
        with self._database.transaction() as connection:
            number = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM batches").fetchone()[0]
            record = make(number)
            connection.execute("INSERT INTO batches VALUES (?, ?, 0, ?)", (number, record.id, json.dumps(asdict(record))))
        return record

    def get(self, batch_id: str) -> BatchRecord | None:
        """The record, or None."""
        rows = self._database.rows("SELECT record FROM batches WHERE id = ?", batch_id)
        return _record(rows[0]["record"]) if rows else None

    def change(self, batch_id: str, change: Callable[[BatchRecord], BatchRecord]) -> BatchRecord:
        """Replace a record by what ``change`` makes of it; nobody else changes it meanwhile.

        Raises:
            KeyError: If there is no such batch.
        """
        with self._database.transaction() as connection:
            before = self.get(batch_id)
            if before is None:
                raise KeyError(batch_id)
            after = change(before)
            connection.execute(
                "UPDATE batches SET ended = ?, record = ? WHERE id = ?", (after.ending is not None, json.dumps(asdict(after)), batch_id)
            )
        return after

    def unfinished(self) -> list[BatchRecord]:
        """Every batch that has not ended, oldest first."""
        return [_record(row["record"]) for row in self._database.rows("SELECT record FROM batches WHERE NOT ended ORDER BY number")]

    def page(self, *, after: BatchRecord | None, limit: int) -> BatchPage:
        """A page of batches, newest first."""
        below = after.number if after else 2**62
        rows = self._database.rows("SELECT record FROM batches WHERE number < ? ORDER BY number DESC LIMIT ?", below, limit + 1)
        return BatchPage([_record(row["record"]) for row in rows[:limit]], len(rows) > limit)

    def usage(self) -> dict[str, Usage]:
        """Tokens of all answers in batches that have ended, by model: what would be billed."""
        total: dict[str, Counter[str]] = {}
        for row in self._database.rows("SELECT record FROM batches WHERE ended"):
            record = _record(row["record"])
            if record.model and record.ending:
                total.setdefault(record.model, Counter()).update(record.ending.usage)
        return {model: dict(tokens) for model, tokens in total.items()}

    def count(self) -> int:
        """Counts the batches that were ever created."""
        return int(self._database.rows("SELECT count(*) AS n FROM batches")[0]["n"])


def _record(text: str) -> BatchRecord:
    fields: dict[str, Any] = json.loads(text)
    fields["schedule"] = Schedule(**fields["schedule"])
    fields["problems"] = tuple(LineProblem(**problem) for problem in fields["problems"])
    fields["ending"] = Ending(**fields["ending"]) if fields["ending"] else None
    return BatchRecord(**fields)
