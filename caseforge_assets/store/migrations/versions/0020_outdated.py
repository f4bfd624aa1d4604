"""What stages are made of is kept, version by version, and a node may have a note that its content is out of date."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_KINDS = "kind in ('made', 'failed', 'waiting', 'outdated')"
_COMMENT = "made, failed, or a note: waiting for an answer, outdated by what it was made from"


def upgrade() -> None:
    """Nothing is known of versions before."""
    op.create_table(
        "stage_definition",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False, comment="as contents and rows of the outbox name it"),
        sa.Column("parts", postgresql.JSONB(), nullable=False, comment="texts by name: files, schema, settings"),
        sa.Column("current_since", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_definition")),
        sa.UniqueConstraint("stage", "version", name=op.f("uq_stage_definition_stage_version")),
        schema="caseforge",
    )
    op.drop_constraint(op.f("ck_outbox_kind"), "outbox", schema="caseforge")
    op.create_check_constraint(op.f("ck_outbox_kind"), "outbox", _KINDS, schema="caseforge")
    op.alter_column("outbox", "kind", comment=_COMMENT, schema="caseforge")


def downgrade() -> None:
    """Notes that content is out of date go."""
    op.execute("delete from caseforge.outbox where kind = 'outdated'")
    op.drop_constraint(op.f("ck_outbox_kind"), "outbox", schema="caseforge")
    op.create_check_constraint(op.f("ck_outbox_kind"), "outbox", "kind in ('made', 'failed', 'waiting')", schema="caseforge")
    op.alter_column("outbox", "kind", comment="made, failed, or waiting: a note that an answer is awaited", schema="caseforge")
    op.drop_table("stage_definition", schema="caseforge")
