"""The command line's way into Dagster: the instance of the project, and the flush of the outbox into it."""

from __future__ import annotations

from caseforge_assets.settings import Settings
from caseforge_assets.store.engine import Engine


def flush(settings: Settings, store: Engine) -> int:
    """Shows in Dagster what is not shown there yet; returns how many events that were."""
    from dagster import DagsterInstance

    from caseforge_assets.artifacts import ArtifactFolder
    from caseforge_assets.defs.mirror import mirror_outside_runs

    with DagsterInstance.from_config(str(settings.project)) as instance:
        return mirror_outside_runs(instance, store, settings.configuration, ArtifactFolder(settings.artifacts))
