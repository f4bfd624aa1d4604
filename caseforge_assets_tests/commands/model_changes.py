"""Counts of what another model makes stale, and of what is sent for it."""

from __future__ import annotations

from caseforge_assets.commands.mirroring.read_statuses import read_statuses
from caseforge_assets.commands.planning.make_plan import draft_plan
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.reports.freshness import Condition
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, Workbench

BOTH = (PROCESS, USECASES)


def stale(bench: Workbench) -> int:
    return sum(status.condition is Condition.STALE for status in read_statuses(bench.store, bench.project, KEY))


def to_send(bench: Workbench, key: str = KEY) -> list[int]:
    """Requests per stage that a plan would send; nothing is left of the look."""
    with bench.store.connect() as connection:
        plan = draft_plan(connection, bench.project, Scope(key, BOTH, bench.provider.simulated), made_by="test")
        connection.rollback()
    return [part.nodes for part in plan.stages]
