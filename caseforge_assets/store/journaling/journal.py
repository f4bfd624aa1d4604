"""The journal's side in the database: rows that are marked, as lines of JSON, and the segments that were written of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Table, insert, select, text

from caseforge_assets.store.database.copy import columns_of, copy_json
from caseforge_assets.store.schema.columns import SCHEMA
from caseforge_assets.store.schema.journal_marks import NOT_JOURNALED, WRITTEN_ONCE, journaled_tables
from caseforge_assets.store.schema.journal_tables import journal_segment


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of the journal: hash and size when it is unpacked, its rows, and the segment before it (None: it holds everything)."""

    path: str
    sha256: str
    size_bytes: int
    row_count: int
    previous: str | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Marked:
    """The changes that are not journaled yet: ids of the marks, and per table the ids of rows (None: all of the table), and which of them are new."""

    mark_ids: tuple[int, ...]
    rows: Mapping[str, tuple[int, ...] | None]
    since: datetime | None
    new_rows: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


class Lines(NamedTuple):
    """Lines of JSON with their ends, and how many of them are rows."""

    text: bytes
    rows: int


_MARKS = text(f"""
select m.table_name, bool_or(m.row_ids is null) as whole, min(m.marked_at) as since, array_agg(distinct m.id) as marks,
       array_agg(distinct r.id) filter (where r.id is not null) as rows, array_agg(distinct r.id) filter (where m.added and r.id is not null) as new_rows
from {SCHEMA}.journal_mark m left join lateral unnest(m.row_ids) as r(id) on true
where m.table_name = any(:known) group by m.table_name
""")


def marked(connection: Connection) -> Marked:
    """Reads the marks of what has changed since it was journaled last. Those of tables that a newer version has made are left to that one."""
    found = list(connection.execute(_MARKS, {"known": [table.name for table in journaled_tables()]}))
    return Marked(
        tuple(sorted(mark for row in found for mark in row.marks)),
        {row.table_name: None if row.whole else tuple(row.rows) for row in found},
        min((row.since for row in found), default=None),
        {row.table_name: tuple(row.new_rows) for row in found if row.new_rows},
    )


def count_marks(connection: Connection) -> tuple[int, datetime | None]:
    """Counts the changes that are not journaled yet, and says when the first of them was made."""
    row = connection.execute(text(f"select count(*), min(marked_at) from {SCHEMA}.journal_mark")).one()
    return int(row[0]), row[1]


@contextmanager
def at_one_moment(store: Engine) -> Iterator[Connection]:
    """A connection that sees one moment only, because marks and rows have to fit each other; times are shown in UTC wherever it runs."""
    with store.execution_options(isolation_level="REPEATABLE READ").connect() as connection:
        connection.execute(text("set local time zone 'UTC'"))
        yield connection


def lines_of(connection: Connection, wanted: Marked) -> Iterator[Lines]:
    """The marked rows as they are now, one JSON object a line, tables in the order in which they refer to each other.

    A row that is not new comes without what is written once. After a table's rows come those that are gone, or, where all of the table
    was marked, that these are all.
    """
    for table in journaled_tables():
        if table.name in wanted.rows:
            yield from _lines_of_table(connection, table, wanted.rows[table.name], wanted.new_rows.get(table.name, ()))


def _lines_of_table(connection: Connection, table: Table, ids: Sequence[int] | None, new_ids: Sequence[int]) -> Iterator[Lines]:
    if ids is None:
        yield from _rows(connection, table, None, whole=True)
        yield Lines(f'{{"table":"{table.name}","all":true}}\n'.encode(), 0)
        return
    whole = new_ids if table in WRITTEN_ONCE else ids
    found = 0
    for lines in _rows(connection, table, whole, whole=True):
        found += lines.rows
        yield lines
    for lines in _rows(connection, table, sorted(set(ids).difference(whole)), whole=False):
        found += lines.rows
        yield lines
    if found < len(ids):
        yield Lines(f'{{"table":"{table.name}","gone":{json.dumps(_gone(connection, table, ids))}}}\n'.encode(), 0)


def _rows(connection: Connection, table: Table, ids: Sequence[int] | None, *, whole: bool) -> Iterator[Lines]:
    """Rows by id (None: all); what is written once stands last in a row that is whole, and is left out of one that is not."""
    if ids is not None and not ids:
        return
    once = WRITTEN_ONCE.get(table)
    names = [column.name for column in table.columns if column.name not in (once, *NOT_JOURNALED.get(table, ()))]
    if once and whole:
        names.append(once)
    chosen = "" if ids is None else "where id = any(%(ids)s)"
    line = f"""'{{"table":"{table.name}","row":' || row_to_json(t)::text || '}}'"""
    query = f"select {line} from (select {', '.join(names)} from {table.fullname} {chosen} order by 1) t"
    for piece in copy_json(connection, query, {} if ids is None else {"ids": list(ids)}):
        yield Lines(piece, piece.count(b"\n"))


def _gone(connection: Connection, table: Table, ids: Sequence[int]) -> list[int]:
    query = f"select id from unnest(cast(:ids as bigint[])) as marked(id) where not exists (select 1 from {table.fullname} t where t.id = marked.id)"
    return sorted(connection.scalars(text(query), {"ids": list(ids)}))


def next_moment(connection: Connection, previous: Segment | None) -> datetime:
    """The time of a new segment: now, but always after that of the one before, whatever the clock says."""
    now: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    return now if previous is None else max(now, previous.written_at + timedelta(microseconds=1))


def newest(connection: Connection) -> Segment | None:
    """The segment that was written last."""
    row = connection.execute(select(journal_segment).order_by(journal_segment.c.written_at.desc()).limit(1)).first()
    return Segment(**row._mapping) if row else None


def segments(connection: Connection) -> list[Segment]:
    """All segments, oldest first."""
    return [Segment(**row._mapping) for row in connection.execute(select(journal_segment).order_by(journal_segment.c.written_at))]


def add_segments(connection: Connection, written: Sequence[Segment]) -> None:
    """Records segments that are whole."""
    if written:
        connection.execute(insert(journal_segment), [columns_of(segment) for segment in written])


def forget_marks(connection: Connection, mark_ids: Sequence[int] | None = None) -> None:
    """Removes marks of what was journaled; all of them without ids."""
    chosen = "" if mark_ids is None else "where id = any(:ids)"
    connection.execute(text(f"delete from {SCHEMA}.journal_mark {chosen}"), {} if mark_ids is None else {"ids": list(mark_ids)})


def forget_segments(connection: Connection, paths: Sequence[str]) -> None:
    """Removes the records of segments whose content another one has."""
    connection.execute(text(f"delete from {SCHEMA}.journal_segment where path = any(:paths)"), {"paths": list(paths)})
