"""A provider's message is taken: once, and what it tells of is looked at and collected now instead of when its time comes."""

from __future__ import annotations

import logging

from caseforge_assets.batches.states import BatchState, Wish
from caseforge_assets.event_log import log_event
from caseforge_assets.openai_batch.messages import ProviderMessage
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.serving import messages, wishes

BY = "provider"
OF_BATCHES = frozenset({"batch.completed", "batch.failed", "batch.expired", "batch.cancelled"})
log = logging.getLogger(__name__)


def take_message(store: Engine, message: ProviderMessage) -> bool:
    """Notes a message and wishes for what follows from it, in one transaction; returns whether it was new.

    A message is believed in nothing but that there is something to look at: what became of the batch is asked of the provider. One about a batch that nobody knows
    is noted; while a batch is being created, whose id may be that one, all are looked at.
    """
    with store.begin() as connection:
        ids = messages.ids_of_batches(connection, message.about)
        if not messages.add(connection, message.id, message.kind, message.about, ids[0] if ids else None):
            return False
        if message.kind in OF_BATCHES:
            for batch_id in ids:
                wishes.ask(connection, Wish.collect, BY, batch_id)
            if not ids and messages.any_in_doubt(connection, BatchState.creating):
                wishes.ask(connection, Wish.collect, BY)
    log_event(log, "webhook taken", kind=message.kind, about=message.about, batch=ids[0] if ids else None)
    return True
