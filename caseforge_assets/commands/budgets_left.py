"""What is left of the budgets that a framework's requests count against."""

from __future__ import annotations

from decimal import Decimal

from caseforge_assets.costs.budgets import budget_left
from caseforge_assets.settings import Configuration
from caseforge_assets.store import plans
from caseforge_assets.store.engine import Connection

ALL = "all frameworks"


def budgets_left(connection: Connection, configuration: Configuration, key: str) -> dict[str, Decimal]:
    """Per budget (of the framework, over all frameworks) what is neither spent nor reserved, in USD; budgets that are not set are left out."""
    committed = plans.committed_by_framework(connection)
    left = {}
    entry = configuration.frameworks.get(key)
    if entry is not None and entry.budget_usd is not None:
        left[key] = budget_left(entry.budget_usd, committed.get(key, Decimal(0)), Decimal(0))
    if configuration.budget_usd is not None:
        left[ALL] = budget_left(configuration.budget_usd, sum(committed.values(), Decimal(0)), Decimal(0))
    return left
