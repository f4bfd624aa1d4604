"""Budgets: what is left, which plans still fit in, and by how much the others do not. USD, Decimal throughout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.costs.sums import ZERO, Cost, exact_usd, total
from caseforge_assets.wording import counted


def budget_left(budget_usd: Decimal, spent_usd: Decimal, reserved_usd: Decimal) -> Decimal:
    """Say what is left of a budget; negative where it is overdrawn.

    Args:
        budget_usd: The budget.
        spent_usd: Costs of answers.
        reserved_usd: Expected costs of requests under way.
    """
    return budget_usd - spent_usd - reserved_usd


def over_by(budget_usd: Decimal, committed_usd: Decimal, new_usd: Decimal) -> Decimal:
    """Say by how much new requests would go over a budget; 0 where they fit.

    Args:
        budget_usd: The budget.
        committed_usd: What is spent or reserved.
        new_usd: Expected costs of the new requests.
    """
    return max(committed_usd + new_usd - budget_usd, ZERO)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The part of one plan that is to be sent at once: so many requests at this cost."""

    plan_id: int
    framework_key: str
    requests: int
    cost: Cost


@dataclass(frozen=True)
class Limits:
    """The limits that hold.

    The budget over all frameworks and those of single ones (None or absent: there is none); what is spent or reserved of them by framework, all
    of which counts against the budget over all; and for each plan its own limit (None: it has none) with what is spent or reserved of that.
    """

    budget_usd: Decimal | None
    framework_budgets: Mapping[str, Decimal | None]
    committed: Mapping[str, Cost]
    plans: Mapping[int, tuple[Decimal | None, Cost]]
    allow_unknown: bool = False


def hold_back(wanted: Sequence[Wanted], limits: Limits) -> dict[int, str]:
    """Say which plans wait, and why; all others may be sent together.

    A plan is sent as a whole or waits as a whole. The oldest comes first: what it takes of a budget is not there for the next ones, and
    a plan that waits takes nothing.

    Args:
        wanted: Of each plan what is to be sent to a provider that bills.
        limits: What holds.

    Returns:
        By plan, what stands in the way, with what to do about it.
    """
    taken = dict(limits.committed)
    waits: dict[int, str] = {}
    for plan in sorted(wanted, key=lambda plan: plan.plan_id):
        if reason := _reason(plan, limits, taken):
            whose = f"plan {plan.plan_id} of {plan.framework_key}"
            waits[plan.plan_id] = f"{counted(plan.requests, f'request of {whose} waits', f'requests of {whose} wait')}: {reason}"
        else:
            taken[plan.framework_key] = taken.get(plan.framework_key, Cost()) + plan.cost
    return waits


def _reason(wanted: Wanted, limits: Limits, taken: Mapping[str, Cost]) -> str:
    if wanted.cost.unknown and not limits.allow_unknown:
        return (
            f"the cost of {wanted.cost.unknown:,} of {counted(wanted.requests, 'request')} is unknown, because there is no batch price for their model. "
            "Choose another model, or set allow_unknown_cost = true in caseforge.toml"
        )
    own = limits.framework_budgets.get(wanted.framework_key)
    if limits.budget_usd is None and own is None:
        return f"there is no budget for {wanted.framework_key}. Set budget_usd in caseforge.toml; they are expected to cost {wanted.cost}"
    problems = []
    if limits.budget_usd is not None:
        problems.append(_over("the budget over all frameworks", limits.budget_usd, total(taken.values()), wanted.cost))
    if own is not None:
        problems.append(_over(f"the budget of {wanted.framework_key}", own, taken.get(wanted.framework_key, Cost()), wanted.cost))
    problems = [problem for problem in problems if problem]
    todo = ["raise budget_usd in caseforge.toml"] if problems else []
    cap, spent = limits.plans.get(wanted.plan_id, (None, Cost()))
    if cap is not None and (problem := _over_limit(wanted, cap, spent)):
        problems.append(problem)
        todo.append(f"raise the limit (caseforge plans raise {wanted.plan_id} --max-cost-usd USD)")
    if not problems:
        return ""
    todo.append(f"cancel the plan (caseforge plans cancel {wanted.plan_id})")
    return f"{'; '.join(problems)}. {_sentence(todo)}"


def _over_limit(wanted: Wanted, cap: Decimal, spent: Cost) -> str:
    if wanted.cost.unknown:
        return f"the limit of plan {wanted.plan_id} ({exact_usd(cap)}) cannot be kept, because the cost of {counted(wanted.cost.unknown, 'request')} is unknown"
    return _over(f"the limit of plan {wanted.plan_id}", cap, spent, wanted.cost)


def _sentence(todo: Sequence[str]) -> str:
    text = " or ".join(todo)
    return text[0].upper() + text[1:]


def _over(name: str, budget_usd: Decimal, committed: Cost, new: Cost) -> str:
    over = over_by(budget_usd, committed.known_usd, new.known_usd)
    if not over:
        return ""
    unknown = f" ({counted(committed.unknown, 'answer')} of unknown cost counted as expected)" if committed.unknown else ""
    return (
        f"{name} ({exact_usd(budget_usd)}) would be overdrawn by ${over:,.4f}: ${committed.known_usd:,.4f} spent or reserved{unknown}, "
        f"${new.known_usd:,.4f} more wanted"
    )
