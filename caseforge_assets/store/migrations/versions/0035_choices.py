"""What people have chosen of another stage's items, on the requests that are made from it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Requests that there are were made from no choice."""
    comment = "the chosen items of another stage that it is made from: version, ids, titles; NULL: from none"
    op.add_column("request", sa.Column("choice", postgresql.JSONB(), nullable=True, comment=comment), schema="caseforge")


def downgrade() -> None:
    """Takes the column out."""
    op.drop_column("request", "choice", schema="caseforge")
