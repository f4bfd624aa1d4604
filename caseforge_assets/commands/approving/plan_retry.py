"""A plan of failed nodes only, for `retry`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.commands.approving.view_plans import reckon_plans
from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.commands.requests.build_next_requests import that_follow
from caseforge_assets.commands.requests.build_requests import Terms, build_requests
from caseforge_assets.commands.requests.retry_failed import Retry, retry_failed
from caseforge_assets.commands.requests.settle_requests import TooLong, fit_plan
from caseforge_assets.commands.surveying.survey import Scope, survey
from caseforge_assets.costs.sums import Cost
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.planning.plan_details import set_estimate
from caseforge_assets.store.requests import pending, requests

MADE_BY = "retry"


@dataclass(frozen=True)
class RetryPlan:
    """A draft: how many nodes would be sent again, how many requests of other stages follow from their answers, and what all of it is expected to cost.

    `shortened` of them are made from half of what belongs in them; `too_long` are not sent. `node_ids` are those of all that is asked for, and of what
    cannot be sent.
    """

    id: int
    nodes: int
    later: int
    expected_cost: Cost
    shortened: int
    too_long: tuple[TooLong, ...]
    node_ids: frozenset[int]

    @property
    def expected_cost_usd(self) -> Decimal | None:
        """The whole of it; None where a part is unknown."""
        return self.expected_cost.usd


def plan_retry(
    connection: Connection, project: Project, scope: Scope, outcomes: Collection[str] = (), max_completion_tokens: int | None = None
) -> RetryPlan:
    """Makes the next request of every failed node of these stages, under a new draft that covers what follows from it, too.

    Where the question has changed since, the new one is asked: an answer to the old one would be paid for and stale. What is made from a document that
    is asked for again follows from it, and is not asked for beside it.

    Args:
        outcomes: only nodes whose last outcome is one of these; empty: whatever it was.
        max_completion_tokens: a budget that replaces the one that would follow by itself.
    """
    key, stages = scope.key, scope.stages
    covered = [stage.key for stage in project.stages]
    plan_id = plans.add_plan(connection, key, covered, MADE_BY, 0)
    requests.lock_making(connection)
    retry, asked = Retry(outcomes, True, plan_id, max_completion_tokens), dict[str, set[int]]()
    for stage in stages:
        follows = that_follow(connection, key, stage, asked.get(stage.reads or "", set()))
        changed = _ask_anew(connection, project, scope, stage, retry, follows)
        failed = {row.request.node_id for row in requests.failed_requests(connection, key, stage.key, scope.node_ids)}
        retry_failed(connection, project, key, stage, sorted(failed - changed - follows), retry)
        asked[stage.key] = follows | {row.node_id for row in pending.of_plan(connection, plan_id, stage.key)}
    rows, fitted = fit_plan(connection, project, plan_id, stages)
    (reckoned,) = reckon_plans(connection, project, [plan_id])
    set_estimate(connection, plan_id, len(rows) + reckoned.later, reckoned.open_cost.usd, {"retry": True})
    shortened = sum(row.shortened for row in rows)
    meant = frozenset({row.node_id for row in rows} | {node.node_id for node in fitted.too_long})
    return RetryPlan(plan_id, len(rows), reckoned.later, reckoned.open_cost, shortened, fitted.too_long, meant)


def _ask_anew(connection: Connection, project: Project, scope: Scope, stage: Stage, retry: Retry, follows: Collection[int]) -> set[int]:
    """Makes requests of failed nodes whose question has changed or was never sent; returns all such nodes, those without a source, too."""
    key, node_ids = scope.key, scope.node_ids
    states = {row.node_id: state for row, state in survey(connection, project, key, stage, scope.simulated, node_ids)}
    failed = [
        row
        for row in requests.failed_requests(connection, key, stage.key, node_ids)
        if retry.means(row) and row.request.node_id not in follows
    ]
    anew = (NodeState.MISSING, NodeState.STALE, NodeState.NO_SOURCE, NodeState.UNCHOSEN)
    changed = [row.request.node_id for row in failed if row.not_sent or states[row.request.node_id] in anew]
    if changed:
        build_contexts(connection, key, changed)
        build_requests(connection, project, key, stage, changed, Terms(retry.plan_id, max_completion_tokens=retry.max_completion_tokens))
    return set(changed)
