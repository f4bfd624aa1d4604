"""The tables of plans: what was to be sent, with whose consent, within which limit, and what was decided of it since."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from caseforge_assets.batches.states import PlanDecision, PlanState
from caseforge_assets.store.schema.columns import framework_reference, id_column, metadata, now_column, reference, time_column
from caseforge_assets.store.schema.constants import listed

BY_WHOM = "by whom"  # had a plan made: a key of its details, which have one for each stage otherwise, and no stage is called so
PLAN_MAKER = f"coalesce(p.details ->> '{BY_WHOM}', p.made_by)"  # of a row p: a person where one is known, or the command

plan = Table(
    "plan",
    metadata,
    id_column(),
    framework_reference(),
    Column("stages", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("node_count", Integer, nullable=False),
    Column("expected_cost_usd", Numeric(14, 6), comment="NULL: unknown"),
    Column("max_cost_usd", Numeric(14, 6), comment="what it may spend at most; NULL: no cap of its own"),
    Column("details", JSONB, nullable=False, server_default="{}"),
    now_column("created_at"),
    time_column("approved_at"),
    Column("held_back", Text, comment="why its requests wait, as the last planning found; NULL: they do not"),
    Column("bills", Boolean, nullable=False, server_default="true", comment="whether the consent is for a provider that bills, too"),
    CheckConstraint(f"state in {listed(PlanState)}", name="state"),
)

plan_change = Table(
    "plan_change",
    metadata,
    id_column(),
    reference("plan_id", "plan.id"),
    Column("change", Text, nullable=False, comment="approved, declined, cancelled or raised"),
    Column("changed_by", Text, nullable=False),
    Column("max_cost_usd", Numeric(14, 6), comment="the limit from then on; NULL: none"),
    now_column("changed_at"),
    CheckConstraint(f"change in {listed(PlanDecision)}", name="change"),
    Index(None, "plan_id"),
)
