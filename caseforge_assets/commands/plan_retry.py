"""A plan of failed nodes only, for `retry`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from caseforge_assets.commands.build_contexts import build_contexts
from caseforge_assets.commands.build_requests import build_requests
from caseforge_assets.commands.expected_costs import expected_costs
from caseforge_assets.commands.fit_requests import TooLong, fit_plan
from caseforge_assets.commands.make_plan import survey
from caseforge_assets.commands.retry_failed import retry_failed
from caseforge_assets.commands.stage_settings import stage_settings
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.stage import Stage, all_stages
from caseforge_assets.store import plans, requests
from caseforge_assets.store.engine import Connection


@dataclass(frozen=True)
class RetryPlan:
    """A draft: how many nodes would be sent again, at what expected cost (None: unknown).

    `shortened` of them are made from half of what belongs in them; `too_long` are not sent.
    """

    id: int
    nodes: int
    expected_cost_usd: Decimal | None
    shortened: int
    too_long: tuple[TooLong, ...]


def plan_retry(
    connection: Connection,
    configuration: Configuration,
    key: str,
    stages: Sequence[Stage],
    simulated: bool,
    node_ids: Sequence[int] | None,
    outcomes: Collection[str],
    max_completion_tokens: int | None,
) -> RetryPlan:
    """Makes the next request of every failed node of these stages, under a new draft that covers what follows from it, too.

    Where the question has changed since, the new one is asked: an answer to the old one would be paid for and stale.
    """
    covered = [stage.key for stage in all_stages()]
    plan_id = plans.add_plan(connection, key, covered, "retry", 0)
    requests.lock_making(connection)
    for stage in stages:
        changed = _ask_anew(connection, configuration, key, stage, simulated, node_ids, outcomes, plan_id, max_completion_tokens)
        failed = {one.request.node_id for one in requests.failed_requests(connection, key, stage.key, node_ids)}
        retry_failed(
            connection,
            configuration,
            key,
            stage,
            node_ids=sorted(failed - changed),
            outcomes=outcomes,
            asked=True,
            plan_id=plan_id,
            max_completion_tokens=max_completion_tokens,
        )
    rows, fitted = fit_plan(connection, configuration, plan_id, stages)
    costs = list(expected_costs(connection, rows, simulated).values())
    total = None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))
    plans.set_estimate(connection, plan_id, len(rows), total, {"retry": True})
    return RetryPlan(plan_id, len(rows), total, sum(row.shortened for row in rows), fitted.too_long)


def _ask_anew(
    connection: Connection,
    configuration: Configuration,
    key: str,
    stage: Stage,
    simulated: bool,
    node_ids: Sequence[int] | None,
    outcomes: Collection[str],
    plan_id: int,
    max_completion_tokens: int | None,
) -> set[int]:
    """Makes requests of failed nodes whose question has changed or was never sent; returns all such nodes, those without a source, too."""
    states = {row.node_id: state for row, state in survey(connection, configuration, key, stage, simulated, node_ids)}
    failed = [one for one in requests.failed_requests(connection, key, stage.key, node_ids) if not outcomes or one.outcome in outcomes]
    anew = (NodeState.MISSING, NodeState.STALE, NodeState.NO_SOURCE)
    changed = [one.request.node_id for one in failed if one.not_sent or states[one.request.node_id] in anew]
    if changed:
        build_contexts(connection, key, changed)
        settings = stage_settings(configuration, stage)
        if max_completion_tokens:
            settings = replace(settings, max_completion_tokens=max_completion_tokens, budget_quantile=None)
        build_requests(connection, key, stage, settings, changed, plan_id=plan_id)
    return set(changed)
