"""The journal: which rows have changed since they were last journaled, and the segments that were written.

The triggers that mark rows are attached to every table after each migration, see `caseforge_assets.store.journal`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All rows that are there already are marked when the triggers are attached."""
    op.create_table(
        "journal_mark",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column(
            "row_ids",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=True,
            comment="rows that a statement added, changed or removed; NULL: any of the table",
        ),
        sa.Column("marked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_mark")),
        schema="caseforge",
    )
    op.create_table(
        "journal_segment",
        sa.Column("path", sa.Text(), nullable=False, comment="relative to the folder of artifacts"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the segment when it is unpacked"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=True, comment="the segment before it; NULL: it holds everything"),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_journal_segment")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_journal_segment_written_at"), "journal_segment", ["written_at"], schema="caseforge")


def downgrade() -> None:
    """Without the tables the triggers would fail every statement."""
    op.execute("drop function if exists caseforge.mark_changed() cascade")
    op.drop_table("journal_segment", schema="caseforge")
    op.drop_table("journal_mark", schema="caseforge")
