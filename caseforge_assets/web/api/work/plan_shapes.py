"""Plans on the wire: what was planned, what of it is open and at what price, and who decided what."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from caseforge_assets.commands.approving.view_plans import ReckonedPlan, reckon_plans
from caseforge_assets.commands.money.sum_budgets import Left
from caseforge_assets.commands.planning.make_plan import Plan, StagePlan
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.planning.plans import PlanChange
from caseforge_assets.web.wire.money import CostSum, Money, cost_sum, money


class PlanDecided(BaseModel):
    """A decision about a plan."""

    change: str = Field(description="approved, declined, cancelled or raised")
    by: str
    at: datetime
    max_cost: Money | None = Field(description="the limit that holds from then on; null: none")


class PlanShown(BaseModel):
    """A plan with what of it is open. Prices are those of a provider that bills, at batch rates."""

    id: int
    framework: str
    stages: list[str] = Field(description="stages that it may send")
    state: str = Field(description="draft, approved, declined or cancelled")
    made_by: str = Field(description="the command that made it, such as plan, generate or retry")
    by: str | None = Field(description="who had it made; null: nobody said, as of plans that a schedule makes")
    created_at: datetime
    for_simulated_only: bool = Field(description="it was approved as free of charge, and is never sent to a provider that bills")
    to_send: int = Field(description="requests that the next submit would send")
    under_way: int = Field(description="requests that a provider works on")
    follow: int = Field(description="requests that follow from answers")
    expected_cost: CostSum = Field(description="what is still to be sent, now and later; its total is what an approval has to name")
    to_send_cost: CostSum
    follow_cost: CostSum
    spent: CostSum = Field(description="what is spent or reserved at providers that bill")
    max_cost: Money | None = Field(description="the most that it may spend; null: as much as the budgets allow")
    waits: str | None = Field(description="why its requests wait, such as a budget that is used up; null: they do not")
    changes: list[PlanDecided] = Field(description="who decided what of it, oldest first")


class PlannedStage(BaseModel):
    """A stage of a plan that was just made."""

    stage: str
    model: str
    endpoint: str
    nodes: int = Field(description="requests that the plan would send")
    now: int = Field(description="of these, requests that are ready")
    later: int = Field(description="of these, requests that follow when the stage before has its answers")
    retries: int = Field(description="failed nodes that are sent again")
    states: dict[str, int] = Field(description="how the chosen nodes stood before")
    not_retried: dict[str, int] = Field(description="failed nodes that are left, by reason")
    reused: dict[str, dict[str, int]] = Field(description="answered from the store at no cost, by rule and framework")
    shortened: int = Field(description="made from half of what belongs in them, because the whole is too long for the model")
    too_long: dict[str, str] = Field(description="nodes that cannot be sent, by code, and why")
    written_kept: int = Field(description="left, because a person wrote what is there")
    kept_of_others: dict[str, int] = Field(description="fresh contents of other models that are kept, by model")
    batches: int = Field(description="how many batches the limits make necessary, as far as they are known")
    input_tokens: int
    output_tokens: int
    expected_cost: Money | None = Field(description="null: there is no price for the model")
    at_most: Money | None = Field(description="if every answer used its whole token budget")


class BudgetLeft(BaseModel):
    """The rest of a budget, neither spent nor reserved."""

    left: Money
    unknown_costs: int = Field(description="answers of unknown cost, which are counted at what they were expected to cost")


class MadePlan(BaseModel):
    """A draft that was just made. Nothing of it is sent before it is approved."""

    plan: PlanShown
    simulated: bool = Field(description="it was made for a provider whose answers are simulated and free of charge")
    stages: list[PlannedStage]
    budgets_left: dict[str, BudgetLeft] = Field(description="by budget; those that are not set are left out")
    warnings: list[str] = Field(description="such as a model that ends soon")


def shown_plans(connection: Connection, project: Project, plan_ids: list[int]) -> list[PlanShown]:
    """Plans by their numbers, in that order."""
    reckoned = {reckoned.plan.id: reckoned for reckoned in reckon_plans(connection, project, plan_ids)} if plan_ids else {}
    changes: dict[int, list[PlanChange]] = {}
    for change in plans.changes(connection, plan_ids):
        changes.setdefault(change.plan_id, []).append(change)
    return [_shown(reckoned[plan_id], changes.get(plan_id, [])) for plan_id in plan_ids]


def shown_plan(connection: Connection, project: Project, plan_id: int) -> PlanShown:
    """One plan, as it is now."""
    (shown,) = shown_plans(connection, project, [plan_id])
    return shown


def made_plan(shown: PlanShown, draft: Plan, simulated: bool, left: dict[str, Left], warnings: list[str]) -> MadePlan:
    """A draft with its stages and what is left of the budgets."""
    budgets = {name: BudgetLeft(left=Money(amount=f"{amount.usd:f}"), unknown_costs=amount.unknown) for name, amount in left.items()}
    return MadePlan(
        plan=shown, simulated=simulated, stages=[_stage(part) for part in draft.stages], budgets_left=budgets, warnings=warnings
    )


def _shown(reckoned: ReckonedPlan, changes: list[PlanChange]) -> PlanShown:
    plan = reckoned.plan
    return PlanShown(
        id=plan.id,
        framework=plan.framework_key,
        stages=plan.stages,
        state=plan.state,
        made_by=plan.made_by,
        by=plan.by,
        created_at=plan.created_at,
        for_simulated_only=not plan.bills,
        to_send=reckoned.now,
        under_way=reckoned.under_way,
        follow=reckoned.later,
        expected_cost=cost_sum(reckoned.open_cost),
        to_send_cost=cost_sum(reckoned.now_cost),
        follow_cost=cost_sum(reckoned.later_cost),
        spent=cost_sum(reckoned.spent),
        max_cost=money(plan.max_cost_usd),
        waits=plan.held_back if reckoned.pending else None,
        changes=[
            PlanDecided(change=change.change, by=change.changed_by, at=change.changed_at, max_cost=money(change.max_cost_usd))
            for change in changes
        ],
    )


def _stage(part: StagePlan) -> PlannedStage:
    return PlannedStage(
        stage=part.stage.key,
        model=part.model,
        endpoint=part.endpoint,
        nodes=part.nodes,
        now=part.now,
        later=part.later,
        retries=part.retries,
        states=part.states,
        not_retried=part.given_up,
        reused=part.reused,
        shortened=part.shortened,
        too_long={node.code: node.why for node in part.too_long},
        written_kept=part.written_kept,
        kept_of_others=part.kept_of_others,
        batches=part.batches,
        input_tokens=part.input_tokens,
        output_tokens=part.output_tokens,
        expected_cost=money(part.expected_cost_usd),
        at_most=money(part.at_most_usd),
    )
