"""cancel: a batch is stopped at its provider; what it answered by then is collected, the rest waits until a person asks again.

A batch that its provider does not know any more, or of which nothing tells whether it was created, can be given up here: nothing else would ever
end it. So can one of a simulated provider that is not the configured one: nothing of it is billed, and the provider may be gone.
"""

from __future__ import annotations

from caseforge_assets.batches.states import (
    LOOKED_AT,
    NOT_CREATED,
    NOT_TO_BE_FOUND,
    TAKEN_BACK,
    WITH_PROVIDER,
    BatchState,
    RequestState,
    WrongState,
    remote_status,
)
from caseforge_assets.commands.collecting.settle_unanswered import give_up
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.telling.note_batch import note_batch
from caseforge_assets.openai_batch.errors import ProviderNotFound, ProviderRefused
from caseforge_assets.store.database.engine import try_lock
from caseforge_assets.store.submitting import batches, providers
from caseforge_assets.store.submitting.batches import BatchRow

ACTION = "batch.cancelled"


class CannotCancel(WrongState):
    """The batch is unknown, over, or another provider's; the text says which."""


def cancel_batch(project: OpenProject, name: str, *, by: str) -> BatchRow:
    """Cancels a batch by number, provider's id or submission id; one that was not created yet is taken back.

    Raises:
        CannotCancel: there is nothing to cancel.
    """
    with project.store.connect() as connection:
        batch = batches.find(connection, name)
    if batch is None:
        raise CannotCancel(f"there is no batch {name!r}; `caseforge status` lists them")
    with project.store.connect() as connection:
        base_url, simulated = providers.where(connection, batch.provider_id)
    if batch.provider_id != project.provider.id and not simulated:
        raise CannotCancel(
            f"{batch.name} is at {base_url} or another account; set OPENAI_BASE_URL and OPENAI_API_KEY to those it was sent with"
        )
    with try_lock(project.store, f"batch {batch.id}") as held:
        if not held:
            raise CannotCancel(f"{batch.name} is being worked on by another process; try again in a moment")
        with project.store.connect() as connection:
            batch = batches.get(connection, batch.id)  # it may have been created before the lock was ours
        _cancel(project, batch, by)
    with project.store.connect() as connection:
        return batches.get(connection, batch.id)


def _cancel(project: OpenProject, batch: BatchRow, by: str) -> None:
    if batch.state in NOT_CREATED:
        with project.store.begin() as connection:
            batches.put_back(connection, batch.id, [batch.state], TAKEN_BACK, request_state=RequestState.parked)
            note_batch(connection, by, ACTION, batch.id)
        return
    if batch.provider_id != project.provider.id and batch.state in WITH_PROVIDER:
        give_up(project, batch, by=by, action=ACTION)
        return
    if batch.state == BatchState.creating:
        _give_up_in_doubt(project, batch, by)
        return
    if batch.state not in LOOKED_AT or batch.remote_id is None:
        raise CannotCancel(f"{batch.name} is {batch.state}; only a batch that is under way can be cancelled")
    try:
        remote = project.provider.client.cancel(batch.remote_id)
    except ProviderNotFound as error:
        if batch.state != BatchState.unknown:
            raise CannotCancel(f"{error}; `caseforge monitor` finds out what became of it") from error
        give_up(project, batch, by=by, action=ACTION)
        return
    except ProviderRefused as error:
        raise CannotCancel(str(error)) from error
    with project.store.begin() as connection:
        batches.change(connection, batch.id, remote=remote, remote_status=remote_status(remote["status"]), reason="cancelled by a person")
        note_batch(connection, by, ACTION, batch.id)


def _give_up_in_doubt(project: OpenProject, batch: BatchRow, by: str) -> None:
    """Only where nothing but a person can settle whether it was created: it may be, and is paid for then."""
    if not (batch.reason or "").startswith(NOT_TO_BE_FOUND):
        raise CannotCancel(f"{batch.name} is creating; whether it exists is being found out, and `caseforge monitor` says what came of it")
    give_up(project, batch, by=by, action=ACTION)
