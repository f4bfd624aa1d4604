"""A stop has a beginning and ends with a new key; a batch that was refused is not sent again under the same one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Which key was used so far is not known; stops that stand began at a time that is not known."""
    for column in (
        sa.Column("stopped_at", sa.DateTime(timezone=True)),
        sa.Column(
            "stopped_keys", ARRAY(sa.Text()), server_default="{}", nullable=False, comment="digests of the keys that it was stopped under"
        ),
        sa.Column("last_key", sa.Text(), comment="digest of the key that was used last"),
    ):
        op.add_column("provider", column, schema="caseforge")
    says = "digest of the key under which it was refused as it is; NULL: it was not"
    op.add_column("batch", sa.Column("refused_key", sa.Text(), comment=says), schema="caseforge")


def downgrade() -> None:
    """Stops end when a person asks."""
    op.drop_column("batch", "refused_key", schema="caseforge")
    for name in ("last_key", "stopped_keys", "stopped_at"):
        op.drop_column("provider", name, schema="caseforge")
