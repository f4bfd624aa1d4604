"""Events of batches: one for each framework whose nodes are in a batch, so that whoever sees one framework only is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caseforge_assets.batches.progress import counted_requests
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures.batch_sums import frameworks_of_batches
from caseforge_assets.store.serving.events import Told, tell_all
from caseforge_assets.store.submitting.batches import BatchRow


def tell_batch(connection: Connection, kind: EventKind, batch: BatchRow, more: Mapping[str, Any] | None = None) -> None:
    """Tells of a batch as it stands now.

    Args:
        more: what belongs to this kind of event beside what all say of a batch.
    """
    completed, failed = counted_requests((batch.remote or {}).get("request_counts"))
    data = {
        "batch": batch.id,
        "name": batch.name,
        "stage": batch.stage,
        "model": batch.model,
        "state": batch.state,
        "status": batch.remote_status,
        "requests": batch.request_count,
        "completed": completed,
        "failed": failed,
        **(more or {}),
    }
    keys = frameworks_of_batches(connection, [batch.id]).get(batch.id, ())
    tell_all(connection, [Told(kind, f"batch {batch.id}", key, data) for key in keys or (None,)])
