"""Alerts, their messages and deliveries; what providers refuse, and how many lines of a batch fit no request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was refused so far, and nobody counted lines."""
    op.add_column(
        "provider", _text("refused_reason", "why it refused the key when it was last asked; NULL: it did not"), schema="caseforge"
    )
    stray: sa.Column[int] = sa.Column(
        "stray_lines", sa.Integer(), comment="lines of its result files that fit no request; NULL: not counted"
    )
    op.add_column("batch", stray, schema="caseforge")
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="what it is about, as the rule counts it"),
        _text("framework_key", "NULL: it concerns several, or all"),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="as it was when it was last looked at"),
        *(sa.Column(name, sa.DateTime(timezone=True)) for name in ("raised_at", "escalated_at", "acknowledged_at")),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("cleared_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("severity in ('warning', 'critical')", name=op.f("ck_alert_severity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        schema="caseforge",
    )
    still_open = sa.text("cleared_at is null")
    op.create_index("uq_alert_open", "alert", ["rule", "subject"], unique=True, schema="caseforge", postgresql_where=still_open)
    _messages()


def _messages() -> None:
    op.create_table(
        "alert_message",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("event in ('raised', 'escalated', 'cleared')", name=op.f("ck_alert_message_event")),
        sa.ForeignKeyConstraint(["alert_id"], ["caseforge.alert.id"], name=op.f("fk_alert_message_alert_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_message")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_alert_message_created_at"), "alert_message", ["created_at"], schema="caseforge")
    op.create_table(
        "alert_delivery",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False, comment="scheme and a short hash"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False, comment="why the last try failed"),
        *(sa.Column(name, sa.DateTime(timezone=True)) for name in ("next_try_at", "delivered_at")),
        sa.ForeignKeyConstraint(["message_id"], ["caseforge.alert_message.id"], name=op.f("fk_alert_delivery_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_delivery")),
        sa.UniqueConstraint("message_id", "address", name=op.f("uq_alert_delivery_message_id_address")),
        schema="caseforge",
    )


def downgrade() -> None:
    """Alerts are gone; what they were about is not."""
    for table in ("alert_delivery", "alert_message", "alert"):
        op.drop_table(table, schema="caseforge")
    op.drop_column("batch", "stray_lines", schema="caseforge")
    op.drop_column("provider", "refused_reason", schema="caseforge")


def _text(name: str, comment: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), comment=comment)
