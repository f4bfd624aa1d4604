"""Askings: which nodes the runs of one backfill have asked for already, stage by stage. Forgotten after a week."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

_NOTE = text("""
insert into caseforge.asking (backfill, stage, node_id) select :backfill, :stage, unnest(cast(:ids as bigint[])) on conflict do nothing
""")
_FORGET = text("delete from caseforge.asking where asked_at < now() - interval '7 days'")


def asked(connection: Connection, backfill: str, stage: str) -> frozenset[int]:
    """The nodes that a backfill has asked for in a stage."""
    query = text("select node_id from caseforge.asking where backfill = :backfill and stage = :stage")
    return frozenset(connection.scalars(query, {"backfill": backfill, "stage": stage}))


def note(connection: Connection, backfill: str, stage: str, node_ids: Collection[int]) -> None:
    """Notes that a backfill asks for these nodes; what is a week old is forgotten."""
    connection.execute(_FORGET)
    connection.execute(_NOTE, {"backfill": backfill, "stage": stage, "ids": list(node_ids)})
