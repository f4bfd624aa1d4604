"""Every request line that was ever accepted: where it stands in its file, which attempt it is, and whether it was answered.

The counts prove to a test that no request was paid for twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caseforge_assets.batch_server.state.database import Database

ROWS_AT_ONCE = 2_000
# An attempt is the next one if the same question, or another under the same name, came before.
INSERT = """
INSERT INTO requests (batch_number, line, custom_id, body_sha256, attempt, offset)
VALUES (:batch, :line, :custom_id, :sha, 1 + (
    SELECT count(*) FROM (
        SELECT batch_number, line FROM requests WHERE custom_id = :custom_id AND batch_number < :batch
        UNION SELECT batch_number, line FROM requests WHERE body_sha256 = :sha AND batch_number < :batch)), :offset)
"""
COUNTS = """
SELECT coalesce(sum(times), 0) AS requests, count(*) AS distinct_bodies, coalesce(max(times), 0) AS max_multiplicity
FROM (SELECT count(*) AS times FROM requests WHERE answered >= ? GROUP BY body_sha256)
"""


@dataclass(frozen=True)
class RequestLine:
    """One accepted line: ``line`` counts from 1, ``offset`` is where it begins in the file, in bytes."""

    line: int
    custom_id: str
    body_sha256: str
    offset: int
    attempt: int = 1


@dataclass(frozen=True)
class BodyCounts:
    """Counts of requests and of different bodies, and how often the most frequent one came."""

    requests: int
    distinct_bodies: int
    max_multiplicity: int


class RequestStore:
    """Request lines by batch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, batch_number: int, lines: Sequence[RequestLine]) -> None:
        """Store the lines of a batch, instead of those that a killed server may have left."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM requests WHERE batch_number = ?", (batch_number,))
        for start in range(0, len(lines), ROWS_AT_ONCE):
            rows = [
                {"batch": batch_number, "line": line.line, "custom_id": line.custom_id, "sha": line.body_sha256, "offset": line.offset}
                for line in lines[start : start + ROWS_AT_ONCE]
            ]
            with self._database.transaction() as connection:
                connection.executemany(INSERT, rows)

    def of_batch(self, batch_number: int) -> list[RequestLine]:
        """The lines of a batch in the order of its file."""
        rows = self._database.rows(
            "SELECT line, custom_id, body_sha256, offset, attempt FROM requests WHERE batch_number = ? ORDER BY line", batch_number
        )
        return [RequestLine(**dict(row)) for row in rows]

    def mark_answered(self, batch_number: int, lines: Iterable[int]) -> None:
        """Note which lines were answered, well or badly: those are the ones that cost something."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE requests SET answered = 1 WHERE batch_number = ? AND line = ?", ((batch_number, n) for n in lines)
            )

    def counts(self, *, answered_only: bool) -> BodyCounts:
        """Totals over all batches."""
        return BodyCounts(**dict(self._database.rows(COUNTS, int(answered_only))[0]))
