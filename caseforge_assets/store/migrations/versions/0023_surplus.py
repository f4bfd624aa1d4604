"""What an answer holds beyond as many candidates as were asked for is kept: it was paid for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of answers so far nothing is known to be surplus; `caseforge collect --judge-again` looks."""
    says = "items beyond as many as were asked for: [{title, fields}]"
    column: sa.Column[list[dict[str, object]]] = sa.Column("surplus", JSONB(), nullable=False, server_default="[]", comment=says)
    op.add_column("content", column, schema="caseforge")


def downgrade() -> None:
    """Surplus is dropped."""
    op.drop_column("content", "surplus", schema="caseforge")
