"""Many rows at once, by PostgreSQL's COPY: into a table, with their ids known beforehand, and out of it as JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Queue
from typing import Any

import orjson
import psycopg2
from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DBAPIError

from caseforge_assets.redaction import mask_bytes

# COPY's text format: these four would end or change a field. https://www.postgresql.org/docs/16/sql-copy.html
_ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"))
_NULL = b"\\N"
_END = b""
PIECE_BYTES = 1 << 20
PIECES_AHEAD = 2
READ_BYTES = 1 << 20  # psycopg2 hands the buffer on in pieces of 8 KB otherwise


def columns_of(record: Any) -> dict[str, Any]:
    """The fields of a record (a dataclass) by name, as a row of a table; `dataclasses.asdict` would copy all values."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def add_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Adds rows to a table that has an `id`, in the caller's transaction; all rows have the same columns.

    Returns:
        The new ids, in the order of the rows.

    Raises:
        IntegrityError: a constraint is violated; the transaction cannot go on.
    """
    ids = next_ids(connection, table, len(rows))
    copy_rows(connection, table, [{"id": row_id, **row} for row_id, row in zip(ids, rows, strict=True)])
    return ids


def next_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Takes so many ids, in ascending order, from the sequence of a table's `id`."""
    query = text("select nextval(cast(:sequence as regclass)) from generate_series(1, :count)")
    return list(connection.scalars(query, {"sequence": f"{table.fullname}_id_seq", "count": count})) if count else []


def copy_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Copies rows into a table, in the caller's transaction; all rows have the same columns.

    Raises:
        IntegrityError: a constraint is violated; the transaction cannot go on.
    """
    if rows:
        names = list(rows[0])
        lines = [b"\t".join([_field(row[name]) for name in names]) for row in rows]
        copy_text(connection, f"copy {table.fullname} ({', '.join(names)}) from stdin", io.BytesIO(b"\n".join(lines)))


def copy_text(connection: Connection, statement: str, buffer: io.BytesIO) -> None:
    """Runs a COPY from a buffer that is in COPY's text format already, in the caller's transaction; secrets in it are masked.

    Raises:
        IntegrityError: a constraint is violated; the transaction cannot go on.
    """
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection to the database is closed")
    try:
        with driver.cursor() as cursor:
            cursor.copy_expert(statement, io.BytesIO(mask_bytes(buffer.getvalue())), size=READ_BYTES)
    except psycopg2.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg2.Error) from error


def copy_json(connection: Connection, query: str, parameters: Mapping[str, Any]) -> Iterator[bytes]:
    """Reads a query's only column, JSON texts, while what came before is used.

    Args:
        query: with parameters as the driver takes them, such as `%(ids)s`.

    Yields:
        Lines, some `PIECE_BYTES` of them at a time. The connection must not be used before the last.

    Raises:
        DBAPIError: the query fails.
    """
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection to the database is closed")
    pieces = _Pieces()
    with driver.cursor() as cursor, ThreadPoolExecutor(1, "copy") as thread:
        statement = f"copy ({cursor.mogrify(query, parameters).decode()}) to stdout"
        copying = thread.submit(pieces.fill, cursor, statement)
        try:
            yield from iter(pieces.queue.get, _END)
        except BaseException:
            pieces.wanted = False
            driver.cancel()
            while not copying.done():
                pieces.take_any()
            raise
        try:
            copying.result()
        except psycopg2.Error as error:
            raise DBAPIError.instance(statement, None, error, psycopg2.Error) from error


class _Pieces:
    """The output of a COPY in pieces, `_END` after the last."""

    def __init__(self) -> None:
        self.queue: Queue[bytes] = Queue(PIECES_AHEAD)
        self.wanted = True
        self._lines: list[bytes] = []
        self._size = 0

    def fill(self, cursor: Any, statement: str) -> None:
        """Runs the COPY."""
        try:
            cursor.copy_expert(statement, self)
            self._hand_on()
        finally:
            self.queue.put(_END)

    def write(self, line: bytes) -> None:
        """Takes a row, as the driver hands it over."""
        if self.wanted:
            self._lines.append(line)
            self._size += len(line)
            if self._size >= PIECE_BYTES:
                self._hand_on()

    def take_any(self) -> None:
        """Makes room for a piece that nobody wants any more."""
        with suppress(Empty):
            self.queue.get(timeout=0.01)

    def _hand_on(self) -> None:
        if self._lines:
            # JSON has no bare control characters: all that COPY has escaped in it are backslashes.
            self.queue.put(b"".join(self._lines).replace(b"\\\\", b"\\"))
            self._lines, self._size = [], 0


def _field(value: Any) -> bytes:
    if value is None:
        return _NULL
    if isinstance(value, str):
        return _escaped(value.encode())
    if isinstance(value, bytes):
        return b"\\\\x" + value.hex().encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, (dict, list, tuple)):
        return _json(value).replace(b"\\", b"\\\\")  # JSON has escaped the others
    return str(value).encode()


def _escaped(value: bytes) -> bytes:
    for character, escape in _ESCAPES:
        value = value.replace(character, escape)
    return value


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=str)
    except TypeError:  # a number of more than 64 bits, which PostgreSQL can hold
        return json.dumps(value, ensure_ascii=False, default=str).encode()
