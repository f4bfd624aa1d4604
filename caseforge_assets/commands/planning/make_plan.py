"""plan: what would be sent for a framework, why, and at what cost; approved before a provider that bills gets anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from caseforge_assets.batches.packing import LINE_BYTES, PackItem, PackLimits, pack
from caseforge_assets.commands.money.expect_costs import expected_output_tokens, priced_input_tokens
from caseforge_assets.commands.planning.keep_estimate import kept_estimate
from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.commands.requests.build_requests import Terms, build_requests
from caseforge_assets.commands.requests.retry_failed import Retry, retry_failed
from caseforge_assets.commands.requests.reuse_answers import ReusedAnswer
from caseforge_assets.commands.requests.settle_requests import TooLong, refit_budgets, settle_requests
from caseforge_assets.commands.surveying.survey import TO_DO, Scope, survey
from caseforge_assets.costs.estimates import expected_cost_usd
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.reports.coverage import NodeState, count_states, wanted_question
from caseforge_assets.settings import Configuration
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.planning.node_states import AssetState
from caseforge_assets.store.planning.plan_details import set_estimate
from caseforge_assets.store.requests import pending, requests

_BYTES_PER_TOKEN = 5  # of requests that are not made yet, rather more than less


@dataclass(frozen=True)
class StagePlan:
    """One stage of a plan.

    `states` counts the chosen nodes before anything is sent; `now` have their request ready, `later` get it when
    the stage that they read is done. `reused` counts those that are answered from the store at no cost, by rule and then by
    the framework that the answer comes from. `shortened` of the requests are made from half of what belongs in them, because the
    whole is too long for the model; `too_long` are those that are not sent, because they are too long even so. `batches` is how many the
    limits make necessary, as far as they are known. Tokens are sums, as a provider that bills would count them, also for one that does not; the cost is None where the model has no known batch price.
    `at_most_usd` is the cost if every answer used its whole budget, at the first try. `written_kept` are nodes that would be asked for
    again, had not a person written what they have. `kept_of_others` counts fresh contents that another model made, or one with another
    temperature, effort, verbosity or endpoint, by that model. `endpoint` is where requests go that are made now.
    """

    stage: Stage
    model: str
    endpoint: str
    states: dict[str, int]
    now: int
    later: int
    retries: int
    given_up: dict[str, int]
    reused: dict[str, dict[str, int]]
    shortened: int
    too_long: tuple[TooLong, ...]
    batches: int
    input_tokens: int
    output_tokens: int
    expected_cost_usd: Decimal | None
    at_most_usd: Decimal | None
    written_kept: int = 0
    kept_of_others: dict[str, int] = field(default_factory=dict)

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
        return sum(stage.nodes for stage in self.stages)

    @property
    def reused(self) -> int:
        """Requests that are answered from the store, over all stages."""
        return sum(count for stage in self.stages for counts in stage.reused.values() for count in counts.values())

    @property
    def expected_cost_usd(self) -> Decimal | None:
        """Sum over the stages; None if one of them is unknown."""
        return total(stage.expected_cost_usd for stage in self.stages).usd

    @property
    def at_most_usd(self) -> Decimal | None:
        """Sum over the stages; None if one of them is unknown."""
        return total(stage.at_most_usd for stage in self.stages).usd


@dataclass(frozen=True)
class Anew:
    """A choice of the good answers that are asked for once more.

    Attributes:
        ask_again: Also where there is a good one; where a person wrote it, of nodes that are named only.
        refresh_context: Take nothing that was made for the same node in another context, and ask anew where that was done.
        model_of: Where this model made the one that is there.
        named: Those of the nodes that a person named one by one; None: all of them.
    """

    ask_again: bool = False
    refresh_context: bool = False
    model_of: str | None = None
    named: Collection[int] | None = None


NONE_ANEW = Anew()


@dataclass
class _Drafting:
    """A plan while it is made.

    `coming` holds, per stage, the nodes whose content the plan will bring; `surveyed` how the nodes stood before it, which is how
    they stand until something is answered from the store.
    """

    connection: Connection
    project: Project
    scope: Scope
    plan_id: int
    anew: Anew
    named: frozenset[int]
    coming: dict[str, set[int]] = field(default_factory=dict)
    surveyed: dict[str, list[tuple[AssetState, NodeState]]] = field(default_factory=dict)
    reused: int = 0

    def survey(self, stage: Stage) -> list[tuple[AssetState, NodeState]]:
        return survey(self.connection, self.project, self.scope.key, stage, self.scope.simulated, self.scope.node_ids)


def draft_plan(connection: Connection, project: Project, scope: Scope, *, made_by: str, anew: Anew = NONE_ANEW) -> Plan:
    """Makes contexts and requests that are missing or do not fit any more, puts them under a new draft, and estimates it.

    What can be answered from the store is answered at once: it costs nothing. Roll the transaction back to look without
    leaving anything.
    """
    requests.lock_making(connection)
    key, stages = scope.key, [project.stages.in_framework(stage, scope.key) for stage in scope.stages]
    plan_id = plans.add_plan(connection, key, [stage.key for stage in stages], made_by, 0)
    named = frozenset((scope.node_ids or ()) if anew.named is None else anew.named)
    drafting = _Drafting(connection, project, replace(scope, stages=stages), plan_id, anew, named)
    _refresh_contexts(drafting, stages[0])
    drafting.surveyed = {stage.key: drafting.survey(stage) for stage in stages}
    plan = Plan(plan_id, key, tuple(_draft_stage(drafting, stage) for stage in stages))
    set_estimate(connection, plan_id, plan.nodes, plan.expected_cost_usd, {part.stage.key: kept_estimate(part) for part in plan.stages})
    return plan


def typical_cost(project: Project, stages: Sequence[Stage], nodes: int) -> Decimal | None:
    """Gives what stages cost for so many nodes by the figures of typical requests and answers, without making one; None where it is unknown."""
    models = {stage.key: project.stage_settings[stage.key].model for stage in stages}
    return total(
        _cost(project.configuration, models[stage.key], [stage.typical_input_tokens] * nodes, [stage.typical_output_tokens] * nodes)
        for stage in stages
    ).usd


def _refresh_contexts(drafting: _Drafting, stage: Stage) -> None:
    old = [row.node_id for row, _ in drafting.survey(stage) if row.context_node_version != row.node_version]
    if old:
        build_contexts(drafting.connection, drafting.scope.key, old)


def _draft_stage(drafting: _Drafting, stage: Stage) -> StagePlan:
    connection, project, scope, plan_id = drafting.connection, drafting.project, drafting.scope, drafting.plan_id
    configuration, anew = project.configuration, drafting.anew
    settings = project.stage_settings[stage.key]
    surveyed = drafting.survey(stage) if drafting.reused else drafting.surveyed[stage.key]
    coming = _coming(drafting, stage, surveyed)
    written = {row.node_id for row, _ in surveyed if row.content_edited}
    later = {row.node_id for row, _ in surveyed if row.node_id in coming and row.node_id not in written}
    kept = written - (drafting.named - coming) if anew.ask_again or anew.model_of else set[int]()
    unnamed = [(row, state) for row, state in surveyed if row.node_id not in coming | written]
    of_others = _kept_of_others(drafting, stage, [] if anew.ask_again else unnamed)
    rows = [(row, state) for row, state in surveyed if row.node_id not in coming | kept]
    built = _build(drafting, stage, rows)
    failed = [row.node_id for row, state in rows if state is NodeState.FAILED]
    retried = retry_failed(connection, project, scope.key, stage, failed, Retry(plan_id=plan_id))
    waiting = {row.node_id: row.request_id for row, state in rows if state is NodeState.WAITING and row.request_id}
    others = [row.node_id for row, _ in rows if row.node_id not in built]
    refitted = refit_budgets(connection, project, scope.key, stage, others)
    waiting |= {node_id: request_id for node_id, request_id in refitted.items() if node_id in waiting}
    free = requests.without_approval(connection, list(waiting.values()), scope.simulated)  # a draft takes nothing from approved plans
    requests.set_plan(connection, free, plan_id)
    settled = settle_requests(connection, project, scope.simulated, lambda _: pending.of_plan(connection, plan_id, stage.key))
    drafting.reused += len(settled.reused)
    now = settled.rows
    output = expected_output_tokens(connection, stage, settings.model, simulated=False)
    tokens = [*priced_input_tokens(connection, stage, now), *[stage.typical_input_tokens] * len(later)]
    usual_budget = settings.max_completion_tokens or stage.default_max_completion_tokens
    budgets = [*(row.max_completion_tokens for row in now), *[usual_budget] * len(later)]
    failed_now = {node.node_id for node in settled.fitted.too_long}
    drafting.coming[stage.key] = later | {row.node_id for row in now} | (built - {answer.node_id for answer in settled.reused} - failed_now)
    return StagePlan(
        stage,
        settings.model,
        settings.endpoint,
        count_states(state for _, state in drafting.surveyed[stage.key]),
        now=len(now),
        later=len(later),
        retries=len(retried.node_ids),
        given_up=retried.left,
        reused=_count_reused(settled.reused),
        shortened=sum(row.shortened for row in now),
        too_long=settled.fitted.too_long,
        batches=_batches(configuration, settings.model, tokens, [row.size_bytes + LINE_BYTES for row in now]),
        input_tokens=sum(tokens),
        output_tokens=output * len(tokens),
        expected_cost_usd=_cost(configuration, settings.model, tokens, [output] * len(tokens)),
        at_most_usd=_cost(configuration, settings.model, tokens, budgets),
        written_kept=len(kept),
        kept_of_others=of_others,
    )


def _coming(drafting: _Drafting, stage: Stage, surveyed: Sequence[tuple[AssetState, NodeState]]) -> set[int]:
    """The nodes whose requests are made when the content that they read has come."""
    unchosen = {row.node_id for row, state in surveyed if state is NodeState.UNCHOSEN}
    return drafting.coming.get(stage.reads or "", set()) - unchosen


def _batches(configuration: Configuration, model: str, tokens: Sequence[int], sizes: Sequence[int]) -> int:
    """Counts how many batches requests take, at the limits of the provider; those that are not made yet are as large as their tokens usually are."""
    limits = PackLimits(
        configuration.requests_per_batch, configuration.provider_kind.max_bytes, configuration.max_enqueued_tokens.get(model)
    )
    all_sizes = [*sizes, *(count * _BYTES_PER_TOKEN + LINE_BYTES for count in tokens[len(sizes) :])]
    return len(
        pack([PackItem(number, size, count, model) for number, (size, count) in enumerate(zip(all_sizes, tokens, strict=True))], limits)
    )


def _cost(configuration: Configuration, model: str, input_tokens: Sequence[int], output_tokens: Sequence[int]) -> Decimal | None:
    """The sum over all requests, each by itself: an approval names what these are added up to, and that has to be the same."""
    alike = Counter(zip(input_tokens, output_tokens, strict=True))
    costs = ((expected_cost_usd(model, tokens, output, own=configuration.prices), count) for (tokens, output), count in alike.items())
    return total(Cost.of(cost) * count for cost, count in costs).usd


def _build(drafting: _Drafting, stage: Stage, rows: Sequence[tuple[AssetState, NodeState]]) -> set[int]:
    """Makes the requests of nodes that are to be asked for; returns the nodes that got a new one."""
    anew = drafting.anew
    again = _asked_again(drafting, stage, [row.node_id for row, state in rows if state is NodeState.DONE])
    wanted = [row.node_id for row, state in rows if state in TO_DO or (state is NodeState.FAILED and row.request_not_sent)]
    made: set[int] = set()
    for node_ids, ask_again in ((wanted, anew.ask_again), (again, True)):
        terms = Terms(drafting.plan_id, ask_again, anew.refresh_context, reopen=True)
        made |= build_requests(drafting.connection, drafting.project, drafting.scope.key, stage, node_ids, terms).made
    return made


def _asked_again(drafting: _Drafting, stage: Stage, done: Sequence[int]) -> Sequence[int]:
    """Those of the nodes with a good answer that are to have another one."""
    anew = drafting.anew
    if anew.ask_again:
        return done
    if anew.model_of:
        return contents.made_by(drafting.connection, stage.key, done, anew.model_of)
    return contents.made_in_another_context(drafting.connection, stage.key, done) if anew.refresh_context else []


def _kept_of_others(drafting: _Drafting, stage: Stage, rows: Sequence[tuple[AssetState, NodeState]]) -> dict[str, int]:
    """Counts how many fresh contents are of another model, temperature, effort, verbosity or endpoint than would be asked now, by the model that made them."""
    version = stage_version(stage, drafting.project.stage_settings[stage.key])
    kept = [
        row.node_id
        for row, state in rows
        if state is NodeState.DONE and row.content_question and row.content_question != wanted_question(row, version)
    ]
    return contents.models_of(drafting.connection, stage.key, kept)


def _count_reused(reused: Sequence[ReusedAnswer]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for answer in reused:
        of_rule = counts.setdefault(answer.rule, {})
        of_rule[answer.from_framework] = of_rule.get(answer.from_framework, 0) + 1
    return counts
