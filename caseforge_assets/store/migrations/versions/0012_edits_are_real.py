"""What a person wrote is never simulated."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An edit took over from what it was made from that this was simulated, and did not count for a provider that bills."""
    op.execute("update caseforge.content set simulated = false where simulated and edited_after is not null")


def downgrade() -> None:
    """Rows look as they did."""
