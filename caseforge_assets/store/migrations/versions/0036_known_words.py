"""Words that codes, names and titles have, for searches with a typing mistake."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the table; its words are those of all texts, which are split anew for it."""
    op.create_table(
        "reading_word",
        sa.Column("framework_key", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False, comment="as it is written in a code, name or title, in small letters"),
        sa.PrimaryKeyConstraint("framework_key", "word", name=op.f("pk_reading_word")),
        schema="caseforge",
    )
    op.execute("""
    insert into caseforge.reading_word (framework_key, word)
    select distinct framework_key, word from (
        select t.framework_key, to_tsvector('simple', nv.code || ' ' || nv.name) as words
        from caseforge.found_text t join caseforge.current_node nv on nv.node_id = t.row_id where t.kind = 'node'
        union all
        select t.framework_key, to_tsvector('simple', c.title) from caseforge.found_text t join caseforge.content c on c.id = t.row_id where t.kind = 'document'
        union all
        select t.framework_key, to_tsvector('simple', k.title) from caseforge.found_text t join caseforge.candidate k on k.id = t.row_id where t.kind = 'candidate'
    ) said, unnest(tsvector_to_array(words)) one(word)
    """)


def downgrade() -> None:
    """Takes it out again; it can be made anew."""
    op.drop_table("reading_word", schema="caseforge")
