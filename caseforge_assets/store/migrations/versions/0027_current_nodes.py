"""The nodes of the current editions, and the target nodes among them, are views; what has no partitions is an asset."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A migration that changes columns of node_version makes the views anew."""
    op.execute("""
    create view caseforge.current_node as select nv.*, v.framework_key
    from caseforge.node_version nv join caseforge.framework_version v on v.id = nv.framework_version_id and v.is_current
    """)
    op.execute("create view caseforge.target_node as select * from caseforge.current_node where partition_key is not null")
    op.execute("comment on column caseforge.outbox.partition_key is 'NULL, like node_id, for assets without partitions'")


def downgrade() -> None:
    """Each query joins by itself."""
    op.execute("drop view caseforge.target_node")
    op.execute("drop view caseforge.current_node")
    op.execute("comment on column caseforge.outbox.partition_key is 'NULL, like node_id, for stations without partitions'")
