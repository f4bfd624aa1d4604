"""The tables of similar use cases: their words, and groups of those that tell the same idea. Made from candidates, and not journaled, because they can be made anew."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, REAL

from caseforge_assets.store.schema.columns import id_column, metadata, now_column

similar_due = Table(
    "similar_due",
    metadata,
    id_column(),
    Column("framework_key", Text, nullable=False),
    Column("node_ids", ARRAY(BigInteger), nullable=False, comment="whose candidates may be others now"),
)

similar_candidate = Table(
    "similar_candidate",
    metadata,
    Column("candidate_id", BigInteger, primary_key=True, autoincrement=False),
    Column("framework_key", Text, nullable=False),
    Column("node_id", BigInteger, nullable=False),
    Column("stage", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("process", BigInteger, nullable=False, comment="hash of the node's name and description, whose words do not count"),
    Column("words", LargeBinary, nullable=False, comment="by which its idea is known, as numbers with weights"),
    Column("group_id", BigInteger, comment="NULL: not grouped yet"),
    Column("score", REAL, comment="how much it is like the centre of its group, from 0 to 1"),
    Index(None, "node_id"),
    Index(None, "group_id"),
    Index("ix_similar_candidate_waiting", "stage", "simulated", postgresql_where=text("group_id is null")),
)

similar_group = Table(
    "similar_group",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, comment="of the candidate that speaks for it"),
    Column("stage", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("members", Integer, nullable=False),
    Column("processes", Integer, nullable=False, comment="different nodes of its members"),
    Column("centre", LargeBinary, nullable=False, comment="words that its members have in common"),
    Column("bands", ARRAY(BigInteger), nullable=False, comment="by which it is found"),
    Index("ix_similar_group_bands", "bands", postgresql_using="gin"),
    Index("ix_similar_group_several", "processes", "id", postgresql_where=text("members > 1")),
)

similar_weighing = Table(
    "similar_weighing",
    metadata,
    Column("stage", Text, primary_key=True),
    Column("simulated", Boolean, primary_key=True),
    Column("ideas", Integer, nullable=False, comment="how many were counted"),
    Column("words", LargeBinary, nullable=False),
    Column("counts", LargeBinary, nullable=False, comment="by word, in how many ideas it stands"),
    now_column("made_at"),
)

SIMILAR = (similar_due, similar_candidate, similar_group, similar_weighing)
