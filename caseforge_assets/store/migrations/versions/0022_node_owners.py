"""A node has an owner, where its framework's table names one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Editions that were loaded before had no owners."""
    says = "as the framework's table says, of the node or the nearest one above it"
    column: sa.Column[str] = sa.Column("owner", sa.Text(), nullable=False, server_default="", comment=says)
    op.add_column("node_version", column, schema="caseforge")


def downgrade() -> None:
    """Nodes have no owners."""
    op.drop_column("node_version", "owner", schema="caseforge")
