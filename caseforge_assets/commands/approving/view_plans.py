"""Reckons what plans hold that is not through yet, and its expected cost, to be told before anything of them is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.commands.money.expect_costs import expected_cost_of, expected_output_tokens
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.requests.build_next_requests import that_follow
from caseforge_assets.costs.estimates import expected_cost_usd
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.planning.plans import OpenRequests, PlanRow
from caseforge_assets.store.submitting import batches


@dataclass(frozen=True)
class ReckonedPlan:
    """A plan with what of it is open, and what that is expected to cost.

    `pending` requests can be put into batches, `written` are in batches that were not created yet; `under_way` are at the provider and cost nothing
    more; `later` follow from the answers to all of these. `spent` is what was spent or is reserved at providers that bill, which has what is
    written in it. `node_ids` are the nodes of what is open.
    """

    plan: PlanRow
    pending: int
    pending_cost: Cost
    written: int
    written_cost: Cost
    under_way: int
    later: int
    later_cost: Cost
    spent: Cost
    node_ids: frozenset[int] = frozenset()

    @property
    def now(self) -> int:
        """Requests that the next submit would send."""
        return self.pending + self.written

    @property
    def now_cost(self) -> Cost:
        """Gives what these are expected to cost."""
        return self.pending_cost + self.written_cost

    @property
    def open_cost(self) -> Cost:
        """Gives what is still to be sent, now and later."""
        return self.now_cost + self.later_cost

    @property
    def is_open(self) -> bool:
        """Tells whether anything of it is not through."""
        return bool(self.now or self.under_way or self.later)


def reckon_plans(connection: Connection, project: Project, plan_ids: Collection[int] | None = None) -> list[ReckonedPlan]:
    """Plans (all, or those given), oldest first, at the prices of a provider that bills."""
    rows = plans.all_plans(connection, plan_ids)
    ids = [row.id for row in rows]
    committed = plans.committed(connection, ids)
    by_plan: dict[int, list[OpenRequests]] = {plan_id: [] for plan_id in ids}
    for alike in plans.open_requests(connection, ids):
        by_plan[alike.plan_id].append(alike)
    return [_reckon(connection, project, row, by_plan[row.id], committed[row.id][1]) for row in rows]


def approved_before(
    connection: Connection,
    project: OpenProject,
    *,
    key: str | None = None,
    stages: Collection[Stage] | None = None,
    node_ids: Collection[int] | None = None,
    made_by: str | None = None,
) -> list[ReckonedPlan]:
    """Plans that were approved for this kind of provider and are not through, because a command was refused or killed, or does not wait.

    A command that goes on with them names them with what they still cost, and gives its round their numbers.

    Args:
        key, stages, node_ids: only plans with open requests of these, if given.
        made_by: only plans that this command made.
    """
    keys = None if stages is None else [stage.key for stage in stages]
    ids = plans.approved_ids(connection, project.provider.simulated, key=key, stages=keys, node_ids=node_ids, made_by=made_by)
    shared = _with_shared_batches(connection, project.provider.id, ids)
    return reckon_plans(connection, project, shared) if shared else []


def _with_shared_batches(connection: Connection, provider_id: int, plan_ids: Collection[int]) -> frozenset[int]:
    """The plans, and those that share with them a batch that was not created yet: it is sent as a whole."""
    found = set(plan_ids)
    batches_left = list(batches.plans_of_not_created(connection, provider_id).values())
    while touched := [plan_ids for plan_ids in batches_left if not found.isdisjoint(plan_ids)]:
        batches_left = [plan_ids for plan_ids in batches_left if found.isdisjoint(plan_ids)]
        found = found.union(*touched)
    return frozenset(found)


def _reckon(
    connection: Connection,
    project: Project,
    plan: PlanRow,
    requests: Sequence[OpenRequests],
    spent: Cost,
) -> ReckonedPlan:
    known = {stage.key for stage in project.stages}
    pending = [alike for alike in requests if not alike.reserved and alike.covered and alike.stage in known]
    written = [alike for alike in requests if alike.reserved and not alike.sent]
    under_way = [alike for alike in requests if alike.sent]
    asked = _nodes([*pending, *written, *under_way])
    later = _follow_ups(connection, project.stages, plan, asked)
    return ReckonedPlan(
        plan,
        pending=_count(pending),
        pending_cost=expected_cost_of(connection, project, pending),
        written=_count(written),
        written_cost=total(Cost.of(alike.expected_cost_usd) * alike.count for alike in written),
        under_way=_count(under_way),
        later=sum(later.values()),
        later_cost=total(_later_cost_of(connection, project, stage, count) for stage, count in later.items()),
        spent=spent,
        node_ids=frozenset().union(*asked.values()),
    )


def _count(requests: Iterable[OpenRequests]) -> int:
    return sum(alike.count for alike in requests)


def _nodes(requests: Iterable[OpenRequests]) -> dict[str, set[int]]:
    nodes: dict[str, set[int]] = {}
    for alike in requests:
        nodes.setdefault(alike.stage, set()).update(alike.node_ids)
    return nodes


def _follow_ups(connection: Connection, stages: Stages, plan: PlanRow, asked: Mapping[str, Collection[int]]) -> dict[str, int]:
    """Counts how many requests of a plan follow in each stage, because the content that it reads is asked for.

    Args:
        asked: nodes that are asked for, by stage.
    """
    coming: dict[str, set[int]] = {}
    later = {}
    for stage in stages:
        reads = coming.get(stage.reads or "", set()) if stage.key in plan.stages else set()
        follows = that_follow(connection, plan.framework_key, stage, reads)
        later[stage.key] = len(follows)
        coming[stage.key] = follows | set(asked.get(stage.key, ()))
    return {key: count for key, count in later.items() if count}


def _later_cost_of(connection: Connection, project: Project, stage_key: str, count: int) -> Cost:
    """Gives what so many requests of a stage are expected to cost that are not made yet, because what they read has not come."""
    if not count:
        return Cost()
    (stage,) = (stage for stage in project.stages if stage.key == stage_key)
    model = project.stage_settings[stage.key].model
    output = expected_output_tokens(connection, stage, model, simulated=False)
    cost: Decimal | None = expected_cost_usd(
        model, stage.typical_input_tokens * count, output * count, requests=count, own=project.configuration.prices
    )
    return Cost(unknown=count) if cost is None else Cost(cost)
