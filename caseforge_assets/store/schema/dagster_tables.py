"""The tables of what Dagster is told and asks for: events on their way, code versions that it knows, nodes that a backfill's runs have asked for, and the processes that runs have."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from caseforge_assets.store.schema.columns import framework_reference, id_column, metadata, now_column, reference, time_column
from caseforge_assets.store.schema.constants import listed


class Kind(StrEnum):
    """Kinds of events of a node at an asset."""

    made = "made"
    failed = "failed"
    waiting = "waiting"
    outdated = "outdated"


# A row for each event of a node at an asset, written with what it is about.
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


# What Dagster was told to be the code version of a stage's assets.
told = Table(
    "told",
    metadata,
    id_column(),
    Column("stage", Text, nullable=False),
    Column("code_version", Text, nullable=False, comment="under which what counted as fresh was shown last"),
    UniqueConstraint("stage"),
)


# What the runs of one backfill have asked for, so that each node is asked for once. Of use while the backfill is under way.
asking = Table(
    "asking",
    metadata,
    Column("backfill", Text, primary_key=True, comment="Dagster's id of it"),
    Column("stage", Text, primary_key=True),
    Column("node_id", BigInteger, primary_key=True, autoincrement=False),
    now_column("asked_at"),
)


# The processes that runs have, and when they were last heard of: what is now, and not journaled.
run_process = Table(
    "run_process",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("host", Text, nullable=False, comment="for people"),
    Column("boot_id", Text, nullable=False, comment="another one after each start of the machine; empty: the system has none"),
    Column("pid_namespace", Text, nullable=False, comment="in which the pid is one: each container has its own"),
    Column("pid", Integer, nullable=False),
    Column("started", BigInteger, nullable=False, comment="when the process started, in ticks since the machine did: pids are used again"),
    now_column("began_at"),
    now_column("seen_at"),
    Column("is_through", Boolean, nullable=False, server_default="false", comment="it had ended its work when it was last heard of"),
)
