"""The outbox: what happened to which node at which asset, written with the change itself and mirrored to Dagster later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.database.clock import seconds_since
from caseforge_assets.store.database.copy import add_rows, columns_of
from caseforge_assets.store.schema.dagster_tables import Kind as Kind
from caseforge_assets.store.schema.tables import outbox


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One event of one node at one asset: made (or confirmed), failed for a reason, waiting for an answer, or outdated.

    `upstream` maps the asset that was read to the id of the outbox row that was current when it was read.
    """

    framework_key: str
    asset: str
    node_id: int | None
    partition_key: str | None
    kind: Kind = Kind.made
    data_version: str = ""
    code_version: str = ""
    upstream: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    context_id: int | None = None
    request_id: int | None = None
    attempt_id: int | None = None
    content_id: int | None = None


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest row of a node at an asset that says made."""

    id: int
    data_version: str
    code_version: str
    partition_key: str | None


def add(connection: Connection, rows: Sequence[OutboxRow]) -> list[int]:
    """Writes rows and returns their ids, in the order given."""
    return add_rows(connection, outbox, [columns_of(row) for row in rows])


_LATEST = text(f"""
select distinct on (o.node_id) o.node_id, o.id, o.data_version, o.code_version, o.partition_key
from caseforge.outbox o
where o.framework_key = :key and o.asset = :asset and o.kind = '{Kind.made}' and o.node_id = any(:ids)
order by o.node_id, o.id desc
""")


def latest(connection: Connection, key: str, asset: str, node_ids: Sequence[int]) -> dict[int, Latest]:
    """Per node, the newest row of an asset that says made; nodes without one are left out."""
    rows = connection.execute(_LATEST, {"key": key, "asset": asset, "ids": list(node_ids)})
    return {row.node_id: Latest(row.id, row.data_version, row.code_version, row.partition_key) for row in rows}


def latest_unpartitioned(connection: Connection, key: str, asset: str) -> Latest | None:
    """The newest row of an asset that has no partitions."""
    query = text(f"""
    select id, data_version, code_version, partition_key from caseforge.outbox
    where framework_key = :key and asset = :asset and kind = '{Kind.made}' and node_id is null order by id desc limit 1
    """)
    row = connection.execute(query, {"key": key, "asset": asset}).first()
    return Latest(*row) if row else None


_OF_REQUESTS = text(f"""
select request_id, max(id) from caseforge.outbox
where framework_key = :key and asset = :asset and kind = '{Kind.made}' and node_id = any(:node_ids) and request_id = any(:request_ids)
group by request_id
""")


def latest_of_requests(connection: Connection, key: str, asset: str, node_ids: Sequence[int], request_ids: Sequence[int]) -> dict[int, int]:
    """Per request, the newest outbox row of the inputs asset that was written for it."""
    rows = connection.execute(_OF_REQUESTS, {"key": key, "asset": asset, "node_ids": list(node_ids), "request_ids": list(request_ids)})
    return {row[0]: row[1] for row in rows}


_UNFLUSHED = text("""
select o.id, o.framework_key, o.asset, o.node_id, o.partition_key, o.kind, o.data_version, o.code_version, o.upstream, o.reason,
       o.created_at, o.context_id, o.request_id, o.attempt_id, o.content_id
from caseforge.outbox o where o.flushed_at is null order by o.id limit :limit
""")

_COUNT_UNFLUSHED = text("select count(*) from caseforge.outbox where flushed_at is null")

_UPSTREAM = text("select id, asset, data_version, event_id from caseforge.outbox where id = any(:ids)")


def unflushed(connection: Connection, limit: int) -> list[Any]:
    """The oldest rows that Dagster has not been told of, in order."""
    return list(connection.execute(_UNFLUSHED, {"limit": limit}))


def count_unflushed(connection: Connection) -> int:
    """Counts the rows that wait for a flush."""
    return int(connection.scalar(_COUNT_UNFLUSHED) or 0)


def unflushed_since_s(connection: Connection) -> float:
    """The seconds for which the oldest row that waits for a flush does; 0 when there is none."""
    query = f"select coalesce(max({seconds_since('created_at')}), 0) from caseforge.outbox where flushed_at is null"
    return float(connection.scalar(text(query)) or 0)


def frameworks_unflushed(connection: Connection) -> list[str]:
    """Keys of the frameworks with rows that wait for a flush."""
    query = text("select distinct framework_key from caseforge.outbox where flushed_at is null order by 1")
    return list(connection.scalars(query))


def upstream_versions(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, int | None]]:
    """Per outbox row that was read: its data version and Dagster's event id (None while it is not flushed)."""
    return {row.id: (row.data_version, row.event_id) for row in connection.execute(_UPSTREAM, {"ids": list(ids)})}


_OVERTAKEN = text("""
select o.id from caseforge.outbox o where o.id = any(:ids) and exists (
    select 1 from caseforge.outbox newer
    where newer.framework_key = o.framework_key and newer.asset = o.asset and newer.node_id = o.node_id and newer.id > o.id)
""")


def overtaken(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of the rows that a newer row of the same node and asset follows, flushed or not."""
    return set(connection.scalars(_OVERTAKEN, {"ids": list(ids)}))


_MARK = text("""
update caseforge.outbox o set flushed_at = now(), event_id = new.event_id
from unnest(cast(:ids as bigint[]), cast(:events as bigint[])) as new(id, event_id) where o.id = new.id
""")


def mark_flushed(connection: Connection, event_ids: Mapping[int, int | None]) -> None:
    """Records which outbox rows Dagster has, with its event ids."""
    connection.execute(_MARK, {"ids": list(event_ids), "events": list(event_ids.values())})


_SHOWN_FOR_A_WHILE = text("""
with unsettled as (
    select min(id) as id from caseforge.outbox where id > :after_id and (flushed_at is null or flushed_at > now() - make_interval(secs => :for_s)))
select framework_key, asset, max(o.id) as newest_id from caseforge.outbox o cross join unsettled u
where o.id > :after_id and (u.id is null or o.id < u.id) and node_id is not null group by 1, 2 order by newest_id
""")


def shown_for_a_while(connection: Connection, after_id: int, for_s: float) -> dict[tuple[str, str], int]:
    """Frameworks and assets with rows after this one that Dagster was told of so many seconds ago, as all before them: the newest row of each, in order."""
    rows = connection.execute(_SHOWN_FOR_A_WHILE, {"after_id": after_id, "for_s": for_s})
    return {(row.framework_key, row.asset): row.newest_id for row in rows}


def highest_id(connection: Connection) -> int:
    """The id of the newest row; 0 when there is none."""
    return int(connection.scalar(text("select coalesce(max(id), 0) from caseforge.outbox")) or 0)


def made_since(connection: Connection, key: str, asset: str, after_id: int) -> set[int]:
    """Node ids with a row of an asset that says made and is newer than a row."""
    query = text(
        f"select distinct node_id from caseforge.outbox where framework_key = :key and asset = :asset and kind = '{Kind.made}' and id > :after"
    )
    return set(connection.scalars(query, {"key": key, "asset": asset, "after": after_id}))


_REPEAT = text(f"""
insert into caseforge.outbox (framework_key, asset, node_id, partition_key, kind, data_version, code_version, upstream, reason,
                              context_id, request_id, attempt_id, content_id)
select distinct on (o.node_id) o.framework_key, o.asset, o.node_id, nv.partition_key, '{Kind.made}', o.data_version, o.code_version, o.upstream, '',
       o.context_id, o.request_id, o.attempt_id, o.content_id
from caseforge.outbox o
join caseforge.target_node nv on nv.node_id = o.node_id
where o.framework_key = :key and o.asset = :asset and o.kind = '{Kind.made}' and o.node_id = any(:ids)
order by o.node_id, o.id desc
""")


def repeat_latest(connection: Connection, key: str, asset: str, node_ids: Sequence[int]) -> None:
    """Writes the newest row of nodes at an asset that says made once more: a confirmation."""
    connection.execute(_REPEAT, {"key": key, "asset": asset, "ids": list(node_ids)})


_OUTDATED_NOW = text(f"""
select node_id, reason from (
    select distinct on (node_id) node_id, kind, reason from caseforge.outbox
    where framework_key = :key and asset = :asset and node_id is not null order by node_id, id desc) newest
where kind = '{Kind.outdated}'
""")


def outdated_now(connection: Connection, key: str, asset: str) -> dict[int, str]:
    """By node, the note that what was made at an asset is out of date, where nothing happened there since."""
    return {row.node_id: row.reason for row in connection.execute(_OUTDATED_NOW, {"key": key, "asset": asset})}


_STANDING = text(f"""
with made as (
    select distinct on (o.framework_key, o.asset, o.node_id) o.* from caseforge.outbox o
    join caseforge.current_node nv on nv.node_id = o.node_id and nv.partition_key = o.partition_key
    where o.framework_key = any(:keys) and o.asset = any(:assets) and o.kind = '{Kind.made}'
    order by o.framework_key, o.asset, o.node_id, o.id desc),
standing as (
    select m.*, c.id is not null as is_written from made m
    left join caseforge.content c on c.id = m.content_id and c.is_current and c.edited_after is not null and m.code_version <> cast(:version as text)
    where c.id is not null or (m.code_version = any(:versions) and m.flushed_at is not null)),
later as (
    select distinct on (o.framework_key, o.asset, o.node_id, o.kind) o.* from caseforge.outbox o
    join standing s on s.framework_key = o.framework_key and s.asset = o.asset and s.node_id = o.node_id and s.id < o.id
    where o.kind <> '{Kind.made}' order by o.framework_key, o.asset, o.node_id, o.kind, o.id desc)
select framework_key, asset, node_id, partition_key, kind, data_version,
       case when is_written then cast(:version as text) else code_version end as code_version,
       upstream, reason, context_id, request_id, attempt_id, content_id
from (select * from standing union all select *, false from later) rows order by id
""")


def standing(
    connection: Connection, assets: Sequence[str], code_versions: Sequence[str], keys: Sequence[str], version: str
) -> list[OutboxRow]:
    """The rows that Dagster was told of all target nodes of some frameworks at some assets, where it was made with one of these versions, in order, to be told again.

    That is the newest row that says made, and what came after it: a failure, or a note of waiting. What a person wrote, whatever the version was
    then, is told again under the one of now: it stays until a person asks for another one.
    """
    values = {"assets": list(assets), "versions": list(code_versions), "keys": list(keys), "version": version}
    rows = connection.execute(_STANDING, values)
    return [OutboxRow(**row._mapping) for row in rows]


_NOTE_WAITING = text(f"""
insert into caseforge.outbox (framework_key, asset, node_id, partition_key, kind, reason, request_id, attempt_id)
select nv.framework_key, :asset, a.node_id, nv.partition_key, '{Kind.waiting}', :reason, a.request_id, a.id
from caseforge.attempt a
join caseforge.target_node nv on nv.node_id = a.node_id
where a.batch_id = :batch and a.outcome is null order by a.id
""")


def note_waiting(connection: Connection, asset: str, batch_id: int, reason: str) -> None:
    """Writes beside each node of a batch that its answer is awaited, since when and from where."""
    connection.execute(_NOTE_WAITING, {"asset": asset, "batch": batch_id, "reason": reason})


_NEWEST_FAILURES = text(f"""
select distinct on (node_id) node_id, reason from caseforge.outbox
where asset = any(:assets) and node_id = any(:ids) and kind = '{Kind.failed}' and coalesce(attempt_id, request_id) is not null order by node_id, id desc
""")


def newest_failures(connection: Connection, assets: Sequence[str], node_ids: Sequence[int]) -> dict[int, str]:
    """Per node, why its newest failed request failed: in an attempt, or because it could not be sent."""
    rows = connection.execute(_NEWEST_FAILURES, {"assets": list(assets), "ids": list(node_ids)})
    return {row.node_id: row.reason for row in rows}
