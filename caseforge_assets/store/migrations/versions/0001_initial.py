"""The first schema, and the views that readers query."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROCESS_DOCUMENT = """
create view caseforge.process_document as
select c.framework_key, n.code, n.name, c.title, c.body, c.version, c.model, c.temperature, c.generated_by, c.model_type,
       c.answered_at, c.remote_batch_id, c.remote_request_id, c.owner, c.input_tokens, c.output_tokens, c.cost_usd, c.simulated,
       c.reused_from is not null as reused
from caseforge.content c
join caseforge.node_version n on n.node_id = c.node_id
join caseforge.framework_version v on v.id = n.framework_version_id and v.is_current
where c.is_current and c.stage = 'process_details'
"""

USECASE_CANDIDATE = """
create view caseforge.usecase_candidate as
select k.framework_key, n.code, n.name, k.candidate_uid, k.position, k.title,
       k.fields ->> 'description' as description,
       k.fields ->> 'impact_assessment' as impact_assessment,
       (k.fields ->> 'complexity_score')::smallint as complexity_score,
       k.fields ->> 'complexity_details' as complexity_details,
       k.fields ->> 'technology_requirements' as technology_requirements,
       k.fields ->> 'success_metrics' as success_metrics,
       k.fields ->> 'implementation_timeline' as implementation_timeline,
       k.fields ->> 'category' as category,
       k.fields ->> 'estimated_roi' as estimated_roi,
       k.fields ->> 'risk_level' as risk_level,
       c.model, c.temperature, c.generated_by, c.model_type, c.answered_at, c.remote_batch_id, c.remote_request_id, c.owner,
       c.simulated, c.reused_from is not null as reused
from caseforge.candidate k
join caseforge.content c on c.id = k.content_id
join caseforge.node_version n on n.node_id = k.node_id
join caseforge.framework_version v on v.id = n.framework_version_id and v.is_current
where k.is_current and c.stage = 'usecases'
"""


def upgrade() -> None:
    """Applies the change."""
    op.create_table(
        "framework",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("targets", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="the selector that made the target nodes"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_framework")),
        schema="caseforge",
    )
    op.create_table(
        "provider",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column(
            "enqueued_token_limits",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="model: tokens, learned from refusals",
        ),
        sa.Column("stopped_reason", sa.Text(), nullable=True, comment="why nothing is sent until a person acts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider")),
        sa.UniqueConstraint("base_url", "account", "simulated", name=op.f("uq_provider_base_url_account_simulated")),
        schema="caseforge",
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), server_default="submitted", nullable=False, comment="submitted here, or imported"),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it is where it is, for people"),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("request_count", sa.Integer(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("expected_cost_usd", sa.Numeric(precision=14, scale=6), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("remote_status", sa.Text(), nullable=True),
        sa.Column("remote", postgresql.JSONB(astext_type=sa.Text()), nullable=True, comment="the provider's batch object as last seen"),
        sa.Column("input_file_id", sa.Text(), nullable=True),
        sa.Column(
            "artifacts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="role: {path, sha256, size_bytes}",
        ),
        sa.Column("collect_lease", sa.Integer(), server_default="0", nullable=False),
        sa.Column("collect_lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("creating_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('planned', 'written', 'uploaded', 'creating', 'open', 'final', 'collected', 'refused', 'unknown')",
            name=op.f("ck_batch_state"),
        ),
        sa.ForeignKeyConstraint(["provider_id"], ["caseforge.provider.id"], name=op.f("fk_batch_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("submission_id", name=op.f("uq_batch_submission_id")),
        schema="caseforge",
    )
    op.create_index(
        "ix_batch_unfinished",
        "batch",
        ["state"],
        unique=False,
        schema="caseforge",
        postgresql_where=sa.text("state not in ('collected', 'refused')"),
    )
    op.create_index("uq_batch_remote_id", "batch", ["provider_id", "remote_id"], unique=True, schema="caseforge")
    op.create_table(
        "framework_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False, comment="the edition as its publisher calls it, e.g. 7.4"),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["framework_key"], ["caseforge.framework.key"], name=op.f("fk_framework_version_framework_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_framework_version")),
        schema="caseforge",
    )
    op.create_index(
        "uq_framework_version_current",
        "framework_version",
        ["framework_key"],
        unique=True,
        schema="caseforge",
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "node",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False, comment="the framework's stable id, or the normalized name path"),
        sa.ForeignKeyConstraint(["framework_key"], ["caseforge.framework.key"], name=op.f("fk_node_framework_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node")),
        sa.UniqueConstraint("framework_key", "identity", name=op.f("uq_node_framework_key_identity")),
        schema="caseforge",
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("stages", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("node_count", sa.Integer(), nullable=False),
        sa.Column("expected_cost_usd", sa.Numeric(precision=14, scale=6), nullable=True, comment="NULL: unknown"),
        sa.Column(
            "max_cost_usd", sa.Numeric(precision=14, scale=6), nullable=True, comment="what it may spend at most; NULL: no cap of its own"
        ),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('draft', 'approved', 'declined')", name=op.f("ck_plan_state")),
        sa.ForeignKeyConstraint(["framework_key"], ["caseforge.framework.key"], name=op.f("fk_plan_framework_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        schema="caseforge",
    )
    op.create_table(
        "context",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False, comment="SHA-256 over the text and the official KPIs"),
        sa.Column("node_version", sa.Text(), nullable=False, comment="node_version.version it was made from"),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["caseforge.node.id"], name=op.f("fk_context_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_context")),
        schema="caseforge",
    )
    op.create_index("uq_context_current", "context", ["node_id"], unique=True, schema="caseforge", postgresql_where=sa.text("is_current"))
    op.create_table(
        "node_version",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_version_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kpis", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="official KPIs, as objects"),
        sa.Column("is_leaf", sa.Boolean(), nullable=False),
        sa.Column("partition_key", sa.Text(), nullable=True, comment="set for target nodes, and only for them"),
        sa.Column("version", sa.Text(), nullable=False, comment="SHA-256 over the node's path and own text"),
        sa.ForeignKeyConstraint(
            ["framework_version_id"], ["caseforge.framework_version.id"], name=op.f("fk_node_version_framework_version_id")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["caseforge.node.id"], name=op.f("fk_node_version_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_node_version")),
        sa.UniqueConstraint("framework_version_id", "code", name=op.f("uq_node_version_framework_version_id_code")),
        sa.UniqueConstraint("framework_version_id", "node_id", name=op.f("uq_node_version_framework_version_id_node_id")),
        sa.UniqueConstraint("framework_version_id", "partition_key", name=op.f("uq_node_version_framework_version_id_partition_key")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_node_version_node_id"), "node_version", ["node_id"], unique=False, schema="caseforge")
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=True),
        sa.Column("partition_key", sa.Text(), nullable=True, comment="NULL, like node_id, for stations without partitions"),
        sa.Column("good", sa.Boolean(), nullable=False),
        sa.Column("data_version", sa.Text(), server_default="", nullable=False),
        sa.Column("code_version", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "upstream",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="asset: id of the outbox row that was read",
        ),
        sa.Column("reason", sa.Text(), server_default="", nullable=False, comment="why it failed"),
        sa.Column("context_id", sa.BigInteger(), nullable=True),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("content_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("flushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=True, comment="Dagster's id of the event, once flushed"),
        sa.ForeignKeyConstraint(["framework_key"], ["caseforge.framework.key"], name=op.f("fk_outbox_framework_key")),
        sa.ForeignKeyConstraint(["node_id"], ["caseforge.node.id"], name=op.f("fk_outbox_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        schema="caseforge",
    )
    op.create_index(
        "ix_outbox_latest", "outbox", ["framework_key", "asset", "node_id", sa.literal_column("id desc")], unique=False, schema="caseforge"
    )
    op.create_index(
        "ix_outbox_unflushed", "outbox", ["id"], unique=False, schema="caseforge", postgresql_where=sa.text("flushed_at is null")
    )
    op.create_table(
        "request",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("framework_version_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column(
            "question", sa.Text(), nullable=False, comment="hash of stage, context and source versions: what is asked, with whatever budget"
        ),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="SHA-256 of the canonical body that is sent"),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="canonical JSON, as sent"),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("temperature", sa.Numeric(precision=4, scale=2), nullable=True),
        sa.Column("stage_version", sa.Text(), nullable=False),
        sa.Column("context_id", sa.BigInteger(), nullable=False),
        sa.Column("source_content_id", sa.BigInteger(), nullable=True),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("retry_of", sa.BigInteger(), nullable=True),
        sa.Column("attempts_counted", sa.Integer(), server_default="0", nullable=False, comment="counted attempts before this request"),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("max_completion_tokens", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state in ('pending', 'in_batch', 'answered', 'failed', 'parked', 'replaced')", name=op.f("ck_request_state")),
        sa.ForeignKeyConstraint(["context_id"], ["caseforge.context.id"], name=op.f("fk_request_context_id")),
        sa.ForeignKeyConstraint(["framework_key"], ["caseforge.framework.key"], name=op.f("fk_request_framework_key")),
        sa.ForeignKeyConstraint(["framework_version_id"], ["caseforge.framework_version.id"], name=op.f("fk_request_framework_version_id")),
        sa.ForeignKeyConstraint(["node_id"], ["caseforge.node.id"], name=op.f("fk_request_node_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["caseforge.plan.id"], name=op.f("fk_request_plan_id")),
        sa.ForeignKeyConstraint(["retry_of"], ["caseforge.request.id"], name=op.f("fk_request_retry_of")),
        sa.ForeignKeyConstraint(["source_content_id"], ["caseforge.content.id"], name=op.f("fk_request_source_content_id"), use_alter=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_request_fingerprint_generation"), "request", ["fingerprint", "generation"], unique=False, schema="caseforge")
    op.create_index(
        "ix_request_pending", "request", ["stage", "id"], unique=False, schema="caseforge", postgresql_where=sa.text("state = 'pending'")
    )
    op.create_index(
        "uq_request_current", "request", ["node_id", "stage"], unique=True, schema="caseforge", postgresql_where=sa.text("is_current")
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("custom_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("expected_cost_usd", sa.Numeric(precision=14, scale=8), nullable=True, comment="reserved while live; NULL: unknown"),
        sa.Column("outcome", sa.Text(), nullable=True, comment="NULL while the attempt is live"),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("notes", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=True),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("remote_request_id", sa.Text(), nullable=True),
        sa.Column("response_id", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True, comment="the exact model that answered"),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column("answer_sha256", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("cached_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Numeric(precision=14, scale=8), nullable=True, comment="NULL: unknown"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["caseforge.batch.id"], name=op.f("fk_attempt_batch_id")),
        sa.ForeignKeyConstraint(["node_id"], ["caseforge.node.id"], name=op.f("fk_attempt_node_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["caseforge.provider.id"], name=op.f("fk_attempt_provider_id")),
        sa.ForeignKeyConstraint(["request_id"], ["caseforge.request.id"], name=op.f("fk_attempt_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("batch_id", "custom_id", name=op.f("uq_attempt_batch_id_custom_id")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_attempt_node_id"), "attempt", ["node_id"], unique=False, schema="caseforge")
    op.create_index(
        "ix_attempt_ok",
        "attempt",
        ["fingerprint", "generation"],
        unique=False,
        schema="caseforge",
        postgresql_where=sa.text("outcome in ('ok', 'salvaged')"),
    )
    op.create_index(op.f("ix_attempt_request_id"), "attempt", ["request_id"], unique=False, schema="caseforge")
    op.create_index(
        "uq_attempt_live",
        "attempt",
        ["provider_id", "fingerprint", "generation"],
        unique=True,
        schema="caseforge",
        postgresql_where=sa.text("outcome is null"),
    )
    op.create_table(
        "content",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("reused_from", sa.BigInteger(), nullable=True),
        sa.Column("source_content_id", sa.BigInteger(), nullable=True),
        sa.Column("question", sa.Text(), nullable=True, comment="request.question it answers; NULL: taken over from elsewhere"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="markdown"),
        sa.Column("version", sa.Text(), nullable=False, comment="SHA-256 of the content"),
        sa.Column("stage_version", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("generated_by", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("temperature", sa.Numeric(precision=4, scale=2), nullable=True),
        sa.Column("model_type", sa.Text(), nullable=False, comment="the framework's key"),
        sa.Column("owner", sa.Text(), server_default="", nullable=False, comment="batch_user_assignment"),
        sa.Column("remote_batch_id", sa.Text(), nullable=True),
        sa.Column("remote_request_id", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Numeric(precision=14, scale=8), nullable=True, comment="NULL: unknown"),
        sa.Column("notes", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["caseforge.attempt.id"], name=op.f("fk_content_attempt_id")),
        sa.ForeignKeyConstraint(["framework_key"], ["caseforge.framework.key"], name=op.f("fk_content_framework_key")),
        sa.ForeignKeyConstraint(["node_id"], ["caseforge.node.id"], name=op.f("fk_content_node_id")),
        sa.ForeignKeyConstraint(["request_id"], ["caseforge.request.id"], name=op.f("fk_content_request_id")),
        sa.ForeignKeyConstraint(["reused_from"], ["caseforge.content.id"], name=op.f("fk_content_reused_from")),
        sa.ForeignKeyConstraint(["source_content_id"], ["caseforge.content.id"], name=op.f("fk_content_source_content_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_content_node_id_stage"), "content", ["node_id", "stage"], unique=False, schema="caseforge")
    op.create_index(
        "uq_content_attempt", "content", ["attempt_id"], unique=True, schema="caseforge", postgresql_where=sa.text("reused_from is null")
    )
    op.create_index(
        "uq_content_current", "content", ["node_id", "stage"], unique=True, schema="caseforge", postgresql_where=sa.text("is_current")
    )
    op.create_table(
        "candidate",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("candidate_uid", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["caseforge.content.id"], name=op.f("fk_candidate_content_id")),
        sa.ForeignKeyConstraint(["framework_key"], ["caseforge.framework.key"], name=op.f("fk_candidate_framework_key")),
        sa.ForeignKeyConstraint(["node_id"], ["caseforge.node.id"], name=op.f("fk_candidate_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("content_id", "position", name=op.f("uq_candidate_content_id_position")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_candidate_node_id"), "candidate", ["node_id"], unique=False, schema="caseforge")
    op.create_index(
        "uq_candidate_current_uid",
        "candidate",
        ["framework_key", "candidate_uid"],
        unique=True,
        schema="caseforge",
        postgresql_where=sa.text("is_current"),
    )
    op.create_foreign_key(
        "fk_request_source_content_id",
        "request",
        "content",
        ["source_content_id"],
        ["id"],
        source_schema="caseforge",
        referent_schema="caseforge",
    )
    # Compressing the two large texts would take as long as everything else that a collect does in the database.
    op.execute("alter table caseforge.request alter column body set storage external")
    op.execute("alter table caseforge.content alter column body set storage external")
    op.execute(PROCESS_DOCUMENT)
    op.execute(USECASE_CANDIDATE)


def downgrade() -> None:
    """Takes the change back."""
    op.execute("drop view caseforge.usecase_candidate")
    op.execute("drop view caseforge.process_document")
    op.drop_constraint("fk_request_source_content_id", "request", schema="caseforge", type_="foreignkey")
    op.drop_index("uq_candidate_current_uid", table_name="candidate", schema="caseforge", postgresql_where=sa.text("is_current"))
    op.drop_index(op.f("ix_candidate_node_id"), table_name="candidate", schema="caseforge")
    op.drop_table("candidate", schema="caseforge")
    op.drop_index("uq_content_current", table_name="content", schema="caseforge", postgresql_where=sa.text("is_current"))
    op.drop_index("uq_content_attempt", table_name="content", schema="caseforge", postgresql_where=sa.text("reused_from is null"))
    op.drop_index(op.f("ix_content_node_id_stage"), table_name="content", schema="caseforge")
    op.drop_table("content", schema="caseforge")
    op.drop_index("uq_attempt_live", table_name="attempt", schema="caseforge", postgresql_where=sa.text("outcome is null"))
    op.drop_index(op.f("ix_attempt_request_id"), table_name="attempt", schema="caseforge")
    op.drop_index("ix_attempt_ok", table_name="attempt", schema="caseforge", postgresql_where=sa.text("outcome in ('ok', 'salvaged')"))
    op.drop_index(op.f("ix_attempt_node_id"), table_name="attempt", schema="caseforge")
    op.drop_table("attempt", schema="caseforge")
    op.drop_index("uq_request_current", table_name="request", schema="caseforge", postgresql_where=sa.text("is_current"))
    op.drop_index("ix_request_pending", table_name="request", schema="caseforge", postgresql_where=sa.text("state = 'pending'"))
    op.drop_index(op.f("ix_request_fingerprint_generation"), table_name="request", schema="caseforge")
    op.drop_table("request", schema="caseforge")
    op.drop_index("ix_outbox_unflushed", table_name="outbox", schema="caseforge", postgresql_where=sa.text("flushed_at is null"))
    op.drop_index("ix_outbox_latest", table_name="outbox", schema="caseforge")
    op.drop_table("outbox", schema="caseforge")
    op.drop_index(op.f("ix_node_version_node_id"), table_name="node_version", schema="caseforge")
    op.drop_table("node_version", schema="caseforge")
    op.drop_index("uq_context_current", table_name="context", schema="caseforge", postgresql_where=sa.text("is_current"))
    op.drop_table("context", schema="caseforge")
    op.drop_table("plan", schema="caseforge")
    op.drop_table("node", schema="caseforge")
    op.drop_index(
        "uq_framework_version_current", table_name="framework_version", schema="caseforge", postgresql_where=sa.text("is_current")
    )
    op.drop_table("framework_version", schema="caseforge")
    op.drop_index("uq_batch_remote_id", table_name="batch", schema="caseforge")
    op.drop_index(
        "ix_batch_unfinished", table_name="batch", schema="caseforge", postgresql_where=sa.text("state not in ('collected', 'refused')")
    )
    op.drop_table("batch", schema="caseforge")
    op.drop_table("provider", schema="caseforge")
    op.drop_table("framework", schema="caseforge")
