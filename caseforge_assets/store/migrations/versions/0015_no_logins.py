"""Addresses of providers are stored without user and password."""

from __future__ import annotations

from alembic import op

from caseforge_assets.store.database.logins import remove_logins

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A password in OPENAI_BASE_URL was stored with it, and a new password made a new provider."""
    remove_logins(op.get_bind())


def downgrade() -> None:
    """What is gone is not brought back; an older version that is given a login adds a provider of its own."""
