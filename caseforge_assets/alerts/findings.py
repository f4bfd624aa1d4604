"""Finds what is wrong now: one function a rule, or a pair of them that look at the same figures."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from caseforge_assets.alerts.figures import (
    BatchFigures,
    BudgetFigures,
    EndingModel,
    Figures,
    PlanFigures,
    ProviderFigures,
    RunCost,
    UnsentFigures,
    WaitingPlan,
    WebhookFigures,
)
from caseforge_assets.alerts.rules import Finding, Rule, Severity
from caseforge_assets.alerts.thresholds import Thresholds
from caseforge_assets.batches.states import RETURNED, BatchState, RemoteStatus
from caseforge_assets.costs.sums import exact_usd, usd
from caseforge_assets.redaction import redact
from caseforge_assets.wording import counted

ALL_FRAMEWORKS = "all frameworks"
CRITICAL_FROM = 2  # times the threshold
CLEARED_BELOW = Decimal("0.95")  # of the threshold: a figure that wavers about it must not raise and clear in turns

OpenKeys = Collection[tuple[str, str]]


@dataclass(frozen=True)
class _Limits:
    """Thresholds, eased for what is open already."""

    thresholds: Thresholds
    open_keys: OpenKeys

    def reached(self, rule: Rule, subject: str, figure: Decimal, threshold: Decimal) -> bool:
        eased = (rule, subject) in self.open_keys
        return figure > (threshold * CLEARED_BELOW if eased else threshold)


def find(figures: Figures, thresholds: Thresholds, now: datetime, open_keys: OpenKeys = ()) -> list[Finding]:
    """Everything that is wrong by the rules that are on.

    Args:
        open_keys: (rule, subject) of alerts that are open; what they are about has to be clearly better to be left out.
    """
    limits = _Limits(thresholds, open_keys)
    found = [
        *(finding for batch in figures.batches for finding in _of_batch(batch, thresholds)),
        *(_of_unsent(unsent) for unsent in figures.unsent),
        *(finding for plan in figures.plans for finding in _of_plan(plan, limits, now)),
        *(finding for plan in figures.waiting_plans for finding in _of_waiting_plan(plan, thresholds, now)),
        *(finding for cost in figures.run_costs for finding in _of_run_cost(cost, limits)),
        *(finding for budget in figures.budgets for finding in _of_budget(budget, limits)),
        *(_of_ending(model) for model in figures.ending_models),
        *(_of_webhook(webhook) for webhook in figures.webhooks),
        *(finding for provider in figures.providers for finding in _of_provider(provider, thresholds, now)),
    ]
    return [replace(finding, text=redact(finding.text)) for finding in found if finding.rule not in thresholds.off]


def _of_batch(batch: BatchFigures, thresholds: Thresholds) -> Iterator[Finding]:
    subject, which = f"batch {batch.id}", f"{batch.stage}{f' of {batch.framework_key}' if batch.framework_key else ''} {batch.name}"
    if batch.state == BatchState.unknown:
        yield Finding(Rule.unknown_batch, subject, Severity.warning, f"{which}: {batch.reason}", batch.framework_key)
    if batch.is_held:
        yield Finding(Rule.short_results, subject, Severity.critical, f"{which}: {batch.reason}", batch.framework_key)
    if batch.stray_lines:
        text = f"{which}: of its result files, this many lines cannot be read or answer nothing that was asked: {batch.stray_lines:,}. They are kept"
        yield Finding(Rule.stray_lines, subject, Severity.warning, text, batch.framework_key)
    if batch.usage_differs:
        yield Finding(Rule.usage_differs, subject, Severity.warning, f"{which}: {batch.usage_differs}", batch.framework_key)
    if not batch.unanswered or not batch.requests:
        return
    left = f"{batch.unanswered:,} of its {counted(batch.requests, 'node')} {'has' if batch.unanswered == 1 else 'have'} no answer yet"
    failed = (batch.state == BatchState.refused and not batch.is_taken_back) or (
        batch.remote_status == RemoteStatus.failed and batch.state in RETURNED
    )
    if failed and not batch.too_much_at_once:
        verdict = batch.verdict
        text = f"{which} failed as a whole: {verdict.detail if verdict else batch.reason}. {left}"
        yield Finding(Rule.batch_failed, subject, Severity.critical, text, batch.framework_key)
    if batch.remote_status == RemoteStatus.expired and batch.state == BatchState.collected:  # before that, what it answered is not known
        text = f"{which} expired. {left}; those that expired with it are sent again by the next submit"
        yield Finding(Rule.batch_expired, subject, Severity.warning, text, batch.framework_key)
    yield from _shares(batch, subject, which, thresholds)


def _shares(batch: BatchFigures, subject: str, which: str, thresholds: Thresholds) -> Iterator[Finding]:
    failed, cut_off = Decimal(batch.failed) / batch.requests, Decimal(batch.cut_off) / batch.requests
    if failed > thresholds.failed_share and batch.failed >= thresholds.share_min_count:
        text = f"{which}: {batch.failed:,} of {counted(batch.requests, 'request')} failed ({failed:.1%}); `caseforge failed{_of(batch)}` says why"
        yield Finding(Rule.failed_share, subject, _severity(failed, thresholds.failed_share), text, batch.framework_key)
    if cut_off > thresholds.token_limit_share and batch.cut_off >= thresholds.share_min_count:
        text = (
            f"{which}: {batch.cut_off:,} of {counted(batch.requests, 'answer')} ended at their token limit ({cut_off:.1%}); `caseforge retry{_of(batch)}` asks "
            "again with more, a larger completion budget in caseforge.toml prevents it"
        )
        yield Finding(Rule.token_limit, subject, _severity(cut_off, thresholds.token_limit_share), text, batch.framework_key)


def _of(batch: BatchFigures) -> str:
    return f" --framework {batch.framework_key}" if batch.framework_key else ""


def _of_unsent(unsent: UnsentFigures) -> Finding:
    many = unsent.requests > 1
    text = (
        f"{unsent.stage} of {unsent.framework_key}: {counted(unsent.requests, 'request is', 'requests are')} too long for the model and "
        f"{'were' if many else 'was'} not sent; `caseforge failed --framework {unsent.framework_key}` lists them. {unsent.first_code}: {unsent.first_reason}"
    )
    return Finding(Rule.too_long, f"requests of {unsent.framework_key} {unsent.stage}", Severity.warning, text, unsent.framework_key)


def _of_plan(plan: PlanFigures, limits: _Limits, now: datetime) -> Iterator[Finding]:
    thresholds, subject = limits.thresholds, f"plan {plan.id}"
    open_h = (now - plan.first_submission).total_seconds() / 3_600
    if plan.open_requests and open_h > thresholds.plan_open_h:
        text = f"plan {plan.id} of {plan.framework_key} is open for {counted(round(open_h), 'hour')} since its first submission; {counted(plan.open_requests, 'request has', 'requests have')} no outcome"
        grave = Severity.critical if open_h > CRITICAL_FROM * thresholds.plan_open_h else Severity.warning
        yield Finding(Rule.plan_open, subject, grave, text, plan.framework_key)
    if plan.answers < thresholds.cost_min_answers or not plan.expected_cost_usd:
        return
    over = plan.cost_usd / plan.expected_cost_usd - 1
    if limits.reached(Rule.cost_over_estimate, subject, over, thresholds.cost_over):
        text = (
            f"plan {plan.id} of {plan.framework_key}: {counted(plan.answers, 'answer')} cost {usd(plan.cost_usd)}, {over:.0%} more than the "
            f"{usd(plan.expected_cost_usd)} that they were expected to"
        )
        if plan.unknown_costs:
            text += f"; the cost of {counted(plan.unknown_costs, 'more attempt')} is unknown"
        yield Finding(Rule.cost_over_estimate, subject, _severity(over, thresholds.cost_over), text, plan.framework_key)


def _of_waiting_plan(plan: WaitingPlan, thresholds: Thresholds, now: datetime) -> Iterator[Finding]:
    when = f"{plan.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if plan.held_back is not None:
        text = f"{plan.held_back}. {plan.decided_by} approved it on {when}"
        yield Finding(Rule.plan_waits, f"plan {plan.id}", Severity.warning, text, plan.framework_key)
    elif (now - plan.since).total_seconds() > thresholds.draft_open_h * 3_600:
        text = (
            f"plan {plan.id} of {plan.framework_key}, which {plan.decided_by} made on {when}, waits for approval: {counted(plan.requests, 'request')}, expected "
            f"cost {usd(plan.expected_cost_usd)}. Approve it (caseforge approve {plan.id}) or decline it (caseforge plans decline {plan.id})"
        )
        yield Finding(Rule.plan_waits, f"plan {plan.id}", Severity.warning, text, plan.framework_key)


def _of_ending(model: EndingModel) -> Finding:
    grave = Severity.critical if model.ending.refused else Severity.warning
    return Finding(
        Rule.model_ends, f"model {model.ending.model} of {model.key}", grave, f"{model.ending.text}: {model.ending.advice(model.key)}"
    )


def _of_webhook(webhook: WebhookFigures) -> Finding:
    many = webhook.given_up > 1
    text = (
        f"webhook {webhook.id} ({webhook.url}) did not take {counted(webhook.given_up, 'event')} for three days, so that "
        f"{'they are' if many else 'it is'} given up; the last one was about {webhook.last_subject}: {webhook.last_problem}. `caseforge webhooks deliveries "
        f"{webhook.id} --state dead` lists them, `caseforge webhooks redeliver DELIVERY` tries one again"
    )
    return Finding(Rule.webhook_given_up, f"webhook {webhook.id}", Severity.warning, text, webhook.framework_key)


def _of_run_cost(cost: RunCost, limits: _Limits) -> Iterator[Finding]:
    thresholds, subject = limits.thresholds, f"plan {cost.plan_id} {cost.stage} {cost.model}"
    earlier = cost.earlier_cost_per_node_usd
    if not earlier or min(cost.answers, cost.earlier_answers) < thresholds.cost_min_answers:
        return
    over = cost.cost_per_node_usd / earlier - 1
    if limits.reached(Rule.cost_over_baseline, subject, over, thresholds.cost_over):
        text = (
            f"plan {cost.plan_id} of {cost.framework_key}: a node of {cost.stage} costs ${cost.cost_per_node_usd:,.4f} with {cost.model}, {over:.0%} more "
            f"than in earlier runs (${earlier:,.4f})"
        )
        yield Finding(Rule.cost_over_baseline, subject, _severity(over, thresholds.cost_over), text, cost.framework_key)


def _of_budget(budget: BudgetFigures, limits: _Limits) -> Iterator[Finding]:
    subject = budget.framework_key or ALL_FRAMEWORKS
    share = budget.committed_usd / budget.budget_usd if budget.budget_usd else Decimal(1 if budget.committed_usd else 0)
    used_up = share >= 1
    if used_up or share >= limits.thresholds.budget_share or limits.reached(Rule.budget, subject, share, limits.thresholds.budget_share):
        whose = f"the budget of {budget.framework_key}" if budget.framework_key else "the budget over all frameworks"
        text = f"{usd(budget.committed_usd)} of {whose} ({exact_usd(budget.budget_usd)}) are spent or reserved ({share:.0%})"
        if budget.unknown:
            text += f"; the cost of {counted(budget.unknown, 'answer')} is unknown, and counted as expected"
        then = "; nothing more is sent until budget_usd is raised" if used_up else ""
        yield Finding(Rule.budget, subject, Severity.critical if used_up else Severity.warning, text + then, budget.framework_key)


def _of_provider(provider: ProviderFigures, thresholds: Thresholds, now: datetime) -> Iterator[Finding]:
    subject = f"provider {provider.id}"
    if provider.stopped_reason or provider.refused_reason:
        text = f"{provider.base_url} refused the key when it was last asked: {provider.refused_reason}"
        if provider.stopped_reason:
            text = f"{provider.base_url} refuses the work, and nothing more is sent: {provider.stopped_reason}. When it is settled: caseforge submit"
        yield Finding(Rule.authentication, subject, Severity.critical, text)
    if provider.quiet_since is None:
        return
    quiet_h = (now - provider.quiet_since).total_seconds() / 3_600
    if quiet_h > thresholds.silence_h:
        text = (
            f"{counted(provider.open_batches, 'batch is', 'batches are')} open at {provider.base_url}, and nothing was collected for {counted(round(quiet_h), 'hour')}. Does anything look? "
            "caseforge monitor, or caseforge sensors status"
        )
        grave = Severity.critical if quiet_h > CRITICAL_FROM * thresholds.silence_h else Severity.warning
        yield Finding(Rule.silence, subject, grave, text)


def _severity(figure: Decimal, threshold: Decimal) -> Severity:
    return Severity.critical if threshold and figure > CRITICAL_FROM * threshold else Severity.warning
