"""Decisions on use cases, comments, portfolios; the audit log by subject."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What people make of the ideas."""
    op.create_table(
        "use_case",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("candidate_id", sa.BigInteger(), nullable=False, comment="as it was chosen"),
        sa.Column("status", sa.Text(), server_default="idea", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False, comment="why it stands where it stands"),
        sa.Column("owner", sa.Text(), server_default="", nullable=False, comment="who brings it forward; empty: nobody yet"),
        sa.Column("review_on", sa.Date(), nullable=True, comment="when it is to be looked at again"),
        sa.Column("tags", postgresql.ARRAY(Text()), server_default="{}", nullable=False),
        sa.Column(
            "revision",
            sa.Integer(),
            server_default="1",
            nullable=False,
            comment="how often it was decided: an edit names the one it was made from",
        ),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status in ('idea', 'shortlisted', 'approved', 'in_delivery', 'live', 'rejected')", name=op.f("ck_use_case_status")
        ),
        sa.ForeignKeyConstraint(["candidate_id"], ["caseforge.candidate.id"], name=op.f("fk_use_case_candidate_id")),
        sa.ForeignKeyConstraint(["framework_key"], ["caseforge.framework.key"], name=op.f("fk_use_case_framework_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_case")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_use_case_framework_key_status"), "use_case", ["framework_key", "status"], unique=False, schema="caseforge")
    op.create_index(
        "ix_use_case_review", "use_case", ["review_on"], unique=False, schema="caseforge", postgresql_where=sa.text("review_on is not null")
    )
    op.create_index("uq_use_case_candidate", "use_case", ["candidate_id"], unique=True, schema="caseforge")
    op.create_table(
        "use_case_comment",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("use_case_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="markdown"),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["use_case_id"], ["caseforge.use_case.id"], name=op.f("fk_use_case_comment_use_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_case_comment")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_use_case_comment_use_case_id_id"), "use_case_comment", ["use_case_id", "id"], unique=False, schema="caseforge")
    op.create_table(
        "portfolio",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False, comment="markdown"),
        sa.Column("owner", sa.Text(), nullable=False, comment="the caller who made it"),
        sa.Column("is_shared", sa.Boolean(), server_default="false", nullable=False, comment="everybody sees it, and editors change it"),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio")),
        schema="caseforge",
    )
    op.create_index(
        "uq_portfolio_name", "portfolio", ["owner", "name"], unique=True, schema="caseforge", postgresql_where=sa.text("removed_at is null")
    )
    op.create_table(
        "portfolio_entry",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("portfolio_id", sa.BigInteger(), nullable=False),
        sa.Column("use_case_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["portfolio_id"], ["caseforge.portfolio.id"], name=op.f("fk_portfolio_entry_portfolio_id")),
        sa.ForeignKeyConstraint(["use_case_id"], ["caseforge.use_case.id"], name=op.f("fk_portfolio_entry_use_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_entry")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_portfolio_entry_use_case_id"), "portfolio_entry", ["use_case_id"], unique=False, schema="caseforge")
    op.create_index("uq_portfolio_entry", "portfolio_entry", ["portfolio_id", "use_case_id"], unique=True, schema="caseforge")
    op.create_index(op.f("ix_audit_entry_subject_id"), "audit_entry", ["subject", "id"], unique=False, schema="caseforge")


def downgrade() -> None:
    """Takes it out again; what was decided is lost."""
    op.drop_index(op.f("ix_audit_entry_subject_id"), table_name="audit_entry", schema="caseforge")
    for name in ("portfolio_entry", "portfolio", "use_case_comment", "use_case"):
        op.drop_table(name, schema="caseforge")
