"""Sums up what is left of the budgets that a framework's requests count against."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.costs.budgets import budget_left
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans

ALL = "all frameworks"


@dataclass(frozen=True, slots=True)
class Left:
    """The rest of a budget, neither spent nor reserved, in USD; `unknown` answers of unknown cost are counted at their expected cost."""

    usd: Decimal
    unknown: int


def budgets_left(connection: Connection, project: Project, key: str) -> dict[str, Left]:
    """Per budget (of the framework, over all frameworks) what is left; budgets that are not set are left out."""
    committed = plans.committed_by_framework(connection)
    left = {}
    entry = project.configuration.frameworks.get(key)
    if entry is not None and entry.budget_usd is not None:
        left[key] = _left(entry.budget_usd, committed.get(key, Cost()))
    if project.configuration.budget_usd is not None:
        left[ALL] = _left(project.configuration.budget_usd, total(committed.values()))
    return left


def all_budgets_left(connection: Connection, project: Project) -> dict[str, Left]:
    """The same of every framework that is declared."""
    committed = plans.committed_by_framework(connection)
    budgets = {key: entry.budget_usd for key, entry in project.configuration.frameworks.items()}
    left = {key: _left(budget, committed.get(key, Cost())) for key, budget in budgets.items() if budget is not None}
    if project.configuration.budget_usd is not None:
        left[ALL] = _left(project.configuration.budget_usd, total(committed.values()))
    return left


def _left(budget_usd: Decimal, committed: Cost) -> Left:
    return Left(budget_left(budget_usd, committed.known_usd, Decimal(0)), committed.unknown)
