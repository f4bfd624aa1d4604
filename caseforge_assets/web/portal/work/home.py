"""Home: what there is, what waits for somebody, what is under way; and the keys that pages know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.batches.states import UNSETTLED, PlanState
from caseforge_assets.commands.approving.view_plans import ReckonedPlan, reckon_plans
from caseforge_assets.commands.providing.provider import accepts_simulated
from caseforge_assets.commands.surveying.find_in_state import nodes_by_state
from caseforge_assets.costs.sums import Cost, total
from caseforge_assets.reports.coverage import NodeState, count_asked
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.alerting import alerts
from caseforge_assets.store.collecting.items import Counted, item_counts
from caseforge_assets.store.collecting.quality_scores import mean_scores
from caseforge_assets.store.curating.described import count_reviews_due
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions.frameworks import Edition, current_edition
from caseforge_assets.store.figures import spending
from caseforge_assets.store.figures.changes import changes_so_far
from caseforge_assets.store.planning import plans
from caseforge_assets.store.reading.tree import TreeNode, nodes_below
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.api.work.batches import list_batches
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.portal.work.money import frameworks_to_choose
from caseforge_assets.web.service import Service

router = APIRouter(include_in_schema=False)
PLANS_SHOWN, ALERTS_SHOWN, BATCHES_SHOWN, BRANCHES_SHOWN = 10, 10, 20, 20


@dataclass(frozen=True, slots=True)
class StageCard:
    """A stage of a framework: nodes by state, items, and the mean score (None: nothing is measured)."""

    stage: Stage
    states: Mapping[str, int]
    items: Counted
    score: float | None

    @property
    def done(self) -> int:
        """Nodes with a good answer that fits."""
        return self.states.get(NodeState.DONE, 0)

    @property
    def asked(self) -> int:
        """Nodes that the stage is for."""
        return count_asked(self.states)


@dataclass(frozen=True, slots=True)
class FrameworkCard:
    """A framework as Home shows it, with its first branches; `spent` by kind: billed, simulated, imported."""

    edition: Edition
    nodes: int
    branches: Sequence[TreeNode]
    stages: tuple[StageCard, ...]
    spent: Mapping[str, Cost]

    @property
    def failed(self) -> int:
        """Failures over all stages."""
        return sum(stage.states.get(NodeState.FAILED, 0) for stage in self.stages)

    @property
    def stale(self) -> int:
        """Stale contents over all stages."""
        return sum(stage.states.get(NodeState.STALE, 0) for stage in self.stages)


@router.get("/")
def show_home(pages: PagesNow, caller: Reader) -> HTMLResponse:
    """Show what there is, what waits, and what is under way."""
    service = pages.service
    batches = list_batches(service, caller, list(UNSETTLED), None, BATCHES_SHOWN, None)
    with service.reading.connect() as connection:
        state = service.counted_from(changes_so_far(connection))
        keys = frameworks_to_choose(connection, caller)
        cards = [service.kept.get(state, f"card {key}", partial(framework_card, connection, service, key)) for key in keys]
        waiting = _waiting_plans(connection, pages, caller)
        seen = caller.seen_frameworks()
        reviews = count_reviews_due(connection, clock.now(connection).date(), None if seen is None else sorted(seen))
        wrong = alerts.page_of_alerts(connection, seen, None, ALERTS_SHOWN, with_cleared=False)
    shown = [card for card in cards if card is not None]
    values = {"cards": shown, "plans": waiting, "alerts": wrong, "reviews": reviews, "batches": batches.items}
    return pages.answer("home.html.jinja", values | {"may_load": caller.may_somewhere(Role.admin)}, section="home", keep=not batches.items)


@router.get("/keys")
def show_keys(pages: PagesNow, _caller: Reader) -> HTMLResponse:
    """The keys that pages know."""
    return pages.answer("keys.html.jinja", {})


def framework_card(connection: Connection, service: Service, key: str) -> FrameworkCard | None:
    """A framework with how far it is, how good, and what it cost; None: it has no edition that counts."""
    edition = current_edition(connection, key)
    if edition is None:
        return None
    levels = service.levels(connection, edition)
    simulated, items, scores = (
        accepts_simulated(connection, service.settings),
        item_counts(connection, key),
        mean_scores(connection, key, RULES),
    )
    states = {stage.key: nodes_by_state(connection, service.project, key, stage, simulated=simulated) for stage in service.project.stages}
    stages = tuple(
        StageCard(
            stage,
            states[stage.key],
            items.get(stage.key, Counted(0, 0)),
            scores.get(stage.key),
        )
        for stage in service.project.stages
    )
    rows = spending.spent_by(connection, "stage", key)
    spent = {kind: total(row.cost for row in rows if row.kind == kind) for kind in dict.fromkeys(row.kind for row in rows)}
    branches = nodes_below(connection, edition.id, None, limit=BRANCHES_SHOWN)
    return FrameworkCard(edition, sum(nodes for _, nodes, _, _ in levels), branches, stages, spent)


def _waiting_plans(connection: Connection, pages: Pages, caller: Caller) -> list[ReckonedPlan]:
    ids = plans.page_of_plans(connection, caller.seen_frameworks(), [PlanState.draft], None, PLANS_SHOWN)
    return sorted(reckon_plans(connection, pages.service.project, ids), key=lambda reckoned: -reckoned.plan.id) if ids else []
