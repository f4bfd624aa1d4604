"""Looks at a provider's batches and gives each finished one to one collector."""

from __future__ import annotations

from caseforge_assets.artifacts import ArtifactFolder
from caseforge_assets.commands.journaling.write_journal import journal_now_and_then
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.settings import Configuration
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.submitting import batches

LEASE_S = 600.0  # who does not have it collected by then is taken for dead, and somebody else is asked


def find_finished(store: Engine, provider: Provider, folder: ArtifactFolder, configuration: Configuration) -> list[tuple[int, int]]:
    """Looks at all open batches; returns the finished ones that nobody collects, each with the number of the lease under which it is to be collected."""
    reconcile_batches(store, provider, grace_s=configuration.create_grace_s)
    poll_batches(store, provider, grace_s=configuration.create_grace_s)
    journal_now_and_then(store, folder)
    with store.begin() as connection:
        return batches.claim_for_collecting(connection, provider.id, LEASE_S)
