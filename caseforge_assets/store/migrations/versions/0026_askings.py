"""The runs of one backfill note what they have asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Backfills that are under way now have noted nothing: their next run asks for what is not under way."""
    op.create_table(
        "asking",
        sa.Column("backfill", sa.Text(), nullable=False, comment="Dagster's id of it"),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("backfill", "stage", "node_id", name=op.f("pk_asking")),
        schema="caseforge",
    )


def downgrade() -> None:
    """Each run asks for its own nodes."""
    op.drop_table("asking", schema="caseforge")
