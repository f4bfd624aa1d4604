"""Questions that were asked of the search by meaning, and what they cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """There were none before."""
    op.create_table(
        "search_question",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the words: who searched for what is not kept"),
        sa.Column("vector", sa.Text(), nullable=True, comment="base64 of numbers of two bytes; NULL: there was no answer"),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("expected_cost_usd", sa.Numeric(14, 8), nullable=True),
        sa.Column("cost_usd", sa.Numeric(14, 8), nullable=True, comment="NULL: unknown, as long as there is no answer"),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True, comment="why there will be no answer, and no cost; NULL: it was not refused"),
        sa.ForeignKeyConstraint(["provider_id"], ["caseforge.provider.id"], name=op.f("fk_search_question_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_question")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_search_question_digest"), "search_question", ["digest"], schema="caseforge")
    op.create_index(op.f("ix_search_question_asked_at"), "search_question", ["asked_at"], schema="caseforge")


def downgrade() -> None:
    """Takes the table away."""
    op.drop_table("search_question", schema="caseforge")
