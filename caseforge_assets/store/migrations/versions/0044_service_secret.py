"""Which secret the services of a database have, known by its fingerprint."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0040"
branch_labels = None
depends_on = None
RUNS_ON_THE_SCHEMA_BEFORE = True  # it only adds


def upgrade() -> None:
    """The first service to start says which one it is."""
    op.create_table(
        "known_secret",
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="derived from the secret, which cannot be found from it"),
        sa.Column("host", sa.Text(), nullable=False, comment="on which it was used first"),
        sa.Column("known_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("is_only", sa.Boolean(), server_default="true", nullable=False, comment="there is one row at most"),
        sa.CheckConstraint("is_only", name=op.f("ck_known_secret_one")),
        sa.PrimaryKeyConstraint("is_only", name=op.f("pk_known_secret")),
        schema="caseforge",
    )


def downgrade() -> None:
    """It is not known any more."""
    op.drop_table("known_secret", schema="caseforge")
