"""Requests that fail without being sent say why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """So far every request that failed was sent."""
    reason: sa.Column[str] = sa.Column("not_sent_because", sa.Text(), comment="why it failed without being sent; NULL: it did not")
    op.add_column("request", reason, schema="caseforge")


def downgrade() -> None:
    """What failed so would not be found any more; as pending it is looked at again."""
    op.execute("update caseforge.request set state = 'pending' where not_sent_because is not null and is_current and state = 'failed'")
    op.drop_column("request", "not_sent_because", schema="caseforge")
