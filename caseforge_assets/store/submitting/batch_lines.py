"""The requests of a batch in its order, from which its files are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text

_BODIES = text("""
select a.custom_id, r.body from caseforge.attempt a join caseforge.request r on r.id = a.request_id where a.batch_id = :batch order by a.id
""")


def bodies_of_batch(connection: Connection, batch_id: int) -> Iterator[tuple[str, str]]:
    """(custom_id, body as canonical JSON) of each request of a batch, in its order, streamed."""
    for row in connection.execution_options(yield_per=200).execute(_BODIES, {"batch": batch_id}):
        yield row.custom_id, row.body


def endpoint_of_batch(connection: Connection, batch_id: int) -> str:
    """The endpoint of a batch's requests: `chat/completions` or `responses`, one and the same for all of them."""
    query = text("""
    select coalesce(cast(r.body as jsonb) ->> 'endpoint', 'chat/completions') from caseforge.request r
    where r.id = (select request_id from caseforge.attempt where batch_id = :batch order by id limit 1)
    """)
    return str(connection.scalar(query, {"batch": batch_id}))


_MANIFEST = text("""
select a.custom_id, r.framework_key, v.label as edition, v.source_sha256, nv.partition_key, n.identity, r.stage, r.stage_version, r.fingerprint,
       r.generation, r.question, r.plan_id, r.max_completion_tokens
from caseforge.attempt a
join caseforge.request r on r.id = a.request_id
join caseforge.node n on n.id = r.node_id
join caseforge.framework_version v on v.id = r.framework_version_id
join caseforge.node_version nv on nv.framework_version_id = v.id and nv.node_id = r.node_id
where a.batch_id = :batch order by a.id
""")


def manifest_of_batch(connection: Connection, batch_id: int) -> Iterator[dict[str, Any]]:
    """The meaning of each custom_id of a batch, so that its answers can be understood without the database."""
    for row in connection.execution_options(yield_per=500).execute(_MANIFEST, {"batch": batch_id}):
        yield dict(row._mapping)
