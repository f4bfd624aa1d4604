"""The answers of one batch as they come in, appended to a file, so that a restarted server goes on behind the last whole one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class JournalEntry:
    """The fate of one request.

    Attributes:
        line: Its line in the input file, from 1.
        failed: Whether it counts as failed.
        output: Texts for the output file; more or fewer than one only when a fault is at work.
        errors: Texts for the error file.
        usage: Tokens by kind, empty for failures.
        counted: Whether it is in the batch's counts; a request that came to no result is not.
    """

    line: int
    failed: bool
    output: list[str]
    errors: list[str]
    usage: dict[str, int]
    counted: bool = True


class Journal:
    """Appends entries and remembers their order: enough to say how many of the first n failed without reading them again."""

    def __init__(self, path: Path) -> None:
        """Open a journal, dropping a last entry that was torn by a kill."""
        self.path = path
        self._lock = Lock()
        self.lines: list[int] = []
        self._failed = bytearray()
        path.parent.mkdir(parents=True, exist_ok=True)
        end = self._read_existing()
        self._stream = path.open("ab")
        self._stream.truncate(end)

    def _read_existing(self) -> int:
        end = 0
        if self.path.exists():
            for raw, entry in _whole_entries(self.path):
                self._remember(entry)
                end += len(raw)
        return end

    def _remember(self, entry: dict[str, Any]) -> None:
        self.lines.append(entry["line"])
        self._failed.append(entry["failed"])

    def append(self, entry: JournalEntry) -> None:
        """Add one entry, out of this process's memory when it returns."""
        fields = asdict(entry)
        raw = json.dumps(fields).encode() + b"\n"
        with self._lock:
            self._stream.write(raw)
            self._stream.flush()
            self._remember(fields)

    def __len__(self) -> int:
        return len(self.lines)

    def failed_among(self, count: int) -> int:
        """Counts the failed ones among the first ``count`` entries."""
        return sum(self._failed[:count])

    def entries(self, count: int) -> Iterator[JournalEntry]:
        """The first ``count`` entries, read one at a time."""
        for position, (_, fields) in enumerate(_whole_entries(self.path)):
            if position >= count:
                return
            yield JournalEntry(**fields)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _whole_entries(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    with path.open("rb") as stream:
        for raw in stream:
            if not raw.endswith(b"\n"):
                return
            yield raw, json.loads(raw)
