"""Nodes are found by what their candidates are or were called without looking at every node."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None
RUNS_ON_THE_SCHEMA_BEFORE = True  # it only adds


def upgrade() -> None:
    """Nothing but indexes."""
    op.create_index(op.f("ix_candidate_candidate_uid"), "candidate", ["candidate_uid"], schema="caseforge")
    op.create_index(
        op.f("ix_candidate_former_uids"),
        "candidate",
        ["former_uids"],
        schema="caseforge",
        postgresql_using="gin",
        postgresql_where=sa.text("former_uids <> '{}'"),
    )


def downgrade() -> None:
    """Takes them away."""
    op.drop_index(op.f("ix_candidate_former_uids"), "candidate", schema="caseforge")
    op.drop_index(op.f("ix_candidate_candidate_uid"), "candidate", schema="caseforge")
