"""cancel: a batch is stopped at its provider; what it answered by then is collected, the rest waits until a person asks again."""

from __future__ import annotations

from caseforge_assets.commands.provider import Provider
from caseforge_assets.openai_batch.errors import ProviderRefused
from caseforge_assets.store import batches
from caseforge_assets.store.batches import BatchRow
from caseforge_assets.store.engine import Engine, try_lock


class CannotCancel(ValueError):
    """The batch is unknown, over, or another provider's; the text says which."""


def cancel_batch(store: Engine, provider: Provider, name: str) -> BatchRow:
    """Cancels a batch by number, provider's id or submission id; one that was not created yet is taken back.

    Raises:
        CannotCancel: there is nothing to cancel.
    """
    with store.connect() as connection:
        batch = batches.find(connection, name)
    if batch is None:
        raise CannotCancel(f"there is no batch {name!r}; `caseforge status` lists them")
    if batch.provider_id != provider.id:
        raise CannotCancel(f"{batch.name} is at another provider than {provider.base_url}")
    with try_lock(store, f"batch {batch.id}") as held:
        if not held:
            raise CannotCancel(f"{batch.name} is being worked on by another process; try again in a moment")
        _cancel(store, provider, batch)
    with store.connect() as connection:
        return batches.get(connection, batch.id)


def _cancel(store: Engine, provider: Provider, batch: BatchRow) -> None:
    if batch.state in ("planned", "written", "uploaded"):
        with store.begin() as connection:
            batches.put_back(connection, batch.id, "cancelled before it was created", state="parked")
        return
    if batch.state != "open" or batch.remote_id is None:
        raise CannotCancel(f"{batch.name} is {batch.state}; only a batch that is under way can be cancelled")
    try:
        remote = provider.client.cancel(batch.remote_id)
    except ProviderRefused as error:
        raise CannotCancel(str(error)) from error
    with store.begin() as connection:
        batches.change(connection, batch.id, remote=remote, remote_status=remote["status"], reason="cancelled by a person")
