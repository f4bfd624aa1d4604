"""Says in the audit log who decided something about a batch."""

from __future__ import annotations

from caseforge_assets.store.access import audit
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.figures.batch_sums import frameworks_of_batches
from caseforge_assets.store.submitting import batches

GIVEN_UP = "batch.given-up"


def note_batch(connection: Connection, by: str, action: str, batch_id: int) -> None:
    """Adds an entry for each framework that has nodes in the batch, so that whoever looks after one of them finds it; in the transaction of the decision."""
    row = batches.get(connection, batch_id)
    about = {"remote_id": row.remote_id, "state": row.state}
    for key in frameworks_of_batches(connection, [batch_id]).get(batch_id) or (None,):
        audit.note(connection, by, action, f"batch {batch_id}", key, about)
