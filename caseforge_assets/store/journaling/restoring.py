"""Rows from the journal back into an empty database: staged as lines of JSON, then put into their tables in one go."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import AddConstraint, DropConstraint, ForeignKeyConstraint

from caseforge_assets.store.database.copy import copy_text
from caseforge_assets.store.mirroring.upkeep import spare_outbox_rows
from caseforge_assets.store.schema.columns import SCHEMA
from caseforge_assets.store.schema.journal_marks import is_numbered, journaled_tables
from caseforge_assets.store.schema.tables import provider

STAGED_BYTES = 8 << 20
FORMER_NAMES = {"batch": {"twin_of": "duplicate_of"}}  # of columns, in journals of earlier versions
_OF_THE_ROWS = ("22", "23", "54")  # classes of SQLSTATE: data, constraints, limits such as the depth of JSON


def rows_present(connection: Connection) -> dict[str, int]:
    """Counts the rows of journaled tables; empty ones are left out, and so are providers, which every command adds by itself."""
    tables = [table for table in journaled_tables() if table is not provider]
    counts = {table.name: int(connection.scalar(text(f"select count(*) from {table.fullname}")) or 0) for table in tables}
    return {name: count for name, count in counts.items() if count}


@dataclass
class Staging:
    """Holds lines until all are there: one temporary table for each table that is restored. The caller's transaction holds all of it."""

    connection: Connection
    _tables: dict[str, Table] = field(default_factory=lambda: {table.name: table for table in journaled_tables()})
    _held: dict[str, list[bytes]] = field(default_factory=dict)
    _size: int = 0

    def __post_init__(self) -> None:
        """Makes the temporary tables; they go with the transaction."""
        for name in self._tables:
            self.connection.execute(text(f"create temporary table staged_{name} (row json) on commit drop"))

    def keys(self, table: str) -> tuple[str, ...] | None:
        """The names of a table's key columns; None for a table that is not known any more."""
        known = self._tables.get(table)
        return None if known is None else tuple(known.primary_key.columns.keys())

    def add(self, table: str, row: bytes) -> None:
        """Takes one row, as JSON."""
        self._held.setdefault(table, []).append(row)
        self._size += len(row)
        if self._size >= STAGED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes what is held."""
        for name, rows in self._held.items():
            lines = b"\n".join(rows).replace(b"\\", b"\\\\")  # JSON has no other character that COPY would take for its own
            with _refusals(name):
                copy_text(self.connection, f"copy staged_{name} (row) from stdin", io.BytesIO(lines))
        self._held, self._size = {}, 0

    def store(self) -> dict[str, int]:
        """Puts everything into its tables; returns how many rows each has got.

        Raises:
            RowsRefused: rows are not what the table holds, or others that they refer to are missing.
        """
        self.flush()
        self.connection.execute(text(f"delete from {provider.fullname}"))
        with _refusals("its tables"), _filling(self.connection):
            counts = {table.name: self._store_table(table) for table in self._tables.values()}
        for table in self._tables.values():
            if is_numbered(table):
                sequence = f"select setval('{table.fullname}_id_seq', max(id)) from {table.fullname} having max(id) is not null"
                self.connection.execute(text(sequence))
            self.connection.execute(text(f"analyze {table.fullname}"))
        return {name: count for name, count in counts.items() if count}

    def _store_table(self, table: Table) -> int:
        """Columns are found by their former names, too; what a row lacks, because it was journaled before a column was added, gets the column's default."""
        found = self.connection.execute(_DEFAULTS, {"schema": SCHEMA, "table": table.name})
        defaults = ", ".join(f"'{row.column_name}', {row.column_default}" for row in found)
        query = f"""
        with blank as (select b from jsonb_populate_record(null::{table.fullname}, jsonb_build_object({defaults})) b)
        insert into {table.fullname} select r.* from blank, staged_{table.name} s, lateral json_populate_record(blank.b, {_named_as_now(table)}) r
        """
        return self.connection.exec_driver_sql(query).rowcount


def _named_as_now(table: Table) -> str:
    row = "s.row"
    for former, now in FORMER_NAMES.get(table.name, {}).items():
        renamed = f"cast(cast({row} as jsonb) || jsonb_build_object('{now}', {row} -> '{former}') as json)"
        row = f"case when {row} -> '{former}' is null then {row} else {renamed} end"
    return row


_DEFAULTS = text("""
select column_name, column_default from information_schema.columns
where table_schema = :schema and table_name = :table and column_default is not null and column_default not like 'nextval(%'
""")


class RowsRefused(ValueError):
    """The database does not take rows of the journal, which are not what CaseForge wrote; the text says why."""


@contextmanager
def _refusals(where: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if (getattr(error.orig, "pgcode", None) or "")[:2] not in _OF_THE_ROWS:
            raise
        what = str(error.orig).partition("\n")[0][:200]
        raise RowsRefused(
            f"the journal holds rows that {where} cannot take: {what}. Nothing was changed. Bring it back from a backup of the artifacts"
        ) from error


@contextmanager
def _filling(connection: Connection) -> Iterator[None]:
    """Nothing is marked for the journal, which has it; and tables that refer to each other are checked at the end."""
    tables = journaled_tables()
    cycles = [constraint for table in tables for constraint in table.constraints if _closes_cycle(constraint)]
    for constraint in cycles:
        connection.execute(DropConstraint(constraint))
    for table in tables:
        connection.execute(text(f"alter table {table.fullname} disable trigger user"))
    yield
    for table in tables:
        connection.execute(text(f"alter table {table.fullname} enable trigger user"))
    for constraint in cycles:
        connection.execute(AddConstraint(constraint))


def _closes_cycle(constraint: object) -> bool:
    return isinstance(constraint, ForeignKeyConstraint) and bool(constraint.use_alter)


_AS_FLUSHED = text(f"update {SCHEMA}.outbox set flushed_at = '-infinity'")
_UNFLUSHED = text(f"update {SCHEMA}.outbox set flushed_at = null")


def keep_standing_events(connection: Connection) -> int:
    """Leaves of the outbox what stands, and what that was made from, all of it to be told to Dagster; returns how many rows those are."""
    connection.execute(_AS_FLUSHED)
    spare = spare_outbox_rows(connection, datetime.now(UTC) + timedelta(days=1))
    connection.execute(text(f"delete from {SCHEMA}.outbox where id = any(:ids)"), {"ids": spare})
    return connection.execute(_UNFLUSHED).rowcount
