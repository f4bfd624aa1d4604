"""The table of what the runs of one backfill have asked for, so that each node is asked for once. It is of use while the backfill is under way."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table, Text

from caseforge_assets.store.schema.columns import metadata, now_column

asking = Table(
    "asking",
    metadata,
    Column("backfill", Text, primary_key=True, comment="Dagster's id of it"),
    Column("stage", Text, primary_key=True),
    Column("node_id", BigInteger, primary_key=True, autoincrement=False),
    now_column("asked_at"),
)
