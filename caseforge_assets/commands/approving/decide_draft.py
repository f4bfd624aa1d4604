"""The decision about a draft, and when it needs nobody to be asked."""

from __future__ import annotations

from decimal import Decimal

from caseforge_assets.commands.approving.offer_plan import Draft
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.commands.telling.tell_plans import tell_plan
from caseforge_assets.costs.sums import ZERO
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.planning.plan_details import note_maker


def needs_consent(draft: Draft, provider: Provider, below_usd: Decimal = ZERO) -> bool:
    """Tells whether a person has to agree: not where nothing would be sent, where the provider is simulated and so free, or where it costs less than `below_usd`."""
    cost = draft.expected_cost_usd
    return draft.nodes > 0 and not provider.simulated and (cost is None or cost >= below_usd)


def decide_draft(
    connection: Connection, draft: Draft, agreed: bool, provider: Provider, *, by: str | None, max_cost_usd: Decimal | None = None
) -> bool:
    """Approves or declines a draft; one that would send nothing is declined. Returns whether it is refused: there is something to send, and nobody agreed.

    Args:
        provider: what is approved for a simulated one is approved as free of charge, and never sent to one that bills.
        by: who decides, and had the draft made; None: the command that made it.
    """
    note_maker(connection, draft.id, by)
    plans.decide(connection, draft.id, agreed and draft.nodes > 0, max_cost_usd, by=by, bills=not provider.simulated)
    if draft.nodes:
        tell_plan(connection, EventKind.plan_approved if agreed else EventKind.plan_declined, draft.id, by)
    return draft.nodes > 0 and not agreed
