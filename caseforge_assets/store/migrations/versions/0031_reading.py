"""Tables that long lists and the search are read from, and the triggers that note what of them is to be made anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLES = ("found_text", "candidate_count", "candidate_row", "candidate_group", "reading_branch", "reading_framework", "reading_due")

# What has changed is noted with whose it is, once a statement.
NOTE = """
create function caseforge.note_nodes() returns trigger language plpgsql as $$
begin
    insert into caseforge.reading_due (framework_key, node_ids)
    select framework_key, array_agg(distinct node_id) from changed group by framework_key;
    return null;
end $$;
create function caseforge.note_scored() returns trigger language plpgsql as $$
begin
    insert into caseforge.reading_due (framework_key, node_ids)
    select c.framework_key, array_agg(distinct c.node_id) from changed join caseforge.content c on c.id = changed.content_id group by c.framework_key;
    return null;
end $$;
create function caseforge.note_framework() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'node_version' then
        insert into caseforge.reading_due (framework_key)
        select distinct v.framework_key from changed join caseforge.framework_version v on v.id = changed.framework_version_id;
    elsif tg_table_name = 'framework' then
        insert into caseforge.reading_due (framework_key) select distinct key from changed;
    else
        insert into caseforge.reading_due (framework_key) select distinct framework_key from changed;
    end if;
    return null;
end $$;
"""
TRIGGERS = (
    ("candidate", "insert", "note_nodes"),
    ("candidate", "update", "note_nodes"),
    ("content", "insert", "note_nodes"),
    ("content", "update", "note_nodes"),
    ("quality", "insert", "note_scored"),
    ("quality", "delete", "note_scored"),
    ("node_version", "update", "note_framework"),
    ("framework_version", "insert", "note_framework"),
    ("framework_version", "update", "note_framework"),
    ("framework", "update", "note_framework"),
)


def upgrade() -> None:
    """Everything is due, so that the tables are filled when they are first read."""
    _add_tables()
    for column in ("position", "parent_code"):
        name = op.f(f"ix_node_version_framework_version_id_{column}")
        op.create_index(name, "node_version", ["framework_version_id", column], schema="caseforge")
    op.execute(NOTE)
    for table, event, function in TRIGGERS:
        rows = "old" if event == "delete" else "new"
        op.execute(
            f"create trigger reading_{event} after {event} on caseforge.{table} referencing {rows} table as changed "
            f"for each statement execute function caseforge.{function}()"
        )
    op.execute("insert into caseforge.reading_due (framework_key) select key from caseforge.framework")


def downgrade() -> None:
    """Nothing is lost: the tables are made from others."""
    for table, event, _ in TRIGGERS:
        op.execute(f"drop trigger reading_{event} on caseforge.{table}")
    for function in ("note_nodes", "note_scored", "note_framework"):
        op.execute(f"drop function caseforge.{function}()")
    for column in ("position", "parent_code"):
        op.drop_index(op.f(f"ix_node_version_framework_version_id_{column}"), "node_version", schema="caseforge")
    for table in TABLES:
        op.drop_table(table, schema="caseforge")


def _add_tables() -> None:
    op.create_table(
        "reading_due",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column(
            "node_ids", postgresql.ARRAY(BigInteger()), nullable=True, comment="whose rows are to be made anew; NULL: all of the framework"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_due")),
        schema="caseforge",
    )
    op.create_table(
        "reading_framework",
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="which one it is, in the order of places"),
        sa.Column(
            "languages",
            postgresql.JSONB(astext_type=Text()),
            server_default="{}",
            nullable=False,
            comment="by stage, and of nodes, what its texts were split into words as",
        ),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False, comment="how often its rows were made anew"),
        sa.PrimaryKeyConstraint("framework_key", name=op.f("pk_reading_framework")),
        sa.UniqueConstraint("number", name=op.f("uq_reading_framework_number")),
        schema="caseforge",
    )
    op.create_table(
        "reading_branch",
        sa.Column("node_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("is_root", sa.Boolean(), nullable=False, comment="of the first level"),
        sa.Column("first", sa.Integer(), nullable=True, comment="position; NULL: its nodes do not stand beside each other"),
        sa.Column("last", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_reading_branch")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_reading_branch_framework_key"), "reading_branch", ["framework_key"], unique=False, schema="caseforge")
    op.create_table(
        "candidate_group",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False, comment="hash of the others"),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=Text()), nullable=False, comment="by column of the stage's items"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_group")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_candidate_group_framework_key"), "candidate_group", ["framework_key"], unique=False, schema="caseforge")
    op.create_table(
        "candidate_row",
        sa.Column("candidate_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("root_id", sa.BigInteger(), nullable=False, comment="the node of the first level above it"),
        sa.Column(
            "place",
            sa.BigInteger(),
            nullable=False,
            comment="framework, position of the node, position in the answer: one number, in that order",
        ),
        sa.Column("score", sa.SmallInteger(), nullable=False, comment="of its node's set; -1: not measured"),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("candidate_id", name=op.f("pk_candidate_row")),
        schema="caseforge",
    )
    op.create_index(
        op.f("ix_candidate_row_group_id_place"),
        "candidate_row",
        ["group_id", "place"],
        schema="caseforge",
        postgresql_include=["owner", "candidate_id"],
    )
    op.create_index(
        op.f("ix_candidate_row_group_id_score_place"),
        "candidate_row",
        ["group_id", "score", "place"],
        schema="caseforge",
        postgresql_include=["owner", "candidate_id"],
    )
    op.create_index(op.f("ix_candidate_row_node_id"), "candidate_row", ["node_id"], unique=False, schema="caseforge")
    op.create_index(op.f("ix_candidate_row_owner_place"), "candidate_row", ["owner", "place"], unique=False, schema="caseforge")
    op.create_index(op.f("ix_candidate_row_place"), "candidate_row", ["place"], unique=False, schema="caseforge")
    op.create_index(op.f("ix_candidate_row_score_place"), "candidate_row", ["score", "place"], unique=False, schema="caseforge")
    op.create_table(
        "candidate_count",
        sa.Column("group_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column(
            "tens",
            sa.SmallInteger(),
            autoincrement=False,
            nullable=False,
            comment="of the score: 0, 10, … 90, which holds 100, too; -10: not measured",
        ),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", "root_id", "owner", "tens", name=op.f("pk_candidate_count")),
        schema="caseforge",
    )
    op.create_table(
        "found_text",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="node, document or candidate"),
        sa.Column("row_id", sa.BigInteger(), nullable=False, comment="of the node, the content or the candidate"),
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("node_id", sa.BigInteger(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False, comment="PostgreSQL's configuration of text search, by the language of the text"),
        sa.Column("heading", postgresql.TSVECTOR(), nullable=True, comment="code and name, or title; NULL: not split into words yet"),
        sa.Column("words", postgresql.TSVECTOR(), nullable=True, comment="heading (weight A) and text"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_found_text")),
        sa.UniqueConstraint("kind", "row_id", name=op.f("uq_found_text_kind_row_id")),
        schema="caseforge",
    )
    op.create_index(
        "ix_found_text_heading",
        "found_text",
        ["heading"],
        unique=False,
        schema="caseforge",
        postgresql_using="gin",
    )
    op.create_index(op.f("ix_found_text_node_id"), "found_text", ["node_id"], unique=False, schema="caseforge")
    op.create_index(
        "ix_found_text_waiting", "found_text", ["id"], unique=False, schema="caseforge", postgresql_where=sa.text("words is null")
    )
    op.create_index(
        "ix_found_text_words",
        "found_text",
        ["words"],
        unique=False,
        schema="caseforge",
        postgresql_using="gin",
    )
