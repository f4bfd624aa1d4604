"""A draft is kept, for somebody to approve later by its number."""

from __future__ import annotations

from caseforge_assets.commands.approving.offer_plan import Draft
from caseforge_assets.commands.telling.tell_plans import tell_plan
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning.plan_details import note_maker


def keep_draft(connection: Connection, draft: Draft, *, by: str | None = None) -> None:
    """Tells that a draft waits for consent, in the transaction that made it; one that would send nothing waits for nobody.

    Args:
        by: who had it made; None: nobody but the command.
    """
    note_maker(connection, draft.id, by)
    if draft.nodes:
        tell_plan(connection, EventKind.plan_waiting, draft.id, by)
