"""Outbox rows under partition keys that nodes had before they were moved, to be written again under those of now."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from caseforge_assets.store.mirroring.outbox import Kind, OutboxRow

# Dagster looks for what was read, and for what came after it, under the key of now: what it does not find there has changed for it.
_UNDER_OLD_KEYS = text(f"""
with newest as (
    select distinct on (o.asset, o.node_id) o.asset, o.node_id, o.partition_key from caseforge.outbox o
    where o.framework_key = :key and o.node_id is not null order by o.asset, o.node_id, o.id desc),
moved as (
    select newest.asset, newest.node_id, nv.partition_key from newest
    join caseforge.current_node nv on nv.node_id = newest.node_id and nv.partition_key <> newest.partition_key),
of_moved as materialized (
    select o.*, moved.partition_key as new_key, max(o.id) over here as newest_id, max(o.id) filter (where o.kind = '{Kind.made}') over here as made_id,
           first_value(o.data_version) over made_first as version_now, first_value(o.request_id) over made_first as request_now
    from caseforge.outbox o join moved on moved.asset = o.asset and moved.node_id = o.node_id where o.framework_key = :key
    window here as (partition by o.asset, o.node_id),
           made_first as (partition by o.asset, o.node_id order by o.kind = '{Kind.made}' desc, o.id desc)),
read as (
    select distinct cast(input.value as bigint) as id from of_moved o cross join jsonb_each_text(o.upstream) input where o.id = o.made_id),
older as (
    select distinct on (asset, node_id, data_version, request_id) * from of_moved
    where kind = '{Kind.made}' and case when asset = any(:inputs) then request_id <> request_now
                                        else data_version <> version_now and id in (select id from read) end
    order by asset, node_id, data_version, request_id, id desc)
select framework_key, asset, node_id, new_key as partition_key, kind, data_version, code_version, upstream, reason,
       context_id, request_id, attempt_id, content_id
from (select * from of_moved where id in (newest_id, made_id) union all select * from older) rows order by id
""")


def under_old_keys(connection: Connection, key: str, inputs: Sequence[str]) -> list[OutboxRow]:
    """The rows of nodes whose partition key is another one now that still count, under the new key, in order, to be written again.

    That is the newest row of an asset that says made, and what came after it: a failure, or a note of waiting. Before it comes what is
    older and was, or may be, read: what something that stands was made from, and at the assets of inputs what was written for other
    requests, which an answer may still come for, or come back for.
    """
    return [OutboxRow(**row._mapping) for row in connection.execute(_UNDER_OLD_KEYS, {"key": key, "inputs": list(inputs)})]
