"""Requests know what makes them the same as another node's and how they came about, contents whether a person wrote them, candidates their old uids."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Old requests get their key, too: what was paid for before may be reused."""
    key: sa.Column[str] = sa.Column(
        "identity_key", sa.Text(), comment="hash of stage and source versions and the node's own identity, name and description"
    )
    own: sa.Column[bool] = sa.Column(
        "own_answer", sa.Boolean(), server_default="false", nullable=False, comment="a person wants an answer made for this very node"
    )
    shortened: sa.Column[bool] = sa.Column(
        "shortened",
        sa.Boolean(),
        server_default="false",
        nullable=False,
        comment="made from less: as it was, it was too long for the model",
    )
    op.add_column("request", shortened, schema="caseforge")
    op.add_column("request", key, schema="caseforge")
    op.add_column("request", own, schema="caseforge")
    op.execute("""
    update caseforge.request r
    set identity_key = encode(sha256(convert_to(concat_ws(chr(31), r.stage_version, n.identity, nv.name, nv.description, coalesce(
        (select c.version from caseforge.content c where c.id = r.source_content_id), '')), 'UTF8')), 'hex')
    from caseforge.node n, caseforge.node_version nv
    where n.id = r.node_id and nv.node_id = r.node_id and nv.framework_version_id = r.framework_version_id
    """)
    former: sa.Column[list[str]] = sa.Column(
        "former_uids",
        postgresql.ARRAY(sa.Text()),
        server_default="{}",
        nullable=False,
        comment="what it was called in editions where its node had other codes",
    )
    op.add_column("candidate", former, schema="caseforge")
    edited: sa.Column[int] = sa.Column(
        "edited_after", sa.BigInteger(), comment="written by a person when this was the node's newest request; NULL: it was not"
    )
    op.add_column("content", edited, schema="caseforge")
    op.alter_column(
        "content",
        "question",
        existing_type=sa.Text(),
        comment="request.question it answers; NULL: taken over from elsewhere, or written by a person",
        existing_comment="request.question it answers; NULL: taken over from elsewhere",
        schema="caseforge",
    )
    op.create_index(op.f("ix_request_identity_key"), "request", ["identity_key"], schema="caseforge")


def downgrade() -> None:
    """Nothing but the keys is lost."""
    op.alter_column(
        "content",
        "question",
        existing_type=sa.Text(),
        comment="request.question it answers; NULL: taken over from elsewhere",
        schema="caseforge",
    )
    op.drop_column("content", "edited_after", schema="caseforge")
    op.drop_column("candidate", "former_uids", schema="caseforge")
    op.drop_index(op.f("ix_request_identity_key"), table_name="request", schema="caseforge")
    op.drop_column("request", "shortened", schema="caseforge")
    op.drop_column("request", "own_answer", schema="caseforge")
    op.drop_column("request", "identity_key", schema="caseforge")
