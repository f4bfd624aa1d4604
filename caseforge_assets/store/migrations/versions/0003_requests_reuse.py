"""Requests know what makes them the same as another node's, whether a person wants an answer of their own, and whether they are shortened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

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
    op.create_index(op.f("ix_request_identity_key"), "request", ["identity_key"], schema="caseforge")


def downgrade() -> None:
    """Nothing but the keys is lost."""
    op.drop_index(op.f("ix_request_identity_key"), table_name="request", schema="caseforge")
    op.drop_column("request", "shortened", schema="caseforge")
    op.drop_column("request", "own_answer", schema="caseforge")
    op.drop_column("request", "identity_key", schema="caseforge")
