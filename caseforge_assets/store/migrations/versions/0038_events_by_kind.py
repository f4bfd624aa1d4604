"""Events are found by their kind, and their deliveries by them: for who listens to few kinds, and for removing what is kept no longer."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing but indexes."""
    op.create_index(op.f("ix_event_kind_position"), "event", ["kind", "position"], schema="caseforge")
    op.create_index(op.f("ix_webhook_delivery_event_id"), "webhook_delivery", ["event_id"], schema="caseforge")


def downgrade() -> None:
    """Takes them away."""
    op.drop_index(op.f("ix_webhook_delivery_event_id"), "webhook_delivery", schema="caseforge")
    op.drop_index(op.f("ix_event_kind_position"), "event", schema="caseforge")
