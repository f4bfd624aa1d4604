"""Pairs of nodes that a person accepted as the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No pair is accepted yet."""
    op.create_table(
        "similar_pair",
        sa.Column("node_id", sa.BigInteger(), nullable=False, comment="takes the answers of the other"),
        sa.Column("name", sa.Text(), nullable=False, comment="as it was accepted, like the description"),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("like_node_id", sa.BigInteger(), nullable=False),
        sa.Column("like_name", sa.Text(), nullable=False),
        sa.Column("like_description", sa.Text(), nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True, comment="rows are never deleted: the journal keeps what is"),
        sa.CheckConstraint("node_id <> like_node_id", name=op.f("ck_similar_pair_two_nodes")),
        sa.ForeignKeyConstraint(["node_id"], ["caseforge.node.id"], name=op.f("fk_similar_pair_node_id")),
        sa.ForeignKeyConstraint(["like_node_id"], ["caseforge.node.id"], name=op.f("fk_similar_pair_like_node_id")),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_similar_pair")),
        schema="caseforge",
    )


def downgrade() -> None:
    """The pairs are forgotten; what was reused by them stays."""
    op.drop_table("similar_pair", schema="caseforge")
