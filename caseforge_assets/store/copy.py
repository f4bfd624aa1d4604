"""Many rows into a table at once, by PostgreSQL's COPY, with their ids known beforehand."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg2
from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DBAPIError

# COPY's text format: these four would end or change a field. https://www.postgresql.org/docs/16/sql-copy.html
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
_NULL = "\\N"
_json = json.JSONEncoder(ensure_ascii=False, default=str).encode
READ_BYTES = 1 << 20  # psycopg2 hands the buffer on in pieces of 8 KB otherwise


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
        lines = ("\t".join([_field(row[name]) for name in names]) for row in rows)
        copy_text(connection, f"copy {table.fullname} ({', '.join(names)}) from stdin", io.BytesIO("\n".join(lines).encode()))


def copy_text(connection: Connection, statement: str, buffer: io.BytesIO) -> None:
    """Runs a COPY from a buffer that is in COPY's text format already, in the caller's transaction.

    Raises:
        IntegrityError: a constraint is violated; the transaction cannot go on.
    """
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection to the database is closed")
    try:
        with driver.cursor() as cursor:
            cursor.copy_expert(statement, buffer, size=READ_BYTES)
    except psycopg2.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg2.Error) from error


def _field(value: Any) -> str:
    if value is None:
        return _NULL
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, (dict, list, tuple)):
        return _escaped(_json(value))
    return str(value)


def _escaped(value: str) -> str:
    for character, escape in _ESCAPES:
        value = value.replace(character, escape)
    return value
