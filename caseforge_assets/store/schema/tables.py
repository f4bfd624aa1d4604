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
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from caseforge_assets.batches.states import SETTLED, BatchState, Origin, RequestState
from caseforge_assets.stages.judgement import GOOD
from caseforge_assets.store.schema import access_tables as access_tables
from caseforge_assets.store.schema import alert_tables as alert_tables
from caseforge_assets.store.schema import curation_tables as curation_tables
from caseforge_assets.store.schema import reading_tables as reading_tables
from caseforge_assets.store.schema import service_tables as service_tables
from caseforge_assets.store.schema import similar_tables as similar_tables
from caseforge_assets.store.schema.columns import SCHEMA, framework_reference, id_column, now_column, reference, time_column
from caseforge_assets.store.schema.columns import metadata as metadata
from caseforge_assets.store.schema.constants import listed
from caseforge_assets.store.schema.dagster_tables import asking as asking
from caseforge_assets.store.schema.dagster_tables import outbox as outbox
from caseforge_assets.store.schema.dagster_tables import run_process as run_process
from caseforge_assets.store.schema.dagster_tables import told as told
from caseforge_assets.store.schema.definition_tables import framework_declaration as framework_declaration
from caseforge_assets.store.schema.definition_tables import stage_definition as stage_definition
from caseforge_assets.store.schema.journal_tables import journal_mark as journal_mark
from caseforge_assets.store.schema.journal_tables import journal_segment as journal_segment
from caseforge_assets.store.schema.plan_tables import plan as plan
from caseforge_assets.store.schema.plan_tables import plan_change as plan_change
from caseforge_assets.store.schema.provider_table import provider as provider
from caseforge_assets.store.schema.quality_table import quality as quality
from caseforge_assets.store.schema.service_tables import held_file as held_file
from caseforge_assets.store.schema.service_tables import known_secret as known_secret

framework = Table(
    "framework",
    metadata,
    Column("key", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
    Column("targets", JSONB, nullable=False, comment="the selector that made the target nodes"),
    now_column("created_at"),
)

framework_version = Table(
    "framework_version",
    metadata,
    id_column(),
    framework_reference(),
    Column("label", Text, nullable=False, comment="the edition as its publisher calls it, e.g. 7.4"),
    Column("source_name", Text, nullable=False),
    Column("source_sha256", Text, nullable=False),
    Column("is_current", Boolean, nullable=False),
    now_column("loaded_at"),
    Index("uq_framework_version_current", "framework_key", unique=True, postgresql_where=text("is_current")),
)

node = Table(
    "node",
    metadata,
    id_column(),
    framework_reference(),
    Column("identity", Text, nullable=False, comment="the framework's stable id, or the normalized name path"),
    UniqueConstraint("framework_key", "identity"),
)

node_version = Table(
    "node_version",
    metadata,
    id_column(),
    reference("framework_version_id", "framework_version.id"),
    reference("node_id", "node.id"),
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
    Column(
        "owner", Text, nullable=False, server_default="", comment="as the framework's table says, of the node or the nearest one above it"
    ),
    UniqueConstraint("framework_version_id", "code"),
    UniqueConstraint("framework_version_id", "node_id"),
    UniqueConstraint("framework_version_id", "partition_key"),
    Index(None, "node_id"),
    Index(None, "framework_version_id", "position"),
    Index(None, "framework_version_id", "parent_code"),
)

context = Table(
    "context",
    metadata,
    id_column(),
    reference("node_id", "node.id"),
    Column("text", Text, nullable=False),
    Column("version", Text, nullable=False, comment="SHA-256 over the text and the official KPIs"),
    Column("node_version", Text, nullable=False, comment="node_version.version it was made from"),
    Column("is_current", Boolean, nullable=False),
    now_column("created_at"),
    Index("uq_context_current", "node_id", unique=True, postgresql_where=text("is_current")),
)

request = Table(
    "request",
    metadata,
    id_column(),
    framework_reference(),
    reference("node_id", "node.id"),
    reference("framework_version_id", "framework_version.id"),
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
    Column("not_sent_because", Text, comment="why it failed without being sent; NULL: it did not"),
    Column("choice", JSONB, comment="the chosen items of another stage that it is made from: version, ids, titles; NULL: from none"),
    reference("context_id", "context.id"),
    reference("source_content_id", "content.id", nullable=True, closes_cycle=True),
    reference("plan_id", "plan.id", nullable=True),
    reference("retry_of", "request.id", nullable=True),
    Column("attempts_counted", Integer, nullable=False, server_default="0", comment="counted attempts before this request"),
    Column("input_tokens", Integer, nullable=False),
    Column("max_completion_tokens", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("is_current", Boolean, nullable=False),
    now_column("created_at"),
    CheckConstraint(f"state in {listed(RequestState)}", name="state"),
    Index("uq_request_current", "node_id", "stage", unique=True, postgresql_where=text("is_current")),
    Index("ix_request_pending", "stage", "id", postgresql_where=text(f"state = '{RequestState.pending}'")),
    Index(None, "fingerprint", "generation"),
    Index(None, "identity_key"),
    Index(None, "stage", "stage_version"),
)

batch = Table(
    "batch",
    metadata,
    id_column(),
    reference("provider_id", "provider.id"),
    Column("submission_id", Text, nullable=False, unique=True),
    Column("origin", Text, nullable=False, server_default=Origin.submitted, comment="submitted here, or imported"),
    Column("stage", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("sent_as", Text, comment="the provider's own name of the model, such as a deployment, where it has another"),
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
    reference("duplicate_of", "batch.id", nullable=True, comment="the batch that was adopted of the same submission"),
    Column(
        "created_again", Boolean, nullable=False, server_default="false", comment="no listing showed it; it may exist twice all the same"
    ),
    Column(
        "create_refused", Text, comment="what the creation was refused with, while it is found out whether the batch exists all the same"
    ),
    Column("refused_key", Text, comment="digest of the key under which it was refused as it is; NULL: it was not"),
    Column("doubtful_id", Text, comment="what the creation was answered with: the id of a batch that does not seem to be this one"),
    Column("artifacts", JSONB, nullable=False, server_default="{}", comment="role: {path, sha256, size_bytes}"),
    Column("stray_lines", Integer, comment="lines of its result files that fit no request; NULL: not counted"),
    Column("usage_differs", Text, comment="what its provider counts otherwise than its lines; NULL: nothing, as far as is known"),
    Column("lost_since", DateTime(timezone=True), comment="since when its provider does not know it; NULL: it does, as far as is known"),
    Column("lost_looks", Integer, nullable=False, server_default="0", comment="looks since then"),
    Column("short_since", DateTime(timezone=True), comment="since when its files bring less than there is; NULL: they do not"),
    Column("short_fetches", Integer, nullable=False, server_default="0", comment="fetches since then"),
    Column("fetch_after", DateTime(timezone=True), comment="before that its files are not fetched again; NULL: at once"),
    Column(
        "is_held", Boolean, nullable=False, server_default="false", comment="its files fall short after the grace period: a person decides"
    ),
    Column("collect_lease", Integer, nullable=False, server_default="0"),
    time_column("collect_lease_until"),
    now_column("created_at"),
    time_column("creating_at"),
    time_column("opened_at"),
    time_column("final_at"),
    time_column("collected_at"),
    CheckConstraint(f"state in {listed(BatchState)}", name="state"),
    Index("uq_batch_remote_id", "provider_id", "remote_id", unique=True),
    Index("ix_batch_unfinished", "state", postgresql_where=text(f"state not in {listed(SETTLED)}")),
)

attempt = Table(
    "attempt",
    metadata,
    id_column(),
    reference("batch_id", "batch.id"),
    reference("node_id", "node.id"),
    reference("request_id", "request.id", nullable=True),
    reference("provider_id", "provider.id"),
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
    Column("cache_write_tokens", Integer, comment="of the input tokens; NULL: not counted"),
    Column("cost_usd", Numeric(14, 8), comment="NULL: unknown"),
    now_column("created_at"),
    time_column("answered_at"),
    UniqueConstraint("batch_id", "custom_id"),
    Index("uq_attempt_live", "provider_id", "fingerprint", "generation", unique=True, postgresql_where=text("outcome is null")),
    Index(None, "request_id"),
    Index(None, "node_id"),
    Index("ix_attempt_ok", "fingerprint", "generation", postgresql_where=text(f"outcome in {listed(GOOD)}")),
)

content = Table(
    "content",
    metadata,
    id_column(),
    framework_reference(),
    reference("node_id", "node.id"),
    Column("stage", Text, nullable=False),
    reference("request_id", "request.id", nullable=True),
    reference("attempt_id", "attempt.id", nullable=True),
    reference("reused_from", "content.id", nullable=True),
    reference("source_content_id", "content.id", nullable=True),
    Column("question", Text, comment="request.question it answers; NULL: taken over from elsewhere, or written by a person"),
    Column("edited_after", BigInteger, comment="written by a person when this was the node's newest request; NULL: it was not"),
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
    Column("surplus", JSONB, nullable=False, server_default="[]", comment="items beyond as many as were asked for: [{title, fields}]"),
    time_column("answered_at"),
    now_column("stored_at"),
    Index("uq_content_current", "node_id", "stage", unique=True, postgresql_where=text("is_current")),
    Index("uq_content_attempt", "attempt_id", unique=True, postgresql_where=text("reused_from is null")),
    Index(None, "node_id", "stage"),
)

candidate = Table(
    "candidate",
    metadata,
    id_column(),
    framework_reference(),
    reference("content_id", "content.id"),
    reference("node_id", "node.id"),
    Column("position", Integer, nullable=False),
    Column("candidate_uid", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("fields", JSONB, nullable=False),
    Column(
        "former_uids",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        comment="what it was called in editions where its node had other codes",
    ),
    Column("is_current", Boolean, nullable=False),
    UniqueConstraint("content_id", "position"),
    Index("uq_candidate_current_uid", "framework_key", "candidate_uid", unique=True, postgresql_where=text("is_current")),
    Index(None, "node_id"),
    Index(None, "candidate_uid"),
    Index(None, "former_uids", postgresql_using="gin", postgresql_where=text("former_uids <> '{}'")),
)

similar_pair = Table(
    "similar_pair",
    metadata,
    Column("node_id", BigInteger, ForeignKey(f"{SCHEMA}.node.id"), primary_key=True, comment="takes the answers of the other"),
    Column("name", Text, nullable=False, comment="as it was accepted, like the description"),
    Column("description", Text, nullable=False),
    reference("like_node_id", "node.id"),
    Column("like_name", Text, nullable=False),
    Column("like_description", Text, nullable=False),
    Column("accepted_by", Text, nullable=False),
    now_column("accepted_at"),
    Column("forgotten_at", DateTime(timezone=True), comment="rows are never deleted: the journal keeps what is"),
    CheckConstraint("node_id <> like_node_id", name="two_nodes"),
)
