"""Calls that are answered once: what a caller asked for under a key of its own, and what it was told, in the transaction of what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, text

from caseforge_assets.store.database.engine import lock_in_transaction
from caseforge_assets.store.schema.service_tables import idempotent_call

KEPT = "30 days"


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A call that was answered."""

    call: str
    body_digest: str
    status: int
    answer: Any


def find_answered(connection: Connection, caller: str, key: str) -> AnsweredCall | None:
    """Gives what was answered under a key; waits for a call with the same key that is being answered now, and lets none begin before this transaction ends."""
    lock_in_transaction(connection, f"idempotent {caller} {key}")
    query = text("select call, body_digest, status, answer from caseforge.idempotent_call where caller = :caller and key = :key")
    row = connection.execute(query, {"caller": caller, "key": key}).one_or_none()
    return None if row is None else AnsweredCall(*row)


def keep_answer(connection: Connection, caller: str, key: str, call: str, body_digest: str, status: int, answer: Any) -> None:
    """Keeps what is answered, and forgets what was answered long ago.

    Args:
        answer: what can be written as JSON. A text stays as it is; of a table, the order of its keys is not kept.
    """
    connection.execute(text(f"delete from caseforge.idempotent_call where answered_at < now() - interval '{KEPT}'"))
    values = {"caller": caller, "key": key, "call": call, "body_digest": body_digest, "status": status, "answer": answer}
    connection.execute(insert(idempotent_call), values)
