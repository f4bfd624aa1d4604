"""The newest outbox rows of every target node at every asset: what was made last, and what happened last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.store.mirroring.outbox import Kind


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest rows of one node at one asset. What is None did not happen."""

    asset: str
    node_id: int
    made_id: int | None
    made_at: datetime | None
    data_version: str | None
    code_version: str | None
    upstream: dict[str, int] | None
    failed_id: int | None
    failed_at: datetime | None
    failed_reason: str | None
    waiting_id: int | None
    waiting_reason: str | None
    outdated_id: int | None
    outdated_at: datetime | None
    outdated_reason: str | None


# The partition is part of it: a node that was moved has other ones behind it, which say nothing of the one it has now.
_LATEST = text(f"""
with newest as materialized (
    select distinct on (o.asset, o.node_id, o.partition_key, o.kind) o.*
    from caseforge.outbox o
    where o.framework_key = :key and o.node_id is not null and (cast(:ids as bigint[]) is null or o.node_id = any(:ids))
    order by o.asset, o.node_id, o.partition_key, o.kind, o.id desc
)
select asset, node_id,
       max(newest.id) filter (where kind = '{Kind.made}'), max(created_at) filter (where kind = '{Kind.made}'), max(data_version) filter (where kind = '{Kind.made}'),
       max(code_version) filter (where kind = '{Kind.made}'), (array_agg(upstream) filter (where kind = '{Kind.made}'))[1],
       max(newest.id) filter (where kind = '{Kind.failed}'), max(created_at) filter (where kind = '{Kind.failed}'), max(reason) filter (where kind = '{Kind.failed}'),
       max(newest.id) filter (where kind = '{Kind.waiting}'), max(reason) filter (where kind = '{Kind.waiting}'),
       max(newest.id) filter (where kind = '{Kind.outdated}'), max(created_at) filter (where kind = '{Kind.outdated}'), max(reason) filter (where kind = '{Kind.outdated}')
from newest join caseforge.current_node nv using (node_id, partition_key)
group by asset, node_id
""")


def latest_of_all(connection: Connection, key: str, node_ids: Sequence[int] | None = None) -> list[Latest]:
    """The newest rows of every target node (or of those given) at every asset where something happened."""
    return [Latest(*row) for row in connection.execute(_LATEST, {"key": key, "ids": None if node_ids is None else list(node_ids)})]


def data_versions(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Data versions of outbox rows by id."""
    rows: Any = connection.execute(text("select id, data_version from caseforge.outbox where id = any(:ids)"), {"ids": list(ids)})
    return {row.id: row.data_version for row in rows}
