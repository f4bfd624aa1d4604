"""Names batches by stage and framework, in words: nobody who has several frameworks knows a batch by its stage alone."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.figures.batch_sums import frameworks_of_batches
from caseforge_assets.store.submitting.batches import BatchRow


def say_about(stage: str, frameworks: Sequence[str]) -> str:
    """Say what a batch is about: `usecases of retail, sample`; the stage alone where it has no nodes."""
    return f"{stage} of {', '.join(frameworks)}" if frameworks else stage


def about_batches(store: Engine, batches: Sequence[BatchRow]) -> dict[int, str]:
    """Say what batches are about, by their numbers."""
    if not batches:
        return {}
    with store.connect() as connection:
        frameworks = frameworks_of_batches(connection, [batch.id for batch in batches])
    return {batch.id: say_about(batch.stage, frameworks.get(batch.id, ())) for batch in batches}
