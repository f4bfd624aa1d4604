"""The figures that rules look at: counts, sums and times of batches, plans, budgets and providers, as the store gives them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from caseforge_assets.batches.provider_objects import error_entries
from caseforge_assets.batches.results.rejections import BatchError, BatchVerdict, decide_batch_errors
from caseforge_assets.batches.states import TAKEN_BACK, TAKEN_BACK_WITH_PLAN, WAITS_FOR_ROOM, RemoteStatus
from caseforge_assets.stages.model_rules import Ending


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """One batch.

    `requests` is how many it has; `failed` how many were answered with a failure (those that expired, were cancelled or rejected with
    their batch are not among them); `cut_off` how many answers ended at their token limit; `unanswered` how many of its nodes
    have no answer to their newest request yet. `stray_lines` is None where nobody counted. `usage_differs` says what its provider counts otherwise than its lines, if anything. One that `is_held` brought less than its provider counts, and waits for a person. `framework_key` is None where its nodes are of several.
    `errors` are its provider's, as they came.
    """

    id: int
    name: str
    stage: str
    framework_key: str | None
    state: str
    remote_status: str | None
    reason: str | None
    errors: Any
    requests: int
    failed: int
    cut_off: int
    unanswered: int
    stray_lines: int | None
    is_held: bool = False
    usage_differs: str | None = None

    @property
    def is_taken_back(self) -> bool:
        """A person cancelled it, or its plan, before the provider knew of it: nothing has failed, also when its nodes are asked for again later."""
        return (self.reason or "").endswith((TAKEN_BACK, TAKEN_BACK_WITH_PLAN))

    @property
    def verdict(self) -> BatchVerdict | None:
        """Gives what its provider's errors mean; None where it has not failed as a whole."""
        if self.remote_status != RemoteStatus.failed:
            return None
        return decide_batch_errors([BatchError.of(error) for error in error_entries(self.errors)])

    @property
    def too_much_at_once(self) -> bool:
        """Tells whether the account had too many tokens waiting, which smaller batches settle."""
        verdict = self.verdict
        return verdict.token_limit_exceeded if verdict else (self.reason or "").startswith(WAITS_FOR_ROOM)


@dataclass(frozen=True, slots=True)
class UnsentFigures:
    """Requests of one framework and stage that are too long for their model and were not sent: how many, and the first node with its reason."""

    framework_key: str
    stage: str
    requests: int
    first_code: str
    first_reason: str


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """One approved plan of which something was sent.

    `open_requests` are pending or in a batch; costs are those of answers of known cost, in USD, and `unknown_costs` counts attempts of others.
    """

    id: int
    framework_key: str
    first_submission: datetime
    open_requests: int
    answers: int
    cost_usd: Decimal
    expected_cost_usd: Decimal
    unknown_costs: int = 0


@dataclass(frozen=True, slots=True)
class WaitingPlan:
    """One plan with pending requests of which nothing is sent until a person acts: an approved one that is held back, or a draft (None).

    `decided_by` is who approved it, or who had the draft made, where nobody said which command, at the time `since`. The cost is None where unknown.
    """

    id: int
    framework_key: str
    held_back: str | None
    decided_by: str
    since: datetime
    requests: int
    expected_cost_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class RunCost:
    """Cost of the nodes of a plan in one stage with one model, beside those of earlier runs at providers that bill; USD. Without earlier ones: None."""

    plan_id: int
    framework_key: str
    stage: str
    model: str
    answers: int
    cost_per_node_usd: Decimal
    earlier_answers: int
    earlier_cost_per_node_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """One budget, and what of it is spent or reserved; USD. `framework_key` is None for the one over all.

    `unknown` answers of unknown cost are in the sum at what they were expected to cost.
    """

    framework_key: str | None
    budget_usd: Decimal
    committed_usd: Decimal
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class ProviderFigures:
    """One provider: why nothing is sent to it until a person acts, and why it refused the key when it was last asked; None: neither.

    `quiet_since` is when something was collected last, or else when its oldest open batch was sent; None: nothing is open.
    """

    id: int
    base_url: str
    stopped_reason: str | None
    refused_reason: str | None
    open_batches: int
    quiet_since: datetime | None


@dataclass(frozen=True, slots=True)
class EndingModel:
    """A model that ends soon, or has ended, and the key of caseforge.toml that a stage has it from."""

    ending: Ending
    key: str


@dataclass(frozen=True, slots=True)
class WebhookFigures:
    """One webhook with deliveries that were given up: how many, what the last one is about, and why it failed. Its address is as people may see it."""

    id: int
    url: str
    framework_key: str | None
    given_up: int
    last_subject: str
    last_problem: str


@dataclass(frozen=True)
class Figures:
    """Everything that rules look at."""

    batches: tuple[BatchFigures, ...] = ()
    unsent: tuple[UnsentFigures, ...] = ()
    plans: tuple[PlanFigures, ...] = ()
    waiting_plans: tuple[WaitingPlan, ...] = ()
    run_costs: tuple[RunCost, ...] = ()
    budgets: tuple[BudgetFigures, ...] = ()
    providers: tuple[ProviderFigures, ...] = ()
    ending_models: tuple[EndingModel, ...] = ()
    webhooks: tuple[WebhookFigures, ...] = ()
