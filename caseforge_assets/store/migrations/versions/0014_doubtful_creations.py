"""What a creation was answered with is kept until it is found out whether the batch exists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_REFUSED = "what the creation was refused with, while it is found out whether the batch exists all the same"
_DOUBTFUL = "what the creation was answered with: the id of a batch that does not seem to be this one"


def upgrade() -> None:
    """So far a refusal was believed, and so was every id."""
    for name, comment in (("create_refused", _REFUSED), ("doubtful_id", _DOUBTFUL)):
        column: sa.Column[str] = sa.Column(name, sa.Text(), comment=comment)
        op.add_column("batch", column, schema="caseforge")


def downgrade() -> None:
    """What is being found out is found out as for a creation without an answer."""
    op.drop_column("batch", "doubtful_id", schema="caseforge")
    op.drop_column("batch", "create_refused", schema="caseforge")
