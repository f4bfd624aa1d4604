"""Marks of the journal say whether their rows are new: what never changes in a row is journaled with its first state only.

Like after every migration, everything is journaled anew, so that no row is completed from a segment of the older form.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Marks that are there already count as those of new rows."""
    op.add_column(
        "journal_mark",
        sa.Column(
            "added",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="whether the rows are new; what never changes in others is journaled already",
        ),
        schema="caseforge",
    )


def downgrade() -> None:
    """Triggers that fill the column in would fail every statement; they are attached anew by the next upgrade."""
    op.execute("drop function if exists caseforge.mark_changed() cascade")
    op.execute("drop function if exists caseforge.refuse_change() cascade")
    op.drop_column("journal_mark", "added", schema="caseforge")
