"""What of an answer's input tokens was written to the prompt cache is counted: it has a price of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of answers recorded so far it is not known."""
    column: sa.Column[int] = sa.Column("cache_write_tokens", sa.Integer(), comment="of the input tokens; NULL: not counted")
    op.add_column("attempt", column, schema="caseforge")


def downgrade() -> None:
    """Costs stay as they were priced."""
    op.drop_column("attempt", "cache_write_tokens", schema="caseforge")
