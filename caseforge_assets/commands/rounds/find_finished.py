"""Looks at a provider's batches and gives each finished one to one collector."""

from __future__ import annotations

from caseforge_assets.batches.states import Wish
from caseforge_assets.commands.journaling.write_journal import journal_now_and_then
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.store.serving import wishes
from caseforge_assets.store.submitting import batches
from caseforge_assets.wording import counted

LEASE_S = 600.0  # who does not have it collected by then is taken for dead, and somebody else is asked


def find_finished(project: OpenProject) -> list[tuple[int, int]]:
    """Looks at all open batches; returns the finished ones that nobody collects, each with the number of the lease under which it is to be collected.

    Who wished for a look, or for batches to be collected, is told what came of it.
    """
    with project.store.connect() as connection:
        asked = [wish.id for wish in wishes.open_wishes(connection, Wish.poll, Wish.collect)]
    reconcile_batches(project)
    looked_at = poll_batches(project)
    journal_now_and_then(project.store, project.folder)
    with project.store.begin() as connection:
        finished = batches.claim_for_collecting(connection, project.provider.id, LEASE_S)
        said = (
            f"{counted(len(looked_at), 'batch', 'batches')} looked at; {len(finished):,} finished, each of which a run of its own collects"
        )
        wishes.finish(connection, asked, said)
    return finished
