"""The tables of schema `caseforge`, one for each word of the domain. Columns and constraints only; queries live beside this module.

Rules that money depends on are constraints here, not code: one live attempt per question and provider, one current
edition per framework, one current request and one current content per node and stage.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "caseforge"
# Not alembic_version: for a database role called caseforge, this schema comes first, and Dagster would take the table for its own.
VERSION_TABLE = "schema_version"

metadata = MetaData(
    schema=SCHEMA,
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    },
)


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True)


def _now(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _time(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True))


def _ref(name: str, target: str, *, nullable: bool = False, closes_cycle: bool = False) -> Column[int]:
    return Column(name, BigInteger, ForeignKey(f"{SCHEMA}.{target}", use_alter=closes_cycle), nullable=nullable)


def _framework_key() -> Column[str]:
    return Column("framework_key", Text, ForeignKey(f"{SCHEMA}.framework.key"), nullable=False)


framework = Table(
    "framework",
    metadata,
    Column("key", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("targets", JSONB, nullable=False, comment="the selector that made the target nodes"),
    _now("created_at"),
)

framework_version = Table(
    "framework_version",
    metadata,
    _id(),
    _framework_key(),
    Column("label", Text, nullable=False, comment="the edition as its publisher calls it, e.g. 7.4"),
    Column("source_name", Text, nullable=False),
    Column("source_sha256", Text, nullable=False),
    Column("is_current", Boolean, nullable=False),
    _now("loaded_at"),
    Index("uq_framework_version_current", "framework_key", unique=True, postgresql_where=text("is_current")),
)

node = Table(
    "node",
    metadata,
    _id(),
    _framework_key(),
    Column("identity", Text, nullable=False, comment="the framework's stable id, or the normalized name path"),
    UniqueConstraint("framework_key", "identity"),
)

node_version = Table(
    "node_version",
    metadata,
    _id(),
    _ref("framework_version_id", "framework_version.id"),
    _ref("node_id", "node.id"),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("parent_code", Text),
    Column("position", Integer, nullable=False),
    Column("kpis", JSONB, nullable=False, comment="official KPIs, as objects"),
    Column("is_leaf", Boolean, nullable=False),
    Column("partition_key", Text, comment="set for target nodes, and only for them"),
    Column("version", Text, nullable=False, comment="SHA-256 over the node's path and own text"),
    UniqueConstraint("framework_version_id", "code"),
    UniqueConstraint("framework_version_id", "node_id"),
    UniqueConstraint("framework_version_id", "partition_key"),
    Index(None, "node_id"),
)

context = Table(
    "context",
    metadata,
    _id(),
    _ref("node_id", "node.id"),
    Column("text", Text, nullable=False),
    Column("version", Text, nullable=False, comment="SHA-256 over the text and the official KPIs"),
    Column("node_version", Text, nullable=False, comment="node_version.version it was made from"),
    Column("is_current", Boolean, nullable=False),
    _now("created_at"),
    Index("uq_context_current", "node_id", unique=True, postgresql_where=text("is_current")),
)

provider = Table(
    "provider",
    metadata,
    _id(),
    Column("base_url", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("enqueued_token_limits", JSONB, nullable=False, server_default="{}", comment="model: tokens, learned from refusals"),
    Column("stopped_reason", Text, comment="why nothing is sent until a person acts"),
    UniqueConstraint("base_url", "account", "simulated"),
)

plan = Table(
    "plan",
    metadata,
    _id(),
    _framework_key(),
    Column("stages", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("node_count", Integer, nullable=False),
    Column("expected_cost_usd", Numeric(14, 6), comment="NULL: unknown"),
    Column("max_cost_usd", Numeric(14, 6), comment="what it may spend at most; NULL: no cap of its own"),
    Column("details", JSONB, nullable=False, server_default="{}"),
    _now("created_at"),
    _time("approved_at"),
    CheckConstraint("state in ('draft', 'approved', 'declined')", name="state"),
)

request = Table(
    "request",
    metadata,
    _id(),
    _framework_key(),
    _ref("node_id", "node.id"),
    _ref("framework_version_id", "framework_version.id"),
    Column("stage", Text, nullable=False),
    Column("question", Text, nullable=False, comment="hash of stage, context and source versions: what is asked, with whatever budget"),
    Column("fingerprint", Text, nullable=False, comment="SHA-256 of the canonical body that is sent"),
    Column("generation", Integer, nullable=False),
    Column("body", Text, nullable=False, comment="canonical JSON, as sent"),
    Column("model", Text, nullable=False),
    Column("temperature", Numeric(4, 2)),
    Column("stage_version", Text, nullable=False),
    Column("identity_key", Text, comment="hash of stage and source versions and the node's own identity, name and description"),
    Column("own_answer", Boolean, nullable=False, server_default="false", comment="a person wants an answer made for this very node"),
    Column(
        "shortened", Boolean, nullable=False, server_default="false", comment="made from less: as it was, it was too long for the model"
    ),
    _ref("context_id", "context.id"),
    _ref("source_content_id", "content.id", nullable=True, closes_cycle=True),
    _ref("plan_id", "plan.id", nullable=True),
    _ref("retry_of", "request.id", nullable=True),
    Column("attempts_counted", Integer, nullable=False, server_default="0", comment="counted attempts before this request"),
    Column("input_tokens", Integer, nullable=False),
    Column("max_completion_tokens", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("is_current", Boolean, nullable=False),
    _now("created_at"),
    CheckConstraint("state in ('pending', 'in_batch', 'answered', 'failed', 'parked', 'replaced')", name="state"),
    Index("uq_request_current", "node_id", "stage", unique=True, postgresql_where=text("is_current")),
    Index("ix_request_pending", "stage", "id", postgresql_where=text("state = 'pending'")),
    Index(None, "fingerprint", "generation"),
    Index(None, "identity_key"),
)

batch = Table(
    "batch",
    metadata,
    _id(),
    _ref("provider_id", "provider.id"),
    Column("submission_id", Text, nullable=False, unique=True),
    Column("origin", Text, nullable=False, server_default="submitted", comment="submitted here, or imported"),
    Column("stage", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, comment="why it is where it is, for people"),
    Column("owner", Text, nullable=False, server_default=""),
    Column("request_count", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("expected_cost_usd", Numeric(14, 6)),
    Column("remote_id", Text),
    Column("remote_status", Text),
    Column("remote", JSONB, comment="the provider's batch object as last seen"),
    Column("input_file_id", Text),
    Column("twin_of", BigInteger, ForeignKey(f"{SCHEMA}.batch.id"), comment="the batch that was adopted of the same submission"),
    Column(
        "created_again", Boolean, nullable=False, server_default="false", comment="no listing showed it; it may exist twice all the same"
    ),
    Column("artifacts", JSONB, nullable=False, server_default="{}", comment="role: {path, sha256, size_bytes}"),
    Column("collect_lease", Integer, nullable=False, server_default="0"),
    _time("collect_lease_until"),
    _now("created_at"),
    _time("creating_at"),
    _time("opened_at"),
    _time("final_at"),
    _time("collected_at"),
    CheckConstraint(
        "state in ('planned', 'written', 'uploaded', 'creating', 'open', 'final', 'collected', 'refused', 'unknown')", name="state"
    ),
    Index("uq_batch_remote_id", "provider_id", "remote_id", unique=True),
    Index("ix_batch_unfinished", "state", postgresql_where=text("state not in ('collected', 'refused')")),
)

attempt = Table(
    "attempt",
    metadata,
    _id(),
    _ref("batch_id", "batch.id"),
    _ref("node_id", "node.id"),
    _ref("request_id", "request.id", nullable=True),
    _ref("provider_id", "provider.id"),
    Column("custom_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("expected_cost_usd", Numeric(14, 8), comment="reserved while live; NULL: unknown"),
    Column("outcome", Text, comment="NULL while the attempt is live"),
    Column("detail", Text, nullable=False, server_default=""),
    Column("notes", JSONB, nullable=False, server_default="[]"),
    Column("line_number", Integer),
    Column("status_code", Integer),
    Column("remote_request_id", Text),
    Column("response_id", Text),
    Column("model", Text, comment="the exact model that answered"),
    Column("finish_reason", Text),
    Column("answer_sha256", Text),
    Column("input_tokens", Integer),
    Column("cached_tokens", Integer),
    Column("output_tokens", Integer),
    Column("reasoning_tokens", Integer),
    Column("cost_usd", Numeric(14, 8), comment="NULL: unknown"),
    _now("created_at"),
    _time("answered_at"),
    UniqueConstraint("batch_id", "custom_id"),
    Index("uq_attempt_live", "provider_id", "fingerprint", "generation", unique=True, postgresql_where=text("outcome is null")),
    Index(None, "request_id"),
    Index(None, "node_id"),
    Index("ix_attempt_ok", "fingerprint", "generation", postgresql_where=text("outcome in ('ok', 'salvaged')")),
)

content = Table(
    "content",
    metadata,
    _id(),
    _framework_key(),
    _ref("node_id", "node.id"),
    Column("stage", Text, nullable=False),
    _ref("request_id", "request.id", nullable=True),
    _ref("attempt_id", "attempt.id", nullable=True),
    _ref("reused_from", "content.id", nullable=True),
    _ref("source_content_id", "content.id", nullable=True),
    Column("question", Text, comment="request.question it answers; NULL: taken over from elsewhere"),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False, comment="markdown"),
    Column("version", Text, nullable=False, comment="SHA-256 of the content"),
    Column("stage_version", Text, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("generated_by", Text, nullable=False),
    Column("model", Text),
    Column("temperature", Numeric(4, 2)),
    Column("model_type", Text, nullable=False, comment="the framework's key"),
    Column("owner", Text, nullable=False, server_default="", comment="batch_user_assignment"),
    Column("remote_batch_id", Text),
    Column("remote_request_id", Text),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("cost_usd", Numeric(14, 8), comment="NULL: unknown"),
    Column("notes", JSONB, nullable=False, server_default="[]"),
    _time("answered_at"),
    _now("stored_at"),
    Index("uq_content_current", "node_id", "stage", unique=True, postgresql_where=text("is_current")),
    Index("uq_content_attempt", "attempt_id", unique=True, postgresql_where=text("reused_from is null")),
    Index(None, "node_id", "stage"),
)

candidate = Table(
    "candidate",
    metadata,
    _id(),
    _framework_key(),
    _ref("content_id", "content.id"),
    _ref("node_id", "node.id"),
    Column("position", Integer, nullable=False),
    Column("candidate_uid", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("fields", JSONB, nullable=False),
    Column("is_current", Boolean, nullable=False),
    UniqueConstraint("content_id", "position"),
    Index("uq_candidate_current_uid", "framework_key", "candidate_uid", unique=True, postgresql_where=text("is_current")),
    Index(None, "node_id"),
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _framework_key(),
    Column("asset", Text, nullable=False),
    _ref("node_id", "node.id", nullable=True),
    Column("partition_key", Text, comment="NULL, like node_id, for stations without partitions"),
    Column("kind", Text, nullable=False, comment="made, failed, or waiting: a note that an answer is awaited"),
    Column("data_version", Text, nullable=False, server_default=""),
    Column("code_version", Text, nullable=False, server_default=""),
    Column("upstream", JSONB, nullable=False, server_default="{}", comment="asset: id of the outbox row that was read"),
    Column("reason", Text, nullable=False, server_default="", comment="why it failed"),
    Column("context_id", BigInteger),
    Column("request_id", BigInteger),
    Column("attempt_id", BigInteger),
    Column("content_id", BigInteger),
    _now("created_at"),
    _time("flushed_at"),
    Column("event_id", BigInteger, comment="Dagster's id of the event, once flushed"),
    CheckConstraint("kind in ('made', 'failed', 'waiting')", name="kind"),
    Index("ix_outbox_latest", "framework_key", "asset", "node_id", text("id desc")),
    Index("ix_outbox_unflushed", "id", postgresql_where=text("flushed_at is null")),
)
