"""Asks a person for consent before requests are sent, and tells what a command left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.console import console, usd
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.commands.approving.offer_plan import Offer
    from caseforge_assets.commands.approving.view_plans import ReckonedPlan
    from caseforge_assets.commands.planning.make_plan import Plan


def is_agreed(draft: Plan, before: Sequence[ReckonedPlan]) -> bool:
    """Asks whether a plan, and those that were approved before, may be sent at their price."""
    from caseforge_assets.costs.sums import total

    waiting, cost = sum(reckoned.now for reckoned in before), total(reckoned.now_cost for reckoned in before)
    too = f", and {counted(waiting, 'that was', 'that were')} approved before for about {cost}" if waiting else ""
    return click.confirm(f"Send {counted(draft.nodes, 'request')} for about {usd(draft.expected_cost_usd)}{too}?", err=True)


def left_as_they_are(session: Session, offer: Offer) -> dict[str, int]:
    """Counts by stage the nodes of which an offer's plan asked nothing, because what that is made from came out as it was."""
    if offer.draft is None:
        return {}
    from caseforge_assets.store.requests.requests import count_left

    with session.store.connect() as connection:
        counts = {stage.key: count_left(connection, offer.draft.id, stage.key, stage.reads) for stage in session.stages if stage.reads}
    return {stage: count for stage, count in counts.items() if count}


def print_left(session: Session, offer: Offer) -> None:
    """Prints what else is approved and waits: this command left it alone."""
    from caseforge_assets.commands.approving.offer_plan import left_waiting

    with session.store.connect() as connection:
        found = left_waiting(connection, session.open_project, offer)
    for reckoned in found:
        waits = reckoned.plan.held_back or "`caseforge submit` sends them"
        console.print(
            f"{counted(reckoned.now, 'other request is approved and waits', 'other requests are approved and wait')}, plan {reckoned.plan.id} of {reckoned.plan.framework_key}: {waits}."
        )
