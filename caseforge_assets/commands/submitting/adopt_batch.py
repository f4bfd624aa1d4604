"""adopt: a person names the batch at the provider that a creation led to, where no list shows it."""

from __future__ import annotations

from caseforge_assets.batches.states import BatchState, WrongState
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.submitting.recognize_batch import Whose, is_anothers, whose_is
from caseforge_assets.commands.submitting.submit_batches import adopt
from caseforge_assets.commands.telling.note_batch import note_batch
from caseforge_assets.store.database.engine import try_lock
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow


class CannotAdopt(WrongState):
    """Nothing is looked for, or the batch that is named is another; the text says which."""


def adopt_batch(project: OpenProject, name: str, remote_id: str, *, by: str) -> BatchRow:
    """Takes over a provider's batch for one that may have been created, and was not found.

    Raises:
        CannotAdopt: the batch is not in doubt, or the other one has other requests.
        ProviderError: the provider cannot be reached, or does not know the id.
    """
    with project.store.connect() as connection:
        batch = batches.find(connection, name)
        known = batches.with_remote_id(connection, project.provider.id, remote_id)
    if batch is None or batch.provider_id != project.provider.id:
        raise CannotAdopt(f"there is no batch {name!r} at this provider; `caseforge status` lists them")
    if known is not None:
        raise CannotAdopt(f"{remote_id} is batch {known.id} already")
    with try_lock(project.store, f"batch {batch.id}") as held:
        if not held:
            raise CannotAdopt(f"{batch.name} is being worked on by another process; try again in a moment")
        _adopt(project, batch.id, remote_id, by)
    with project.store.connect() as connection:
        return batches.get(connection, batch.id)


def _adopt(project: OpenProject, batch_id: int, remote_id: str, by: str) -> None:
    """Adopts a batch; where it cannot be told whether it is the right one, the person's word counts."""
    with project.store.connect() as connection:
        batch = batches.get(connection, batch_id)
    if batch.state != BatchState.creating:
        raise CannotAdopt(f"{batch.name} is {batch.state}; only a batch of which it is not known whether it was created can be taken over")
    remote = project.provider.client.retrieve(remote_id)
    if is_anothers(batch, remote) and whose_is(project.provider.client, batch, remote_id)[0] is Whose.anothers:
        raise CannotAdopt(
            f"{remote_id} was made of {remote['input_file_id']}, and batch {batch.id} of {batch.input_file_id}: it is another"
        )
    with project.store.begin() as connection:
        adopt(connection, project.stages, batch.id, remote)
        note_batch(connection, by, "batch.adopted", batch.id)
