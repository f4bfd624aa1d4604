"""Batches that their provider does not know just now, and those whose files fall short, are looked at again, by any process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def _columns() -> tuple[sa.Column[object], ...]:
    lost = "since when its provider does not know it; NULL: it does, as far as is known"
    held = "its files fall short after the grace period: a person decides"
    return (
        sa.Column("lost_since", sa.DateTime(timezone=True), comment=lost),
        sa.Column("lost_looks", sa.Integer(), server_default="0", nullable=False, comment="looks since then"),
        sa.Column("short_since", sa.DateTime(timezone=True), comment="since when its files bring less than there is; NULL: they do not"),
        sa.Column("short_fetches", sa.Integer(), server_default="0", nullable=False, comment="fetches since then"),
        sa.Column("fetch_after", sa.DateTime(timezone=True), comment="before that its files are not fetched again; NULL: at once"),
        sa.Column("is_held", sa.Boolean(), server_default="false", nullable=False, comment=held),
    )


def upgrade() -> None:
    """Of batches made so far nothing is known; those that are unknown are so since an unknown time."""
    for column in _columns():
        op.add_column("batch", column, schema="caseforge")


def downgrade() -> None:
    """What is looked at again is looked at at once."""
    for column in reversed(_columns()):
        op.drop_column("batch", column.name, schema="caseforge")
