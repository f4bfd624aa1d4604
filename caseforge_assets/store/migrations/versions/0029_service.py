"""Accounts, tokens and the audit log; calls that are answered once, work that was asked for, events and webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a service needs that several people and programs use."""
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="what the person signs in with, and is recorded as"),
        sa.Column("password_hash", sa.Text(), nullable=True, comment="argon2; NULL: signs in elsewhere"),
        sa.Column(
            "issuer",
            sa.Text(),
            nullable=True,
            comment="the OpenID provider, or the proxy, that vouches for the person; NULL: the password does",
        ),
        sa.Column("subject", sa.Text(), nullable=True, comment="what that one calls the person"),
        sa.Column(
            "limit_usd",
            sa.Numeric(precision=14, scale=6),
            nullable=True,
            comment="the most that the plans which the person approves may cost in all; NULL: no limit",
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_account_issuer_subject")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
        schema="caseforge",
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the token"),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=True, comment="NULL: in all frameworks"),
        sa.Column(
            "limit_usd",
            sa.Numeric(precision=14, scale=6),
            nullable=True,
            comment="the most that the plans which it approves may cost in all; NULL: no limit",
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.CheckConstraint("role in ('reader', 'editor', 'planner', 'admin')", name=op.f("ck_api_token_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_api_token_name")),
        schema="caseforge",
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False, comment="such as plan.approved"),
        sa.Column("subject", sa.Text(), nullable=False, comment="what was acted on, such as plan 12"),
        sa.Column("framework_key", sa.Text(), nullable=True, comment="NULL: it concerns several, or none"),
        sa.Column("details", postgresql.JSONB(astext_type=Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_audit_entry_framework_key_id"), "audit_entry", ["framework_key", "id"], unique=False, schema="caseforge")
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True, comment="NULL: not numbered yet"),
        sa.Column("kind", sa.Text(), nullable=False, comment="such as plan.waiting"),
        sa.Column("framework_key", sa.Text(), nullable=True, comment="NULL: it concerns several, or none"),
        sa.Column("subject", sa.Text(), nullable=False, comment="what it is about, such as plan 12"),
        sa.Column("data", postgresql.JSONB(astext_type=Text()), server_default="{}", nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("position", name=op.f("uq_event_position")),
        schema="caseforge",
    )
    op.create_index("ix_event_unnumbered", "event", ["id"], unique=False, schema="caseforge", postgresql_where=sa.text("position is null"))
    op.create_table(
        "failed_sign_in",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_in")),
        schema="caseforge",
    )
    op.create_index(
        op.f("ix_failed_sign_in_address_failed_at"), "failed_sign_in", ["address", "failed_at"], unique=False, schema="caseforge"
    )
    op.create_index(op.f("ix_failed_sign_in_name_failed_at"), "failed_sign_in", ["name", "failed_at"], unique=False, schema="caseforge")
    op.create_table(
        "idempotent_call",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="the caller's Idempotency-Key"),
        sa.Column("call", sa.Text(), nullable=False, comment="method and path"),
        sa.Column("body_digest", sa.Text(), nullable=False, comment="SHA-256 of the body"),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotent_call")),
        sa.UniqueConstraint("caller", "key", name=op.f("uq_idempotent_call_caller_key")),
        schema="caseforge",
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(Text()), nullable=False, comment="of events; empty: all"),
        sa.Column("framework_key", sa.Text(), nullable=True, comment="NULL: of all frameworks"),
        sa.Column(
            "secret_number", sa.Integer(), server_default="1", nullable=False, comment="which secret signs: it is derived, and never stored"
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        schema="caseforge",
    )
    op.create_table(
        "account_role",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=True, comment="NULL: in all frameworks"),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role in ('reader', 'editor', 'planner', 'admin')", name=op.f("ck_account_role_role")),
        sa.ForeignKeyConstraint(["account_id"], ["caseforge.account.id"], name=op.f("fk_account_role_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_role")),
        schema="caseforge",
    )
    op.create_index(
        "uq_account_role",
        "account_role",
        ["account_id", "role", sa.literal_column("coalesce(framework_key, '')")],
        unique=True,
        schema="caseforge",
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the session's id, which only the browser has"),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False, comment="who it is of; without an account, the user of this machine"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["caseforge.account.id"], name=op.f("fk_web_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_web_session_digest")),
        schema="caseforge",
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True, comment="HTTP status of the last try; NULL: no answer"),
        sa.Column("problem", sa.Text(), server_default="", nullable=False, comment="why the last try failed"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'delivered', 'dead')", name=op.f("ck_webhook_delivery_state")),
        sa.ForeignKeyConstraint(["event_id"], ["caseforge.event.id"], name=op.f("fk_webhook_delivery_event_id")),
        sa.ForeignKeyConstraint(["webhook_id"], ["caseforge.webhook.id"], name=op.f("fk_webhook_delivery_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f("uq_webhook_delivery_webhook_id_event_id")),
        schema="caseforge",
    )
    op.create_index(
        "ix_webhook_delivery_waiting",
        "webhook_delivery",
        ["next_try_at"],
        unique=False,
        schema="caseforge",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "webhook_message",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False, comment="the sender's own id: what comes twice is known by it"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False, comment="the provider's id of the batch"),
        sa.Column("batch_id", sa.BigInteger(), nullable=True, comment="NULL: no batch of ours is called so"),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["caseforge.batch.id"], name=op.f("fk_webhook_message_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_webhook_message_message_id")),
        schema="caseforge",
    )
    op.create_table(
        "work_wish",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True, comment="what came of it, for people"),
        sa.CheckConstraint("wish in ('submit', 'poll', 'collect')", name=op.f("ck_work_wish_wish")),
        sa.ForeignKeyConstraint(["batch_id"], ["caseforge.batch.id"], name=op.f("fk_work_wish_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_wish")),
        schema="caseforge",
    )
    op.create_index("ix_work_wish_open", "work_wish", ["id"], unique=False, schema="caseforge", postgresql_where=sa.text("done_at is null"))


def downgrade() -> None:
    """The command line alone."""
    op.drop_index("ix_work_wish_open", table_name="work_wish", schema="caseforge", postgresql_where=sa.text("done_at is null"))
    op.drop_table("work_wish", schema="caseforge")
    op.drop_table("webhook_message", schema="caseforge")
    op.drop_index(
        "ix_webhook_delivery_waiting", table_name="webhook_delivery", schema="caseforge", postgresql_where=sa.text("state = 'waiting'")
    )
    op.drop_table("webhook_delivery", schema="caseforge")
    op.drop_table("web_session", schema="caseforge")
    op.drop_index("uq_account_role", table_name="account_role", schema="caseforge")
    op.drop_table("account_role", schema="caseforge")
    op.drop_table("webhook", schema="caseforge")
    op.drop_table("idempotent_call", schema="caseforge")
    op.drop_index(op.f("ix_failed_sign_in_name_failed_at"), table_name="failed_sign_in", schema="caseforge")
    op.drop_index(op.f("ix_failed_sign_in_address_failed_at"), table_name="failed_sign_in", schema="caseforge")
    op.drop_table("failed_sign_in", schema="caseforge")
    op.drop_index("ix_event_unnumbered", table_name="event", schema="caseforge", postgresql_where=sa.text("position is null"))
    op.drop_table("event", schema="caseforge")
    op.drop_index(op.f("ix_audit_entry_framework_key_id"), table_name="audit_entry", schema="caseforge")
    op.drop_table("audit_entry", schema="caseforge")
    op.drop_table("api_token", schema="caseforge")
    op.drop_table("account", schema="caseforge")
