"""Segments of the journal, read from the newest one backwards, each checked against what the one after it says of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from caseforge_assets.artifacts import ARCHIVED, ArtifactFolder, ArtifactMissing
from caseforge_assets.commands.journaling.write_journal import FOLDER, FORMAT, ROW, ROW_WITHIN
from caseforge_assets.store.database.engine import HEAD
from caseforge_assets.store.journaling.journal import Segment
from caseforge_assets.store.schema.journal_marks import WRITTEN_ONCE
from caseforge_assets.wording import counted

MOST_SEGMENTS = 1_000_000
FREE_LINES = 1_000_000  # and one for each packed byte: a row has an id, which takes more
LONGEST_LINE_BYTES = 256 << 20  # no row is larger in PostgreSQL, either
_NAME = re.compile(rf"{FOLDER}/[A-Za-z0-9][A-Za-z0-9._-]*\.journal\.jsonl")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NOT_UNDERSTOOD = (ValueError, TypeError, LookupError, AttributeError, RecursionError)  # what reading somebody else's JSON can raise
TakeLine = Callable[[bytes], None]
Key = int | tuple[Any, ...]
KeysOf = Callable[[str], Sequence[str] | None]
TakeRow = Callable[[str, Key, bytes], None]
_TABLE = b'{"table":"'
_VALUE = re.compile(rb'null|"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
# What is written once is the last of a row, and this stands before it and nowhere else: within a string quotes are escaped, and values of
# jsonb are written with spaces. In the first format others came after it.
_ONCE = {table.name: f',"{column}":'.encode() for table, column in WRITTEN_ONCE.items()}


class JournalBroken(ValueError):
    """A segment is missing, altered or not to be understood; the text says which one and what to do."""


def segment_names(folder: ArtifactFolder) -> list[str]:
    """Paths of all segments, oldest first."""
    return [name for name in folder.names(FOLDER) if name.endswith(".journal.jsonl")]


def read_backwards(folder: ArtifactFolder, newest: str, take: TakeLine) -> list[Segment]:
    """Reads all segments from one backwards; `take` gets every line but their heads and ends, newer segments first.

    Returns:
        The segments, newest first.

    Raises:
        JournalBroken: what would come out is not the whole truth.
    """
    segments: list[Segment] = []
    path: str | None = newest
    sha256: str | None = None
    while path is not None:
        segment, sha256 = _read(folder, path, sha256, take)
        segments.append(segment)
        path = segment.previous
        if path in {segment.path for segment in segments} or len(segments) > MOST_SEGMENTS:
            raise JournalBroken(f"the journal goes round in a circle at {path}. Bring it back from a backup of the artifacts")
    return segments


def read_newest_states(folder: ArtifactFolder, newest: str, keys: KeysOf, take: TakeRow) -> list[Segment]:
    """The same, but `take` gets table, key and row (JSON) of the newest state of each row, whole; rows that are gone by then are left out.

    Args:
        keys: the names of a table's key columns; None for a table that does not exist any more, whose rows are left out.

    Raises:
        JournalBroken: as above, or of a row only changes are there.
    """
    states = _NewestStates(keys, take)
    segments = read_backwards(folder, newest, states)
    states.refuse_unfinished()
    return segments


class _NewestStates:
    """Takes lines, newer segments first, and hands on of each row the state that comes first, completed by an older one if need be."""

    def __init__(self, keys: KeysOf, take: TakeRow) -> None:
        self._keys, self._take = keys, take
        self._seen: dict[str, set[Key]] = {}
        self._complete: set[str] = set()
        self._unfinished: dict[tuple[str, Key], bytes] = {}

    def __call__(self, line: bytes) -> None:
        table, row = split_line(line)
        names = self._keys(table)
        if names is None or table in self._complete:
            return
        seen = self._seen.setdefault(table, set())
        if row is None:
            said = json.loads(line)
            seen.update(said.get("gone", ()))
            if said.get("all"):
                self._complete.add(table)
        elif (key := key_of(row, names)) not in seen and (whole := self._completed(table, key, row)):
            seen.add(key)
            self._take(table, key, whole)

    def _completed(self, table: str, key: Key, row: bytes) -> bytes | None:
        """The newest state of a row with what an older one says of it; None until that comes."""
        once = _ONCE.get(table)
        if once is None:
            return row
        start = row.find(once)
        if start < 0:
            self._unfinished.setdefault((table, key), row)
            return None
        newest = self._unfinished.pop((table, key), None)
        return newest[:-1] + _only_once(row, start, once) + b"}" if newest else row

    def refuse_unfinished(self) -> None:
        if self._unfinished:
            table, key = next(iter(self._unfinished))
            raise JournalBroken(
                f"the journal has changes of {counted(len(self._unfinished), 'row')}, the first of them {table} {key}, and not the rows themselves. "
                "Bring an older state of it back from a backup of the artifacts"
            )


def _only_once(row: bytes, start: int, once: bytes) -> bytes:
    """Gives what is written once, and nothing of what follows it in a row of the first format: that is of an older state."""
    end = start + len(once)
    value = _VALUE.match(row, end)
    if value is None:
        raise JournalBroken(
            f"the journal has a row that is not to be understood: {row[:100]!r}. Bring it back from a backup of the artifacts"
        )
    return row[start : value.end()]


def key_of(row: bytes, names: Sequence[str]) -> Key:
    """The key of a row that is JSON: its number, which stands first, or the values of its key columns."""
    if row.startswith(b'{"id":'):
        return int(row[6 : row.index(b",")])
    values = json.loads(row)
    return tuple(values[name] for name in names)


def split_line(line: bytes) -> tuple[str, bytes | None]:
    """Table and row (JSON) of a line; no row where the line says that rows are gone."""
    table, found, _ = line[len(_TABLE) : len(_TABLE) + ROW_WITHIN].partition(ROW)
    if not found:
        return str(json.loads(line)["table"]), None
    return table.decode(), line[len(_TABLE) + len(table) + len(ROW) :].rstrip(b"\n")[:-1]


def other_branch(folder: ArtifactFolder, chain: list[Segment]) -> tuple[str, ...]:
    """Segments of a database that was set back to an older state and went on from there: the chain, newest first, does not go back to them.

    Single ones are of writers that were killed before they had recorded them: what they hold came again later.
    """
    known, oldest = {segment.path for segment in chain}, chain[-1].path
    others = [name for name in segment_names(folder) if name not in known and name > oldest]
    followed = {str((_read_head(folder, name)["previous"] or {}).get("path")) for name in others}
    return tuple(sorted(name for name in others if name in followed or (_read_head(folder, name)["previous"] or {}).get("path") in others))


def is_as_now(folder: ArtifactFolder, path: str) -> bool:
    """Tells whether a segment was written in the form and with the columns that rows have now; older ones are restored, and not gone on with."""
    head = _read_head(folder, path)
    return bool(head["format"] == FORMAT and head["schema"] == HEAD)


def _read_head(folder: ArtifactFolder, path: str) -> dict[str, Any]:
    """A segment's first line."""
    try:
        for line in _lines(folder.read(path)):
            return _checked_head(folder, path, line)
    except _NOT_UNDERSTOOD as error:
        raise _unreadable(folder, path, error) from error
    raise JournalBroken(f"{folder.describe(path)} is empty; bring it back from a backup")


def _read(folder: ArtifactFolder, path: str, sha256: str | None, take: TakeLine) -> tuple[Segment, str | None]:
    digest, size, count, lines = hashlib.sha256(), 0, 0, 0
    end: dict[str, Any] = {}
    head: dict[str, Any] | None = None
    try:
        most_lines = FREE_LINES + _stored_bytes(folder, path)
        for line in _lines(folder.read(path)):
            digest.update(line)
            size += len(line)
            lines += 1
            if lines > most_lines:
                raise JournalBroken(f"it has more than {most_lines:,} lines, which no segment of its size has")
            if head is None:
                head = _checked_head(folder, path, line)
            elif line.startswith(_TABLE):
                take(line)
                count += ROW in line[:ROW_WITHIN]
            else:
                end = dict(json.loads(line))
    except ArtifactMissing as error:
        raise JournalBroken(
            f"the journal's segment {path} is missing. Bring it back from a backup of the artifacts, and run this again"
        ) from error
    except _NOT_UNDERSTOOD as error:
        raise _unreadable(folder, path, error) from error
    if head is None or end.get("rows") != count or (sha256 is not None and digest.hexdigest() != sha256):
        raise JournalBroken(f"{folder.describe(path)} was altered after it had been written. Bring it back from a backup of the artifacts")
    before = head["previous"] or {}
    written_at = datetime.fromisoformat(head["written_at"])
    return Segment(path, digest.hexdigest(), size, count, before.get("path"), written_at), before.get("sha256")


def _stored_bytes(folder: ArtifactFolder, path: str) -> int:
    try:
        return folder.stored_bytes(path)
    except FileNotFoundError:
        pass
    try:
        return folder.stored_bytes(path + ARCHIVED)
    except FileNotFoundError:
        return 0


def _unreadable(folder: ArtifactFolder, path: str, error: Exception) -> JournalBroken:
    if isinstance(error, JournalBroken):
        return error
    return JournalBroken(f"{folder.describe(path)} cannot be read: {error}. Bring it back from a backup of the artifacts")


def _checked_head(folder: ArtifactFolder, path: str, line: bytes) -> dict[str, Any]:
    head = json.loads(line)
    if not isinstance(head, dict) or head.get("segment") != path:
        raise JournalBroken(f"{folder.describe(path)} is no segment of the journal, or was renamed")
    if head["format"] > FORMAT:
        raise JournalBroken(f"{folder.describe(path)} was written by a newer version of CaseForge (format {head['format']}); use that one")
    before = head["previous"]
    if before is not None and not (_NAME.fullmatch(before["path"]) and _SHA256.fullmatch(before["sha256"])):
        raise JournalBroken(
            f"{folder.describe(path)} does not say which segment is before it. Bring it back from a backup of the artifacts"
        )
    if datetime.fromisoformat(head["written_at"]).tzinfo is None:
        raise JournalBroken(f"{folder.describe(path)} does not say when it was written. Bring it back from a backup of the artifacts")
    return head


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        held.append(first)
        size += len(first)
        if size > LONGEST_LINE_BYTES:
            raise JournalBroken(f"a line is longer than {counted(LONGEST_LINE_BYTES, 'byte')}")
        for part in rest:
            yield b"".join(held) + b"\n"
            held, size = [part], len(part)
    if size:
        yield b"".join(held)
