"""Each run of Dagster says which process it is, so that one whose process is gone can be ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs that are under way now have none."""
    boot = "another one after each start of the machine; empty: the system has none"
    started = "when the process started, in ticks since the machine did: pids are used again"
    now = sa.text("now()")
    op.create_table(
        "run_process",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False, comment="for people"),
        sa.Column("boot_id", sa.Text(), nullable=False, comment=boot),
        sa.Column("pid_namespace", sa.Text(), nullable=False, comment="in which the pid is one: each container has its own"),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False, comment=started),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column(
            "is_through", sa.Boolean(), server_default="false", nullable=False, comment="it had ended its work when it was last heard of"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_process")),
        schema="caseforge",
    )


def downgrade() -> None:
    """Runs whose process is gone stay as they are."""
    op.drop_table("run_process", schema="caseforge")
