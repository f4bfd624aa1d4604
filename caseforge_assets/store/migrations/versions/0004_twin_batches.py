"""A batch that exists twice at its provider: the second one is a row of its own that names the first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Batches made so far have no known twin."""
    twin_of: sa.Column[int] = sa.Column("twin_of", sa.BigInteger(), comment="the batch that was adopted of the same submission")
    again: sa.Column[bool] = sa.Column(
        "created_again",
        sa.Boolean(),
        server_default="false",
        nullable=False,
        comment="no listing showed it; it may exist twice all the same",
    )
    op.add_column("batch", twin_of, schema="caseforge")
    op.add_column("batch", again, schema="caseforge")
    op.create_foreign_key(
        op.f("fk_batch_twin_of"), "batch", "batch", ["twin_of"], ["id"], source_schema="caseforge", referent_schema="caseforge"
    )


def downgrade() -> None:
    """What twins cost stays, with their rows."""
    op.drop_constraint(op.f("fk_batch_twin_of"), "batch", schema="caseforge", type_="foreignkey")
    op.drop_column("batch", "created_again", schema="caseforge")
    op.drop_column("batch", "twin_of", schema="caseforge")
