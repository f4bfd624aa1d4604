"""A draft as it is laid before a person: with its limit, and with the plans that are sent beside it because they were approved before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from caseforge_assets.batches.consent import EVERYTHING, Consent
from caseforge_assets.commands.approving.approve_plan import refuse_low_limit
from caseforge_assets.commands.approving.view_plans import ReckonedPlan, approved_before
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.costs.sums import Cost
from caseforge_assets.store.database.engine import Connection


class Draft(Protocol):
    """A plan that was made and is not decided: its number, how many requests it would send, and their cost (None: unknown)."""

    @property
    def id(self) -> int: ...  # noqa: D102

    @property
    def nodes(self) -> int: ...  # noqa: D102

    @property
    def expected_cost_usd(self) -> Decimal | None: ...  # noqa: D102


@dataclass(frozen=True)
class Offer:
    """The plans that a command would send: its own draft (None: it has none), and those that were approved before."""

    draft: Draft | None
    before: Sequence[ReckonedPlan] = ()
    max_cost_usd: Decimal | None = None

    @property
    def consent(self) -> Consent:
        """Gives what a yes to it covers: its draft and the plans named beside it; without a draft, all that is approved."""
        return EVERYTHING if self.draft is None else Consent(frozenset([self.draft.id, *(reckoned.plan.id for reckoned in self.before)]))


def offer_plan(
    connection: Connection,
    project: OpenProject,
    draft: Draft,
    scope: Scope,
    *,
    made_by: str | None = None,
    max_cost_usd: Decimal | None = None,
) -> Offer:
    """Lays a draft beside the plans that were approved before and hold requests of the same nodes and stages.

    Args:
        made_by: beside it, only plans that this command made.
        max_cost_usd: the most that the draft may spend; with a simulated provider, which is free, any limit is kept.

    Raises:
        LimitTooLow: it is below what the draft costs; roll back what was made for it.
    """
    if not project.provider.simulated:
        refuse_low_limit("this plan", Cost.of(draft.expected_cost_usd), max_cost_usd)
    before = approved_before(connection, project, key=scope.key, stages=scope.stages, node_ids=scope.node_ids, made_by=made_by)
    return Offer(draft, before, max_cost_usd)


def left_waiting(connection: Connection, project: OpenProject, offer: Offer) -> list[ReckonedPlan]:
    """Plans with something to send that the consent to an offer does not cover: who carries it out leaves them alone."""
    covered = offer.consent.plan_ids
    found = [] if covered is None else approved_before(connection, project)
    return [reckoned for reckoned in found if reckoned.now and reckoned.plan.id not in (covered or ())]
