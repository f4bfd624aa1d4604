"""Upkeep of the database: old outbox rows that nothing needs any more, what tables take up, and vacuuming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, select, text

from caseforge_assets.batches.states import SETTLED, WAITING
from caseforge_assets.store.schema.columns import SCHEMA
from caseforge_assets.store.schema.constants import listed
from caseforge_assets.store.schema.tables import outbox

ROWS_PER_TRANSACTION = 5_000


@dataclass(frozen=True, slots=True)
class TableSize:
    """The size of a table: `data_bytes` is what its rows hold, `disk_bytes` the files with indexes and room for new rows."""

    table: str
    rows: int
    data_bytes: int
    disk_bytes: int


# A row that commands may still read: the newest of its kind, now and as it was at the limit (somebody may have read that one a moment
# ago and not have written yet); one that Dagster was not told of; one that a request under way was written for; whatever these were
# made from. Failures of attempts count beside other failures: why a node failed is asked of them alone.
_SPARE = text(f"""
with recursive root as (
    select unnest(array[max(id), max(id) filter (where created_at < :limit)]) as id from caseforge.outbox
    group by framework_key, asset, node_id, partition_key, kind, attempt_id is null
    union select id from caseforge.outbox where flushed_at is null or flushed_at >= :limit
    union select max(o.id) from caseforge.outbox o join caseforge.request r on r.id = o.request_id
    where r.is_current or r.state in {listed(WAITING)} or exists (
        select 1 from caseforge.attempt a join caseforge.batch b on b.id = a.batch_id
        where a.request_id = r.id and b.state not in {listed(SETTLED)})
    group by o.asset, o.kind, o.request_id
),
needed as (
    select id from root where id is not null
    union
    select cast(read.value as bigint) from needed n join caseforge.outbox o on o.id = n.id cross join jsonb_each_text(o.upstream) read
)
select o.id from caseforge.outbox o where not exists (select 1 from needed n where n.id = o.id) order by o.id
""")


def spare_outbox_rows(connection: Connection, limit: datetime) -> list[int]:
    """Ids of outbox rows that Dagster was told of before the limit and that no command needs any more."""
    return list(connection.scalars(_SPARE, {"limit": limit}))


def events_of_outbox(connection: Connection, without: Sequence[int]) -> list[int]:
    """Dagster's event ids of all outbox rows but some: what is made from these rows will point to them."""
    query = text("""
    select o.event_id from caseforge.outbox o
    where o.event_id is not null and not exists (select 1 from unnest(cast(:ids as bigint[])) as spare(id) where spare.id = o.id)
    """)
    return list(connection.scalars(query, {"ids": list(without)}))


def delete_outbox_rows(engine: Engine, ids: Sequence[int]) -> int:
    """Deletes outbox rows, some thousand in a transaction; returns how many were there."""
    deleted = 0
    for start in range(0, len(ids), ROWS_PER_TRANSACTION):
        chunk = list(ids[start : start + ROWS_PER_TRANSACTION])
        with engine.begin() as connection:
            deleted += connection.execute(text("delete from caseforge.outbox where id = any(:ids)"), {"ids": chunk}).rowcount
    return deleted


def size_of_outbox(engine: Engine) -> TableSize:
    """The size of the outbox."""
    with engine.connect() as connection:
        return size_of(connection, outbox)


def size_of(connection: Connection, table: Table) -> TableSize:
    """The size of a table of this database; `table` may be one of Dagster's."""
    data: Any = sum((func.coalesce(func.pg_column_size(column), 0) for column in table.columns), start=0)
    row = connection.execute(select(func.count(), func.coalesce(func.sum(data), 0)).select_from(table)).one()
    disk_bytes = connection.scalar(select(func.pg_total_relation_size(table.fullname)))
    return TableSize(table.fullname, int(row[0]), int(row[1]), int(disk_bytes or 0))


def vacuum_outbox(engine: Engine) -> None:
    """Makes the room of deleted rows usable."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"vacuum (analyze) {SCHEMA}.{outbox.name}"))
