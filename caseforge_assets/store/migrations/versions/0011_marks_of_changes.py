"""An update that leaves a row as it was marks nothing for the journal; the triggers that compare are attached after the migration."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_DROP = """
do $$ declare one record; begin
    for one in select tgrelid::regclass as name from pg_trigger where tgname = 'journal_update' and tgrelid in (
        select oid from pg_class where relnamespace = 'caseforge'::regnamespace) loop
        execute format('drop trigger journal_update on %s', one.name);
    end loop;
end $$
"""


def upgrade() -> None:
    """Updates were marked without a look at what they changed."""
    op.execute(_DROP)


def downgrade() -> None:
    """Triggers that an older version would not know are attached anew by its next upgrade."""
    op.execute("drop function if exists caseforge.mark_changed() cascade")
    op.execute("drop function if exists caseforge.refuse_change() cascade")
