"""An outbox row says made, failed or waiting, instead of good or not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keeps what the old rows say."""
    op.add_column(
        "outbox", sa.Column("kind", sa.Text(), comment="made, failed, or waiting: a note that an answer is awaited"), schema="caseforge"
    )
    op.execute("update caseforge.outbox set kind = case when good then 'made' else 'failed' end")
    op.alter_column("outbox", "kind", nullable=False, schema="caseforge")
    op.create_check_constraint(op.f("ck_outbox_kind"), "outbox", "kind in ('made', 'failed', 'waiting')", schema="caseforge")
    op.drop_column("outbox", "good", schema="caseforge")


def downgrade() -> None:
    """Notes of waiting are lost: they say nothing of what is or was there."""
    op.add_column("outbox", sa.Column("good", sa.Boolean()), schema="caseforge")
    op.execute("delete from caseforge.outbox where kind = 'waiting'")
    op.execute("update caseforge.outbox set good = kind = 'made'")
    op.alter_column("outbox", "good", nullable=False, schema="caseforge")
    op.drop_constraint(op.f("ck_outbox_kind"), "outbox", schema="caseforge")
    op.drop_column("outbox", "kind", schema="caseforge")
