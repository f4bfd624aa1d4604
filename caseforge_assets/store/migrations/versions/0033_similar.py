"""Tables of similar use cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0035"
branch_labels = None
depends_on = None

TABLES = ("similar_due", "similar_candidate", "similar_group", "similar_weighing")


def upgrade() -> None:
    """All candidates are due, so that the tables are filled when they are first looked into."""
    op.create_table(
        "similar_due",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("node_ids", postgresql.ARRAY(BigInteger()), nullable=False, comment="whose candidates may be others now"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_similar_due")),
        schema="caseforge",
    )
    op.create_table(
        "similar_candidate",
        sa.Column("candidate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("process", sa.BigInteger(), nullable=False, comment="hash of the node's name and description, whose words do not count"),
        sa.Column("words", sa.LargeBinary(), nullable=False, comment="by which its idea is known, as numbers with weights"),
        sa.Column("group_id", sa.BigInteger(), nullable=True, comment="NULL: not grouped yet"),
        sa.Column("score", sa.REAL(), nullable=True, comment="how much it is like the centre of its group, from 0 to 1"),
        sa.PrimaryKeyConstraint("candidate_id", name=op.f("pk_similar_candidate")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_similar_candidate_node_id"), "similar_candidate", ["node_id"], schema="caseforge")
    op.create_index(op.f("ix_similar_candidate_group_id"), "similar_candidate", ["group_id"], schema="caseforge")
    op.create_index(
        "ix_similar_candidate_waiting",
        "similar_candidate",
        ["stage", "simulated"],
        schema="caseforge",
        postgresql_where=sa.text("group_id is null"),
    )
    op.create_table(
        "similar_group",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False, comment="of the candidate that speaks for it"),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("processes", sa.Integer(), nullable=False, comment="different nodes of its members"),
        sa.Column("centre", sa.LargeBinary(), nullable=False, comment="words that its members have in common"),
        sa.Column("bands", postgresql.ARRAY(BigInteger()), nullable=False, comment="by which it is found"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_similar_group")),
        schema="caseforge",
    )
    op.create_index("ix_similar_group_bands", "similar_group", ["bands"], schema="caseforge", postgresql_using="gin")
    op.create_index(
        "ix_similar_group_several", "similar_group", ["processes", "id"], schema="caseforge", postgresql_where=sa.text("members > 1")
    )
    op.create_table(
        "similar_weighing",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("ideas", sa.Integer(), nullable=False, comment="how many were counted"),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False, comment="by word, in how many ideas it stands"),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("stage", "simulated", name=op.f("pk_similar_weighing")),
        schema="caseforge",
    )
    op.execute("""
    insert into caseforge.similar_due (framework_key, node_ids)
    select framework_key, array_agg(node_id) from (
        select framework_key, node_id, (row_number() over (partition by framework_key order by node_id) - 1) / 300 as piece
        from (select distinct framework_key, node_id from caseforge.candidate_row) every) numbered
    group by framework_key, piece order by framework_key, piece
    """)


def downgrade() -> None:
    """Nothing is lost: the tables are made from others."""
    for table in TABLES:
        op.drop_table(table, schema="caseforge")
