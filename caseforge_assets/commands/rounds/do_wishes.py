"""Wishes are done: what somebody asked for, or a provider told of, is done now instead of when its time comes."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.batches.states import BatchState, Wish
from caseforge_assets.commands.collecting.collect_batch import Collected
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.rounds.send_approved import send_approved
from caseforge_assets.commands.rounds.work import Announce, collect_finished
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.openai_batch.errors import ProviderStopped
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.serving import wishes
from caseforge_assets.store.serving.wishes import WishRow
from caseforge_assets.wording import counted

LOOKS = (Wish.poll, Wish.collect)


def do_wishes(project: OpenProject, *, announce: Announce) -> tuple[Collected, ...]:
    """Does everything that was wished for and is not done yet; only what approved plans hold is sent. Doing a wish twice does no harm.

    Args:
        announce: is told which batches are about to be sent.

    Returns:
        The batches that were collected.

    Raises:
        ProviderStopped: the provider refuses the key or the account; whoever asked is told so.
        ProviderUnclear: the provider cannot be reached; the wishes stay.
    """
    with project.store.connect() as connection:
        wanted = wishes.open_wishes(connection)
    try:
        collected = _look(project, [wish for wish in wanted if wish.wish in LOOKS])
        if any(wish.wish == Wish.submit for wish in wanted):
            send_approved(project, announce=announce, unattended=True)
    except ProviderStopped as error:
        _finish(project.store, wanted, f"in vain: {error}")
        raise
    return collected


def _look(project: OpenProject, wanted: Sequence[WishRow]) -> tuple[Collected, ...]:
    if not wanted:
        return ()
    reconcile_batches(project)
    looked_at = poll_batches(project)
    finished = sum(batch.state == BatchState.final for batch in looked_at)
    said = f"{counted(len(looked_at), 'batch', 'batches')} looked at, {finished:,} finished"
    _finish(project.store, [wish for wish in wanted if wish.wish == Wish.poll], said)
    asked = [wish for wish in wanted if wish.wish == Wish.collect]
    if not asked:
        return ()
    collected = collect_finished(project, {wish.batch_id for wish in asked if wish.batch_id is not None})
    for wish in asked:
        _finish(project.store, [wish], _said([result for result in collected if wish.batch_id in (None, result.batch.id)]))
    return collected


def _said(collected: Sequence[Collected]) -> str:
    return "; ".join(
        f"{batch.batch.name}: {', '.join(f'{count:,} {name}' for name, count in batch.outcomes.items())}" for batch in collected
    ) or ("nothing to collect: not finished, or collected already, or its files are awaited")


def _finish(store: Engine, wanted: Sequence[WishRow], outcome: str) -> None:
    with store.begin() as connection:
        wishes.finish(connection, [wish.id for wish in wanted], outcome)
