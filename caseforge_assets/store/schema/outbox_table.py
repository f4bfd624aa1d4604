"""The table of what Dagster is told: a row for each event of a node at an asset, written with what it is about."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from caseforge_assets.store.schema.columns import framework_reference, id_column, metadata, now_column, reference, time_column
from caseforge_assets.store.schema.constants import listed


class Kind(StrEnum):
    """What a row says of its node at its asset."""

    made = "made"
    failed = "failed"
    waiting = "waiting"
    outdated = "outdated"


outbox = Table(
    "outbox",
    metadata,
    id_column(),
    framework_reference(),
    Column("asset", Text, nullable=False),
    reference("node_id", "node.id", nullable=True),
    Column("partition_key", Text, comment="NULL, like node_id, for assets without partitions"),
    Column("kind", Text, nullable=False, comment="made, failed, or a note: waiting for an answer, outdated by what it was made from"),
    Column("data_version", Text, nullable=False, server_default=""),
    Column("code_version", Text, nullable=False, server_default=""),
    Column("upstream", JSONB, nullable=False, server_default="{}", comment="asset: id of the outbox row that was read"),
    Column("reason", Text, nullable=False, server_default="", comment="why it failed"),
    Column("context_id", BigInteger),
    Column("request_id", BigInteger),
    Column("attempt_id", BigInteger),
    Column("content_id", BigInteger),
    now_column("created_at"),
    time_column("flushed_at"),
    Column("event_id", BigInteger, comment="Dagster's id of the event, once flushed"),
    CheckConstraint(f"kind in {listed(Kind)}", name="kind"),
    Index("ix_outbox_latest", "framework_key", "asset", "node_id", text("id desc")),
    Index("ix_outbox_unflushed", "id", postgresql_where=text("flushed_at is null")),
)
