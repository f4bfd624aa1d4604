"""The tables that long lists and the search are read from: made from what was made, kept up to date after it, and the questions that were asked by meaning.

Triggers note in `reading_due` whose rows have changed, in the transaction that changes them; nothing else is done there. What can be made anew (`READ`) is not journaled.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Numeric, SmallInteger, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from caseforge_assets.store.schema.columns import id_column, metadata, now_column, reference, time_column

reading_due = Table(
    "reading_due",
    metadata,
    id_column(),
    Column("framework_key", Text, nullable=False),
    Column("node_ids", ARRAY(BigInteger), comment="whose rows are to be made anew; NULL: all of the framework"),
)

reading_framework = Table(
    "reading_framework",
    metadata,
    Column("framework_key", Text, primary_key=True),
    Column("number", Integer, nullable=False, unique=True, comment="which one it is, in the order of places"),
    Column(
        "languages", JSONB, nullable=False, server_default="{}", comment="by stage, and of nodes, what its texts were split into words as"
    ),
    Column("revision", BigInteger, nullable=False, server_default="0", comment="how often its rows were made anew"),
)

reading_branch = Table(
    "reading_branch",
    metadata,
    Column("node_id", BigInteger, primary_key=True, autoincrement=False),
    Column("framework_key", Text, nullable=False),
    Column("is_root", Boolean, nullable=False, comment="of the first level"),
    Column("first", Integer, comment="position; NULL: its nodes do not stand beside each other"),
    Column("last", Integer),
    Index(None, "framework_key"),
)

candidate_group = Table(
    "candidate_group",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, comment="hash of the others"),
    Column("framework_key", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("values", JSONB, nullable=False, comment="by column of the stage's items"),
    Index(None, "framework_key"),
)

candidate_row = Table(
    "candidate_row",
    metadata,
    Column("candidate_id", BigInteger, primary_key=True, autoincrement=False),
    Column("framework_key", Text, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("node_id", BigInteger, nullable=False),
    Column("root_id", BigInteger, nullable=False, comment="the node of the first level above it"),
    Column(
        "place", BigInteger, nullable=False, comment="framework, position of the node, position in the answer: one number, in that order"
    ),
    Column("score", SmallInteger, nullable=False, comment="of its node's set; -1: not measured"),
    Column("owner", Text, nullable=False),
    Index(None, "node_id"),
    Index(None, "place"),
    Index(None, "score", "place"),
    Index(None, "group_id", "place", postgresql_include=["owner", "candidate_id"]),
    Index(None, "group_id", "score", "place", postgresql_include=["owner", "candidate_id"]),
    Index(None, "owner", "place"),
)

candidate_count = Table(
    "candidate_count",
    metadata,
    Column("group_id", BigInteger, primary_key=True, autoincrement=False),
    Column("root_id", BigInteger, primary_key=True, autoincrement=False),
    Column("owner", Text, primary_key=True),
    Column(
        "tens",
        SmallInteger,
        primary_key=True,
        autoincrement=False,
        comment="of the score: 0, 10, … 90, which holds 100, too; -10: not measured",
    ),
    Column("count", Integer, nullable=False),
)

found_text = Table(
    "found_text",
    metadata,
    id_column(),
    Column("kind", Text, nullable=False, comment="node, document or candidate"),
    Column("row_id", BigInteger, nullable=False, comment="of the node, the content or the candidate"),
    Column("framework_key", Text, nullable=False),
    Column("node_id", BigInteger, nullable=False),
    Column("config", Text, nullable=False, comment="PostgreSQL's configuration of text search, by the language of the text"),
    Column("heading", TSVECTOR, comment="code and name, or title; NULL: not split into words yet"),
    Column("words", TSVECTOR, comment="heading (weight A) and text"),
    UniqueConstraint("kind", "row_id"),
    Index(None, "node_id"),
    Index("ix_found_text_waiting", "id", postgresql_where=text("words is null")),
    Index("ix_found_text_heading", "heading", postgresql_using="gin"),
    Index("ix_found_text_words", "words", postgresql_using="gin"),
)

reading_word = Table(
    "reading_word",
    metadata,
    Column("framework_key", Text, primary_key=True),
    Column("word", Text, primary_key=True, comment="as it is written in a code, name or title, in small letters"),
)

READ = (reading_due, reading_framework, reading_branch, candidate_group, candidate_row, candidate_count, found_text, reading_word)


# Each is turned into a vector at once, which is paid for.
search_question = Table(
    "search_question",
    metadata,
    id_column(),
    reference("provider_id", "provider.id"),
    Column("model", Text, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("digest", Text, nullable=False, comment="SHA-256 of the words: who searched for what is not kept"),
    Column("vector", Text, comment="base64 of numbers of two bytes; NULL: there was no answer"),
    Column("input_tokens", Integer),
    Column("expected_cost_usd", Numeric(14, 8)),
    Column("cost_usd", Numeric(14, 8), comment="NULL: unknown, as long as there is no answer"),
    now_column("asked_at"),
    time_column("answered_at"),
    Column("refused", Text, comment="why there will be no answer, and no cost; NULL: it was not refused"),
    Index(None, "digest"),
    Index(None, "asked_at"),
)
