"""plan: what would be sent for a framework, why, and at what cost; approved before a provider that bills gets anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.commands.build_contexts import build_contexts
from caseforge_assets.commands.build_requests import build_requests
from caseforge_assets.commands.expected_costs import expected_output_tokens
from caseforge_assets.commands.retry_failed import retry_failed
from caseforge_assets.commands.stage_settings import current_stage_version, stage_settings
from caseforge_assets.costs.estimates import expected_cost_usd
from caseforge_assets.reports.coverage import NodeState, classify, count_states
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store import plans, requests, states
from caseforge_assets.store.engine import Connection
from caseforge_assets.store.states import StationState

TO_DO = (NodeState.MISSING, NodeState.STALE, NodeState.CANCELLED)


@dataclass(frozen=True)
class StagePlan:
    """One stage of a plan.

    `states` counts the chosen nodes before anything is sent; `now` have their request ready, `later` get it when
    the stage that they read is done. Tokens are sums; the cost is None where the model has no known batch price.
    """

    stage: Stage
    model: str
    states: dict[str, int]
    now: int
    later: int
    retries: int
    given_up: dict[str, int]
    input_tokens: int
    output_tokens: int
    expected_cost_usd: Decimal | None

    @property
    def nodes(self) -> int:
        """Requests that the plan would send in this stage."""
        return self.now + self.later


@dataclass(frozen=True)
class Plan:
    """A draft as it is shown to a person."""

    id: int
    framework_key: str
    stages: tuple[StagePlan, ...]

    @property
    def nodes(self) -> int:
        """Requests over all stages."""
        return sum(one.nodes for one in self.stages)

    @property
    def expected_cost_usd(self) -> Decimal | None:
        """Sum over the stages; None if one of them is unknown."""
        costs = [one.expected_cost_usd for one in self.stages]
        return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))


def survey(
    connection: Connection, configuration: Configuration, key: str, stage: Stage, simulated: bool, node_ids: Sequence[int] | None = None
) -> list[tuple[StationState, NodeState]]:
    """Every target node (or those given) with where it stands in a stage."""
    version = current_stage_version(configuration, stage)
    rows = states.station_states(connection, key, stage.key, stage.reads, node_ids)
    return [(row, classify(row, version, reads=stage.reads is not None, accept_simulated=simulated)) for row in rows]


def draft_plan(
    connection: Connection,
    configuration: Configuration,
    key: str,
    stages: Sequence[Stage],
    *,
    simulated: bool,
    made_by: str,
    node_ids: Sequence[int] | None = None,
    ask_again: bool = False,
) -> Plan:
    """Makes contexts and requests that are missing or do not fit any more, puts them under a new draft, and estimates it.

    Roll the transaction back to look without leaving anything.

    Args:
        stages: in the order in which they read each other.
        simulated: the kind of provider it is for: simulated content counts as there only for a simulated one.
        ask_again: ask for another answer also where there is a good one.
    """
    requests.lock_making(connection)
    _refresh_contexts(connection, configuration, key, stages[0], simulated, node_ids)
    plan_id = plans.add_plan(connection, key, [stage.key for stage in stages], made_by, 0)
    parts: list[StagePlan] = []
    coming: dict[str, set[int]] = {}
    for stage in stages:
        part, coming[stage.key] = _draft_stage(connection, configuration, key, stage, simulated, node_ids, plan_id, ask_again, coming)
        parts.append(part)
    plan = Plan(plan_id, key, tuple(parts))
    details = {part.stage.key: {"states": part.states, "now": part.now, "later": part.later, "model": part.model} for part in parts}
    plans.set_estimate(connection, plan_id, plan.nodes, plan.expected_cost_usd, details)
    return plan


def _refresh_contexts(
    connection: Connection, configuration: Configuration, key: str, stage: Stage, simulated: bool, node_ids: Sequence[int] | None
) -> None:
    rows = survey(connection, configuration, key, stage, simulated, node_ids)
    old = [row.node_id for row, _ in rows if row.context_node_version != row.node_version]
    if old:
        build_contexts(connection, key, old)


def _draft_stage(
    connection: Connection,
    configuration: Configuration,
    key: str,
    stage: Stage,
    simulated: bool,
    node_ids: Sequence[int] | None,
    plan_id: int,
    ask_again: bool,
    coming: dict[str, set[int]],
) -> tuple[StagePlan, set[int]]:
    settings = stage_settings(configuration, stage)
    rows = survey(connection, configuration, key, stage, simulated, node_ids)
    source_coming = coming.get(stage.reads or "", set())
    later = {row.node_id for row, _ in rows if row.node_id in source_coming}
    chosen = [row for row, state in rows if row.node_id not in later and (state in TO_DO or (ask_again and state is NodeState.DONE))]
    waiting = [row.request_id for row, state in rows if state is NodeState.WAITING and row.node_id not in later and row.request_id]
    failed = [row.node_id for row, state in rows if state is NodeState.FAILED and row.node_id not in later]
    built = build_requests(
        connection, key, stage, settings, [row.node_id for row in chosen], plan_id=plan_id, ask_again=ask_again, reopen=True
    )
    retried = retry_failed(connection, configuration, key, stage, node_ids=failed, plan_id=plan_id)
    requests.set_plan(connection, requests.without_approval(connection, waiting), plan_id)  # a draft takes nothing from approved plans
    now = requests.pending_of_plan(connection, plan_id, stage.key)
    output = expected_output_tokens(connection, stage.key, settings.model, simulated)
    tokens = [row.input_tokens for row in now] + [stage.typical_input_tokens] * len(later)
    cost = expected_cost_usd(settings.model, sum(tokens), output * len(tokens), requests=len(tokens)) if tokens else Decimal(0)
    part = StagePlan(
        stage,
        settings.model,
        count_states(state for _, state in rows),
        len(now),
        len(later),
        len(retried.node_ids),
        retried.left,
        sum(tokens),
        output * len(tokens),
        cost,
    )
    return part, later | {row.node_id for row in now} | set(built.made)
