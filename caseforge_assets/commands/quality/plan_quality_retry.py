"""A plan of contents that score too little, for `retry --quality-below`: a person asks for another answer to the same question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from caseforge_assets.batches.states import WAITING
from caseforge_assets.commands.approving.view_plans import reckon_plans
from caseforge_assets.commands.quality.measure_quality import measured_stages
from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.commands.requests.build_next_requests import that_follow
from caseforge_assets.commands.requests.build_requests import Terms, build_requests
from caseforge_assets.commands.requests.settle_requests import TooLong, fit_plan
from caseforge_assets.commands.surveying.survey import Scope, survey
from caseforge_assets.costs.sums import Cost
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import quality_scores
from caseforge_assets.store.collecting.quality_scores import Scored
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.planning.plan_details import set_estimate
from caseforge_assets.store.requests import requests


@dataclass(frozen=True)
class QualityRetryPlan:
    """A draft.

    `asked` are the contents that would be asked for again, `later` how many contents of other stages are made from them and follow.
    `edited` were left because a person wrote them, `under_way` because they are asked for already; `too_long` cannot be sent.
    """

    id: int
    asked: tuple[Scored, ...]
    later: int
    edited: int
    under_way: int
    too_long: tuple[TooLong, ...]
    expected_cost: Cost

    @property
    def nodes(self) -> int:
        """Counts how many contents would be asked for again."""
        return len(self.asked)

    @property
    def expected_cost_usd(self) -> Decimal | None:
        """The whole of it; None where a part is unknown."""
        return self.expected_cost.usd


@dataclass
class _Chosen:
    asked: list[Scored] = field(default_factory=list)
    edited: int = 0
    under_way: int = 0
    too_long: list[TooLong] = field(default_factory=list)


def plan_quality_retry(connection: Connection, project: Project, scope: Scope, below: int) -> QualityRetryPlan:
    """Makes the next request of every content that scores less than the limit, under a new draft that covers what follows, too.

    What would be made anew from a document that is asked for again is not asked for beside it: it would be paid for twice. What a
    person wrote, and what is asked for already, is left.

    Args:
        below: scores under it are too low. Contents that are not measured are left.
    """
    key = scope.key
    requests.lock_making(connection)
    plan_id = plans.add_plan(connection, key, [stage.key for stage in project.stages], "retry", 0)
    rows = quality_scores.scored(connection, key, [stage.key for stage in measured_stages(project.stages)], RULES, scope.node_ids)
    low = [row for row in rows if row.score is not None and row.score < below and (scope.simulated or not row.simulated)]
    chosen, coming = _Chosen(), dict[str, set[int]]()
    for stage in project.stages:
        follows = that_follow(connection, key, stage, coming.get(stage.reads or "", set()))
        coming[stage.key] = set(follows)
        if stage in scope.stages:
            of_stage = [row for row in low if row.stage == stage.key and row.node_id not in follows]
            asked = _ask_again(connection, project, scope, stage, of_stage, plan_id, chosen)
            _, fitted = fit_plan(connection, project, plan_id, [stage])
            failed = {node.node_id for node in fitted.too_long}
            coming[stage.key] |= asked - failed
            chosen.asked = [row for row in chosen.asked if row.stage != stage.key or row.node_id not in failed]
            chosen.too_long += fitted.too_long
    (reckoned,) = reckon_plans(connection, project, [plan_id])
    cost = reckoned.open_cost
    set_estimate(connection, plan_id, reckoned.now + reckoned.later, cost.usd, {"quality_below": below})
    return QualityRetryPlan(plan_id, tuple(chosen.asked), reckoned.later, chosen.edited, chosen.under_way, tuple(chosen.too_long), cost)


def _ask_again(
    connection: Connection, project: Project, scope: Scope, stage: Stage, low: Sequence[Scored], plan_id: int, chosen: _Chosen
) -> set[int]:
    """Makes requests; returns the nodes that are asked for. Drafts that nobody approved are taken over as they are."""
    key, simulated = scope.key, scope.simulated
    standing = {row.node_id: row for row, _ in survey(connection, project, key, stage, simulated, [row.node_id for row in low])}
    active = {row.node_id: row.request_id or 0 for row in standing.values() if row.request_state in WAITING}
    drafts = set(requests.without_approval(connection, list(active.values()), simulated))
    free = {node_id for node_id, request_id in active.items() if request_id in drafts}
    wanted = [row for row in low if not row.edited and (row.node_id not in active or row.node_id in free)]
    new = [row.node_id for row in wanted if row.node_id not in active]
    build_contexts(connection, key, new)
    build_requests(connection, project, key, stage, new, Terms(plan_id, ask_again=True))
    requests.set_plan(connection, [active[row.node_id] for row in wanted if row.node_id in free], plan_id)
    chosen.asked += wanted
    chosen.edited += sum(row.edited for row in low)
    chosen.under_way += sum(row.node_id in active and row.node_id not in free for row in low if not row.edited)
    return {row.node_id for row in wanted}
