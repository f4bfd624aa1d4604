"""Messages of providers that came by webhook: each counts once."""

from __future__ import annotations

from sqlalchemy import Connection, text


def add(connection: Connection, message_id: str, kind: str, remote_id: str, batch_id: int | None) -> bool:
    """Notes a message; returns whether it is new."""
    query = text("""
    insert into caseforge.webhook_message (message_id, kind, remote_id, batch_id) values (:message_id, :kind, :remote_id, :batch_id)
    on conflict (message_id) do nothing returning id
    """)
    values = {"message_id": message_id, "kind": kind, "remote_id": remote_id, "batch_id": batch_id}
    return connection.scalar(query, values) is not None


def ids_of_batches(connection: Connection, remote_id: str) -> list[int]:
    """The batches that a provider calls so; of several providers, which may use the same ids, several."""
    query = text("select id from caseforge.batch where remote_id = :remote_id order by id desc")
    return list(connection.scalars(query, {"remote_id": remote_id}))


def any_in_doubt(connection: Connection, creating: str) -> bool:
    """Tells whether a batch is being created, whose id at the provider is not known yet."""
    query = text("select exists (select 1 from caseforge.batch where state = :state)")
    return bool(connection.scalar(query, {"state": creating}))
