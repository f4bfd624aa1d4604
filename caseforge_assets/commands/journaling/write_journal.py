"""The journal: every row of the store as artifacts, so that the database can be lost.

Which comes first: the database. The transaction that changes a row marks it (triggers do, see `store.journal_marks`); at the end of
the same command or run everything that is marked becomes a segment: a file of JSON Lines that appears when it is whole; then the marks go.
A kill between them leaves the marks, and whoever writes the next segment writes those rows, too. A segment whose marks stayed is no
harm: its rows come again, as they are by then. Two rules make what is paid for independent of it: nothing is uploaded before its batch is
journaled, and answers are whole artifacts before any row is made from them.

A segment names the one before it, with its hash. They are read from the newest one backwards, and the newest state of a row counts.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import HEAD, Connection, Engine, wait_for_lock
from caseforge_assets.store.journaling import journal
from caseforge_assets.store.journaling.journal import Marked, Segment
from caseforge_assets.store.reading import due

FOLDER = "journal"
LOCK = "journal"
FORMAT = 2
ROW = b'","row":'  # what stands between table and row in a line; other lines say what is gone
ROW_WITHIN = 100
MOST_MARKS = 1_000
MOST_WAIT_S = 600.0


def write_journal(store: Engine, folder: ArtifactFolder) -> int:
    """Writes what is marked as a segment; returns how many rows that were. While somebody else is at it, it is waited for.

    Raises:
        ArtifactsUnavailable: the folder cannot be written to; the next call writes what this one could not.
    """
    with store.connect() as connection:
        if not journal.count_marks(connection)[0]:
            return 0
    with wait_for_lock(store, LOCK):
        written = write_segment(store, folder, whole=False)
    with store.begin() as connection:
        due.condense(connection)
    return written


def journal_now_and_then(store: Engine, folder: ArtifactFolder) -> int:
    """For what runs for long: writes what is marked when it is much, or has waited for some minutes; returns how many rows that were.

    Raises:
        ArtifactsUnavailable: the folder cannot be written to; the next call writes what this one could not.
    """
    return write_journal(store, folder) if is_worth_a_segment(store) else 0


def is_worth_a_segment(store: Engine) -> bool:
    """Tells whether much is marked, or what is marked first has waited for some minutes."""
    with store.connect() as connection:
        count, since = journal.count_marks(connection)
        return since is not None and (count >= MOST_MARKS or (clock.now(connection) - since).total_seconds() >= MOST_WAIT_S)


def write_segment(store: Engine, folder: ArtifactFolder, *, whole: bool) -> int:
    """Writes what is marked; the caller holds the journal's lock. A segment that is `whole` holds everything, and names none before it."""
    with journal.at_one_moment(store) as connection:
        wanted, previous = journal.marked(connection), journal.newest(connection)
        if not wanted.mark_ids:
            return 0
        before = None if whole else previous
        written_at = journal.next_moment(connection, previous)
        path, counts = _segment_path(written_at), [0]
        artifact = folder.write_packed(path, _lines(connection, wanted, _head(path, before, written_at), counts))
    segment = Segment(path, artifact.sha256, artifact.size_bytes, counts[0], before.path if before else None, written_at)
    with store.begin() as connection:
        journal.add_segments(connection, [segment])
        journal.forget_marks(connection, wanted.mark_ids)
    return segment.row_count


def _segment_path(written_at: datetime) -> str:
    """A new name, in the order of time; the end makes it unique, so that no segment is ever overwritten."""
    return f"{FOLDER}/{written_at.astimezone(UTC):%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(4)}.journal.jsonl"


def _head(path: str, previous: Segment | None, written_at: datetime) -> dict[str, object]:
    return {
        "segment": path,
        "format": FORMAT,
        "schema": HEAD,
        "written_at": written_at.astimezone(UTC).isoformat(),
        "previous": {"path": previous.path, "sha256": previous.sha256} if previous else None,
    }


def _lines(connection: Connection, wanted: Marked, head: dict[str, object], counts: list[int]) -> Iterator[bytes]:
    yield (json.dumps(head) + "\n").encode()
    for lines in journal.lines_of(connection, wanted):
        counts[0] += lines.rows
        yield lines.text
    yield (json.dumps({"rows": counts[0]}) + "\n").encode()
