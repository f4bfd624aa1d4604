"""A plan of failed nodes only, for `retry`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from caseforge_assets.commands.approving.view_plans import reckon_plans
from caseforge_assets.commands.planning.make_plan import survey
from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.commands.requests.build_next_requests import that_follow
from caseforge_assets.commands.requests.build_requests import build_requests
from caseforge_assets.commands.requests.retry_failed import retry_failed
from caseforge_assets.commands.requests.settle_requests import TooLong, fit_plan
from caseforge_assets.costs.sums import Cost
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.requests import pending, requests

MADE_BY = "retry"


@dataclass(frozen=True)
class RetryPlan:
    """A draft: how many nodes would be sent again, how many requests of other stages follow from their answers, and what all of it is expected to cost.

    `shortened` of them are made from half of what belongs in them; `too_long` are not sent.
    """

    id: int
    nodes: int
    later: int
    expected_cost: Cost
    shortened: int
    too_long: tuple[TooLong, ...]

    @property
    def expected_cost_usd(self) -> Decimal | None:
        """The whole of it; None where a part is unknown."""
        return self.expected_cost.usd


def plan_retry(
    connection: Connection,
    project: Project,
    key: str,
    stages: Sequence[Stage],
    simulated: bool,
    node_ids: Sequence[int] | None,
    outcomes: Collection[str],
    max_completion_tokens: int | None,
) -> RetryPlan:
    """Makes the next request of every failed node of these stages, under a new draft that covers what follows from it, too.

    Where the question has changed since, the new one is asked: an answer to the old one would be paid for and stale. What is made from a document that
    is asked for again follows from it, and is not asked for beside it.
    """
    covered = [stage.key for stage in project.stages]
    plan_id = plans.add_plan(connection, key, covered, MADE_BY, 0)
    requests.lock_making(connection)
    asked: dict[str, set[int]] = {}
    for stage in stages:
        follows = that_follow(connection, key, stage, asked.get(stage.reads or "", set()))
        changed = _ask_anew(connection, project, key, stage, simulated, node_ids, outcomes, plan_id, max_completion_tokens, follows)
        failed = {one.request.node_id for one in requests.failed_requests(connection, key, stage.key, node_ids)}
        retry_failed(
            connection,
            project,
            key,
            stage,
            node_ids=sorted(failed - changed - follows),
            outcomes=outcomes,
            asked=True,
            plan_id=plan_id,
            max_completion_tokens=max_completion_tokens,
        )
        asked[stage.key] = follows | {row.node_id for row in pending.of_plan(connection, plan_id, stage.key)}
    rows, fitted = fit_plan(connection, project, plan_id, stages)
    (reckoned,) = reckon_plans(connection, project, [plan_id])
    plans.set_estimate(connection, plan_id, len(rows) + reckoned.later, reckoned.open_cost.usd, {"retry": True})
    return RetryPlan(plan_id, len(rows), reckoned.later, reckoned.open_cost, sum(row.shortened for row in rows), fitted.too_long)


def _ask_anew(
    connection: Connection,
    project: Project,
    key: str,
    stage: Stage,
    simulated: bool,
    node_ids: Sequence[int] | None,
    outcomes: Collection[str],
    plan_id: int,
    max_completion_tokens: int | None,
    follows: Collection[int],
) -> set[int]:
    """Makes requests of failed nodes whose question has changed or was never sent; returns all such nodes, those without a source, too."""
    states = {row.node_id: state for row, state in survey(connection, project, key, stage, simulated, node_ids)}
    failed = [
        one
        for one in requests.failed_requests(connection, key, stage.key, node_ids)
        if (not outcomes or one.outcome in outcomes) and one.request.node_id not in follows
    ]
    anew = (NodeState.MISSING, NodeState.STALE, NodeState.NO_SOURCE, NodeState.UNCHOSEN)
    changed = [one.request.node_id for one in failed if one.not_sent or states[one.request.node_id] in anew]
    if changed:
        build_contexts(connection, key, changed)
        settings = stage_settings(project.configuration, stage)
        if max_completion_tokens:
            settings = replace(settings, max_completion_tokens=max_completion_tokens, budget_quantile=None)
        build_requests(connection, project.stages, key, stage, settings, changed, plan_id=plan_id)
    return set(changed)
