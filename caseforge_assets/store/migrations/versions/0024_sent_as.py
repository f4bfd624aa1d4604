"""Batches say by which name of the provider's own their model is asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """So far all models were asked by the name that stands in the configuration."""
    says = "the provider's own name of the model, such as a deployment, where it has another"
    column: sa.Column[str] = sa.Column("sent_as", sa.Text(), comment=says)
    op.add_column("batch", column, schema="caseforge")


def downgrade() -> None:
    """Models have one name."""
    op.drop_column("batch", "sent_as", schema="caseforge")
