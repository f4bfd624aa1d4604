"""Frameworks that are declared in the database, and files that are held between two pages: nothing that several hosts need is on one of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0042"
branch_labels = None
depends_on = None
RUNS_ON_THE_SCHEMA_BEFORE = True  # it only adds


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "framework_declaration",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column(
            "entry",
            postgresql.JSONB(none_as_null=True),
            nullable=True,
            comment="as [frameworks.KEY] in caseforge.toml; NULL: it was taken out",
        ),
        sa.Column(
            "instead_of",
            postgresql.JSONB(none_as_null=True),
            nullable=True,
            comment="what caseforge.toml said of it then; once the file says something else, the file counts",
        ),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_framework_declaration")),
        schema="caseforge",
    )
    op.create_table(
        "held_file",
        sa.Column("whose", sa.Text(), nullable=False, comment="name of the caller, who alone gets it back"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="as it was uploaded"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("whose", "sha256", name=op.f("pk_held_file")),
        schema="caseforge",
    )


def downgrade() -> None:
    """What is declared there is lost."""
    op.drop_table("held_file", schema="caseforge")
    op.drop_table("framework_declaration", schema="caseforge")
