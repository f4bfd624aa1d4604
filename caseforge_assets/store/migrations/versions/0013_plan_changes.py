"""Plans can be cancelled and their limits changed, with who and when; they say why they wait, and for which kind of provider they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is known of who decided so far. What only a simulated provider was sent of was never asked about at a price."""
    held: sa.Column[str] = sa.Column("held_back", sa.Text(), comment="why its requests wait, as the last planning found; NULL: they do not")
    bills: sa.Column[bool] = sa.Column(
        "bills", sa.Boolean(), server_default="true", nullable=False, comment="whether the consent is for a provider that bills, too"
    )
    op.add_column("plan", held, schema="caseforge")
    op.add_column("plan", bills, schema="caseforge")
    op.drop_constraint(op.f("ck_plan_state"), "plan", schema="caseforge", type_="check")
    op.create_check_constraint(op.f("ck_plan_state"), "plan", "state in ('draft', 'approved', 'declined', 'cancelled')", schema="caseforge")
    op.create_table(
        "plan_change",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False, comment="approved, declined, cancelled or raised"),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("max_cost_usd", sa.Numeric(precision=14, scale=6), nullable=True, comment="the limit from then on; NULL: none"),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("change in ('approved', 'declined', 'cancelled', 'raised')", name=op.f("ck_plan_change_change")),
        sa.ForeignKeyConstraint(["plan_id"], ["caseforge.plan.id"], name=op.f("fk_plan_change_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_change")),
        schema="caseforge",
    )
    op.create_index(op.f("ix_plan_change_plan_id"), "plan_change", ["plan_id"], schema="caseforge")
    op.execute("""
    update caseforge.plan p set bills = false
    where exists (select 1 from caseforge.request r join caseforge.attempt a on a.request_id = r.id
                  join caseforge.provider v on v.id = a.provider_id and v.simulated where r.plan_id = p.id)
      and not exists (select 1 from caseforge.request r join caseforge.attempt a on a.request_id = r.id
                      join caseforge.provider v on v.id = a.provider_id and not v.simulated where r.plan_id = p.id)
    """)


def downgrade() -> None:
    """What was cancelled is declined; a limit stays as it is."""
    op.drop_table("plan_change", schema="caseforge")
    op.execute("update caseforge.plan set state = 'declined' where state = 'cancelled'")
    op.drop_constraint(op.f("ck_plan_state"), "plan", schema="caseforge", type_="check")
    op.create_check_constraint(op.f("ck_plan_state"), "plan", "state in ('draft', 'approved', 'declined')", schema="caseforge")
    op.drop_column("plan", "bills", schema="caseforge")
    op.drop_column("plan", "held_back", schema="caseforge")
