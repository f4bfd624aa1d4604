"""Events of batches: one for each framework whose nodes are in a batch, so that whoever sees one framework only is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.serving import events
from caseforge_assets.store.submitting.batches import BatchRow


def tell_batch(connection: Connection, kind: EventKind, batch: BatchRow, more: Mapping[str, Any] | None = None) -> None:
    """Tells of a batch as it stands now.

    Args:
        more: what belongs to this kind of event beside what all say of a batch.
    """
    counts = (batch.remote or {}).get("request_counts") or {}
    data = {
        "batch": batch.id,
        "name": batch.name,
        "stage": batch.stage,
        "model": batch.model,
        "state": batch.state,
        "status": batch.remote_status,
        "requests": batch.request_count,
        "completed": counts.get("completed"),
        "failed": counts.get("failed"),
        **(more or {}),
    }
    events.tell_of_batch(connection, kind, batch.id, data)
