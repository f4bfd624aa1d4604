"""A batch that was created twice is called a duplicate everywhere."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Journals of before have the old name: `store/journaling/restoring.py` knows it."""
    _rename("twin_of", "duplicate_of")


def downgrade() -> None:
    """The old name."""
    _rename("duplicate_of", "twin_of")


def _rename(before: str, after: str) -> None:
    op.alter_column("batch", before, new_column_name=after, schema="caseforge")
    op.execute(f"alter table caseforge.batch rename constraint fk_batch_{before} to fk_batch_{after}")
