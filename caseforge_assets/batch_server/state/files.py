"""Uploaded files and result files: a row and a content each. A file is there when its row is; contents arrive by rename before it."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from caseforge_assets.batch_server.state.database import Database

COLUMNS = "number, id, filename, purpose, size_bytes, created_at, expires_at"


@dataclass(frozen=True)
class StoredFile:
    """One file. Times are Unix seconds of the server's clock."""

    number: int
    id: str
    filename: str
    purpose: str
    size_bytes: int
    created_at: float
    expires_at: float | None


@dataclass(frozen=True)
class FilePage:
    """One page of a list and whether more follow."""

    files: list[StoredFile]
    has_more: bool


class FileStore:
    """Files by id; ids are looked up before they become paths."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, file_id: str) -> Path:
        """Gives the place of a stored file's content."""
        return self._folder / file_id

    def add(self, content: Path, *, file_id: str, filename: str, purpose: str, now: float, expires_at: float | None) -> StoredFile:
        """Take over a complete file, which is moved away from where it is."""
        size_bytes = content.stat().st_size
        content.replace(self.path(file_id))
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO files (id, filename, purpose, size_bytes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                (file_id, filename, purpose, size_bytes, now, expires_at),
            )
        return StoredFile(cursor.lastrowid or 0, file_id, filename, purpose, size_bytes, now, expires_at)

    def get(self, file_id: str, now: float) -> StoredFile | None:
        """The file, or None if there is none or it has expired."""
        sql = f"SELECT {COLUMNS} FROM files WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)"  # noqa: S608 - a constant
        rows = self._database.rows(sql, file_id, now)
        return _file(rows[0]) if rows else None

    def page(
        self, *, now: float, after: StoredFile | None, limit: int, ascending: bool, purpose: str | None = None, without: str | None = None
    ) -> FilePage:
        """A page of the files that have not expired, in order of creation: those of one purpose, or without those of another."""
        beyond, direction = (">", "ASC") if ascending else ("<", "DESC")
        conditions = ["(expires_at IS NULL OR expires_at > ?)"]
        parameters: list[object] = [now]
        if purpose is not None:
            conditions.append("purpose = ?")
            parameters.append(purpose)
        if without is not None:
            conditions.append("purpose <> ?")
            parameters.append(without)
        if after is not None:
            conditions.append(f"number {beyond} ?")
            parameters.append(after.number)
        sql = f"SELECT {COLUMNS} FROM files WHERE {' AND '.join(conditions)} ORDER BY number {direction} LIMIT ?"  # noqa: S608 - constants
        rows = self._database.rows(sql, *parameters, limit + 1)
        return FilePage([_file(row) for row in rows[:limit]], len(rows) > limit)

    def count_kept(self, now: float, *, expiring: bool) -> int:
        """Counts the files that expire some day, or that never do."""
        condition = "expires_at > ?" if expiring else "expires_at IS NULL AND ? IS NOT NULL"
        [row] = self._database.rows(f"SELECT count(*) AS files FROM files WHERE {condition}", now)  # noqa: S608 - constants
        return int(row["files"])

    def count(self, purpose: str) -> tuple[int, int]:
        """Counts the files of a purpose, and their different names."""
        [row] = self._database.rows("SELECT count(*) AS files, count(DISTINCT filename) AS names FROM files WHERE purpose = ?", purpose)
        return int(row["files"]), int(row["names"])

    def remove(self, file_id: str) -> None:
        """Delete row and content."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM files WHERE id = ?", (file_id,))
        self.path(file_id).unlink(missing_ok=True)

    def remove_expired(self, now: float) -> None:
        """Delete the files whose time is over."""
        for row in self._database.rows("SELECT id FROM files WHERE expires_at <= ?", now):
            self.remove(row["id"])


def sync_to_disk(path: Path) -> None:
    """Make sure that a file's bytes are on the disk before its name is given away."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _file(row: sqlite3.Row) -> StoredFile:
    return StoredFile(**dict(row))
