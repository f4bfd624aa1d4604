"""Carries out a person's decision about a batch whose files fall short: they are fetched again now, or what lacks is given up."""

from __future__ import annotations

from caseforge_assets.batches.states import BatchState, WrongState, is_final, remote_status
from caseforge_assets.commands.collecting.collect_batch import Collected, collect_batch
from caseforge_assets.commands.collecting.fetch_results import set_aside
from caseforge_assets.commands.collecting.settle_unanswered import give_up
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.rounds.work import LATER
from caseforge_assets.commands.telling.note_batch import note_batch
from caseforge_assets.openai_batch.errors import ProviderNotFound
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.database.clock import NOW
from caseforge_assets.store.database.engine import try_lock
from caseforge_assets.store.submitting import batches, looks, providers
from caseforge_assets.store.submitting.batches import BatchRow


class CannotSettle(WrongState):
    """There is nothing to decide about this batch; the text says why."""


def fetch_again(project: OpenProject, name: str, *, by: str) -> Collected | None:
    """Fetches a batch's files now: whether it waits for them, or was collected without some of its answers.

    Returns:
        What it came to; None while they fall short still.

    Raises:
        CannotSettle: there is nothing to fetch.
        ProviderError: the provider cannot be reached, or does not know the batch.
    """
    batch = _find(project, name)
    with try_lock(project.store, f"batch {batch.id}") as held:
        if not held:
            raise CannotSettle(f"{batch.name} is being worked on by another process; try again in a moment")
        if batch.state == BatchState.collected:
            _reopen(project, batch)
        elif batch.state != BatchState.final:
            raise CannotSettle(f"{batch.name} is {batch.state}; files are fetched when its provider is through with it")
        with project.store.begin() as connection:
            looks.fetch_now(connection, batch.id)
            note_batch(connection, by, "batch.fetched-again", batch.id)
    return collect_batch(project, batch.id)


def give_up_batch(project: OpenProject, name: str, *, by: str) -> Collected | None:
    """Takes what came of a batch so far; the requests without an answer wait until somebody asks again, and their cost stays unknown.

    Returns:
        What it came to; None when another process is at it.

    Raises:
        CannotSettle: it is not a batch that something is awaited of in vain.
    """
    batch = _find(project, name)
    if batch.state == BatchState.unknown:
        _give_up_unknown(project, batch, by)
        with project.store.connect() as connection:
            return Collected(batches.get(connection, batch.id), attempts.outcome_counts(connection, batch.id))
    in_vain = batch.short_fetches or batch.is_held or (batch.reason or "").startswith(LATER)
    if batch.state != BatchState.final or not in_vain:
        advice = "`caseforge cancel` stops one that is under way" if batch.state == BatchState.open else "nothing of it is awaited in vain"
        raise CannotSettle(f"{batch.name} is {batch.state}: {advice}")
    return collect_batch(project, batch.id, given_up_by=by)


def _find(project: OpenProject, name: str) -> BatchRow:
    with project.store.connect() as connection:
        batch = batches.find(connection, name)
        if batch is None:
            raise CannotSettle(f"there is no batch {name!r}; `caseforge status` lists them")
        base_url, _ = providers.where(connection, batch.provider_id)
    if batch.provider_id != project.provider.id:
        raise CannotSettle(
            f"{batch.name} is at {base_url} or another account; set OPENAI_BASE_URL and OPENAI_API_KEY to those it was sent with"
        )
    return batch


def _reopen(project: OpenProject, batch: BatchRow) -> None:
    """A collected batch is collected anew, when some of its requests have no answer that its provider may have."""
    with project.store.connect() as connection:
        lacking = attempts.count_unanswered(connection, batch.id)
    if batch.duplicate_of is not None or batch.remote_id is None or not lacking:
        raise CannotSettle(f"{batch.name} is collected, and lacks no answer that fetching its files again could bring")
    remote = project.provider.client.retrieve(batch.remote_id)
    if not is_final(remote_status(remote.get("status"))):
        raise CannotSettle(f"{batch.name} is collected, but its provider says that it is {remote['status']}")
    set_aside(project.store, project.folder, batch)
    with project.store.begin() as connection:
        values = {"remote": remote, "remote_status": remote["status"], "final_at": NOW, "reason": "collected anew, as a person wanted"}
        batches.move(connection, batch.id, [BatchState.collected], state=BatchState.final, **values)


def _give_up_unknown(project: OpenProject, batch: BatchRow, by: str) -> None:
    try:
        project.provider.client.retrieve(batch.remote_id or "")
    except ProviderNotFound:
        with try_lock(project.store, f"batch {batch.id}") as held:
            if not held:
                raise CannotSettle(f"{batch.name} is being worked on by another process; try again in a moment") from None
            give_up(project, batch, by=by)
        return
    raise CannotSettle(f"{batch.name} is known to its provider again; `caseforge monitor` goes on with it")
