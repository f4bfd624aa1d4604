"""How good each content is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Contents made so far are measured when somebody asks."""
    op.create_table(
        "quality",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False, comment="version of the rules that it was measured by"),
        sa.Column("score", sa.Integer(), nullable=False, comment="0 to 100"),
        sa.Column(
            "details",
            sa.JSON(),
            nullable=False,
            comment="parts: points by part; limits: faults in words; figures: what was counted",
        ),
        sa.Column("signature", sa.Text(), comment="MinHash of the text; NULL where texts are not compared"),
        sa.Column("measured_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["caseforge.content.id"], name=op.f("fk_quality_content_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality")),
        sa.UniqueConstraint("content_id", name=op.f("uq_quality_content_id")),
        schema="caseforge",
    )


def downgrade() -> None:
    """Measures can be made anew."""
    op.drop_table("quality", schema="caseforge")
