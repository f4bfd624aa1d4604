"""A batch's own count of tokens at its provider is held against its lines, and what differs is noted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Batches collected so far were not compared."""
    says = "what its provider counts otherwise than its lines; NULL: nothing, as far as is known"
    column: sa.Column[str] = sa.Column("usage_differs", sa.Text(), comment=says)
    op.add_column("batch", column, schema="caseforge")


def downgrade() -> None:
    """Nothing is compared."""
    op.drop_column("batch", "usage_differs", schema="caseforge")
