"""The server's SQLite file: its tables, and one connection that all threads share.

SQLite's own exclusive lock keeps two servers from working in the same folder; a killed process gives it up.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

TABLES = """
CREATE TABLE IF NOT EXISTS clock (real_s REAL NOT NULL, server_s REAL NOT NULL, scale REAL NOT NULL);
CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, filename TEXT NOT NULL, purpose TEXT NOT NULL,
    size_bytes INTEGER NOT NULL, created_at REAL NOT NULL, expires_at REAL);
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, ended INTEGER NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    batch_number INTEGER NOT NULL, line INTEGER NOT NULL, custom_id TEXT NOT NULL, body_sha256 TEXT NOT NULL,
    attempt INTEGER NOT NULL, offset INTEGER NOT NULL, answered INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (batch_number, line)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS requests_by_custom_id ON requests (custom_id);
CREATE INDEX IF NOT EXISTS requests_by_body ON requests (body_sha256);
"""


class StateDirInUseError(Exception):
    """Another server works in this folder."""


class Database:
    """One connection, used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            StateDirInUseError: If another process has it open.
        """
        self._lock = RLock()
        self._connection = sqlite3.connect(path, timeout=0.5, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(TABLES)
        except sqlite3.OperationalError as error:
            self._connection.close()
            if "locked" not in str(error):
                raise
            raise StateDirInUseError(f"Another Batch API server works in {path.parent}: stop it, or choose another --state-dir.") from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside happens, or nothing; nested uses join the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                yield self._connection

    def rows(self, sql: str, *parameters: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """Give up the file."""
        with self._lock:
            self._connection.close()
