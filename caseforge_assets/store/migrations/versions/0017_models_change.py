"""Models change and end: versions are looked up by stage, what Dagster was told of them is known, and so are the ends that providers announce."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """So far Dagster was told every version as it was."""
    op.create_index(op.f("ix_request_stage_stage_version"), "request", ["stage", "stage_version"], schema="caseforge")
    ends: sa.Column[dict[str, str]] = sa.Column(
        "model_ends", JSONB(), server_default="{}", nullable=False, comment="model: day of its end, as it announces it"
    )
    op.add_column("provider", ends, schema="caseforge")
    op.create_table(
        "told",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False, comment="under which what counted as fresh was shown last"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_told")),
        sa.UniqueConstraint("stage", name=op.f("uq_told_stage")),
        schema="caseforge",
    )


def downgrade() -> None:
    """Versions are told as they are again."""
    op.drop_table("told", schema="caseforge")
    op.drop_column("provider", "model_ends", schema="caseforge")
    op.drop_index(op.f("ix_request_stage_stage_version"), table_name="request", schema="caseforge")
