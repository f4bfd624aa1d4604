"""The table of the processes that Dagster's runs have: who they are, and when they were last heard of. It says what is now, and is not journaled."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text

from caseforge_assets.store.schema.columns import metadata, now_column

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
