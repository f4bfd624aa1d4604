"""The nodes whose newest attempt failed: why, what it cost, what would happen next, and where they stand by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from caseforge_assets.commands.requests.retry_failed import next_steps
from caseforge_assets.commands.surveying.survey import Scope, survey
from caseforge_assets.costs.sums import Cost, named
from caseforge_assets.reports.coverage import NodeState, count_states, say_states
from caseforge_assets.settings.project import Project
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.wording import counted


@dataclass(frozen=True, slots=True)
class FailedNode:
    """A node that failed in a stage.

    `state` is where it stands: one that was asked again may have a good answer from before, and is done all the same. `next` says what the next
    plan or retry does with it. Costs are those of all attempts so far, at providers that bill, and simulated ones apart (None: there are none).
    """

    code: str
    name: str
    stage: str
    outcome: str
    detail: str
    attempts: int
    cost_usd: Decimal | None
    unknown_costs: int
    simulated_cost_usd: Decimal | None
    output_tokens: int | None
    attempts_counted: int
    node_id: int
    position: int
    next: str
    state: NodeState

    @property
    def cost(self) -> Cost:
        """The cost that was billed."""
        return Cost.of(self.cost_usd, self.unknown_costs)

    @property
    def cost_so_far(self) -> str:
        """All that its attempts cost, for people."""
        if self.simulated_cost_usd is None:
            return str(self.cost)
        return " and ".join([*([str(self.cost)] if self.cost != Cost() else []), named(self.simulated_cost_usd, True)])


@dataclass(frozen=True, slots=True, order=True)
class Failure:
    """A node's request that failed, after so many attempts: one that failed before, and once more since, is another."""

    framework_key: str
    position: int
    code: str
    stage: str
    attempts: int


def failures_of(connection: Connection, project: Project, scope: Scope | None) -> frozenset[Failure]:
    """Give what failed of what is meant; without a scope, of all frameworks that are declared."""
    keys = [scope.key] if scope else list(project.configuration.frameworks)
    stages = {stage.key for stage in (scope.stages if scope else project.stages)}
    node_ids = None if scope is None or scope.node_ids is None else set(scope.node_ids)
    return frozenset(
        Failure(key, row.position, row.code, row.stage, row.attempts)
        for key in keys
        for row in attempts.failures(connection, key)
        if row.stage in stages and (node_ids is None or row.node_id in node_ids)
    )


def list_failures(
    connection: Connection, project: Project, key: str, *, simulated: bool, node_ids: Collection[int] | None = None
) -> list[FailedNode]:
    """List the failed nodes of a framework in the stages that the project has, the most frequent outcome first, then by stage and in the order of the framework.

    Args:
        simulated: whether simulated contents count as done.
        node_ids: only these nodes; None: all.
    """
    steps = next_steps(connection, project, key)
    rows = [
        row
        for row in attempts.failures(connection, key)
        if (row.stage, row.node_id) in steps and (node_ids is None or row.node_id in node_ids)
    ]
    states: dict[tuple[str, int], NodeState] = {}
    for stage in project.stages:
        if ids := [row.node_id for row in rows if row.stage == stage.key]:
            surveyed = survey(connection, project, key, stage, simulated, ids)
            states |= {(stage.key, row.node_id): state for row, state in surveyed}
    frequency = Counter(row.outcome for row in rows)
    found = [
        FailedNode(**_of_node(row), next=steps[row.stage, row.node_id], state=states[row.stage, row.node_id])
        for row in rows
        if (row.stage, row.node_id) in states
    ]
    return sorted(found, key=lambda row: -frequency[row.outcome])


def _of_node(row: Any) -> dict[str, Any]:
    return dict(row._mapping)


def say_standing(rows: Sequence[FailedNode]) -> str:
    """Say where failed nodes stand, where that is not the same for all; empty: all of them count as failed."""
    counts = count_states(row.state for row in rows)
    if set(counts) <= {NodeState.FAILED}:
        return ""
    good = counts.pop(NodeState.DONE, 0)
    kept = [f"{good:,} {'has' if good == 1 else 'have'} a good answer from before"] if good else []
    return f"Of {counted(len(rows), 'failure')}: {', '.join([*([say_states(counts, None)] if counts else []), *kept])}."
