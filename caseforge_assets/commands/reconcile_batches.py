"""reconcile: batches whose creation is unclear are looked up at the provider, adopted, or created again after a grace period.

A submission of which several batches exist keeps one of them; the others are its twins: cancelled, watched to their end like any
batch, and collected for what they answered by then.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from caseforge_assets.batches.states import RemoteStatus, is_final, remote_status
from caseforge_assets.commands.provider import Provider
from caseforge_assets.commands.submit_batches import adopt, opened_at
from caseforge_assets.openai_batch.client import SUBMISSION_KEY
from caseforge_assets.openai_batch.errors import ProviderNotFound, ProviderRefused
from caseforge_assets.store import batches, clock
from caseforge_assets.store.batches import BatchRow
from caseforge_assets.store.engine import Connection, Engine, try_lock

log = logging.getLogger(__name__)
Remote = dict[str, Any]
# The provider's clock may be any: before something is paid for again, all of its list is read.
THE_BEGINNING = datetime.fromtimestamp(0, UTC)


def reconcile_batches(store: Engine, provider: Provider, *, grace_s: float, now: datetime | None = None) -> int:
    """Settles what can be settled of the batches in state creating; returns how many are still unclear.

    A batch that no listing shows is created again only when the grace period is over and two listings agree:
    the listing may be late in showing a new batch. One that was created again is looked for still.
    """
    with store.begin() as connection:
        clock.take_back_times_ahead(connection)
        now = now or clock.now(connection)
        unclear = batches.in_states(connection, ["creating"], provider.id)
        twofold = batches.maybe_twofold(connection, provider.id)
    found = _listed(provider, [*unclear, *twofold])
    for batch in unclear:
        with try_lock(store, f"batch {batch.id}") as held:
            if held:
                _settle(store, provider, batch, found, now - timedelta(seconds=grace_s))
    for batch in twofold:
        with store.begin() as connection:
            _note_twins(connection, batch, [one for one in found.get(batch.submission_id, []) if one["id"] != batch.remote_id])
    _cancel_twins(store, provider)
    with store.connect() as connection:
        return len(batches.in_states(connection, ["creating"], provider.id))


def _listed(provider: Provider, wanted: Sequence[BatchRow], since: datetime | None = None) -> dict[str, list[Remote]]:
    """The provider's batches of these submissions, oldest first; none is older than the first of them, unless said otherwise."""
    if not wanted:
        return {}
    found: dict[str, list[Remote]] = {batch.submission_id: [] for batch in wanted}
    for remote in provider.client.list_batches(since or min(batch.created_at for batch in wanted)):
        submission = (remote.get("metadata") or {}).get(SUBMISSION_KEY)
        if submission in found:
            found[submission].append(remote)
    return {submission: remotes[::-1] for submission, remotes in found.items()}  # lists begin with the newest


def _settle(store: Engine, provider: Provider, batch: BatchRow, found: dict[str, list[Remote]], too_old: datetime) -> None:
    with store.connect() as connection:
        batch = batches.get(connection, batch.id)
    if batch.state != "creating":
        return
    remotes = found.get(batch.submission_id, [])
    if not remotes and batch.creating_at and batch.creating_at < too_old:
        remotes = _listed(provider, [batch], THE_BEGINNING)[batch.submission_id]
        if not remotes:
            reason = "the provider never had it; it is created again"
            with store.begin() as connection:
                state = "uploaded" if batch.input_file_id else "written"  # after a restore the file may be there under its name only
                batches.move(connection, batch.id, ["creating"], state=state, reason=reason, created_again=True)
            return
    if remotes:
        with store.begin() as connection:
            adopt(connection, batch.id, remotes[0])
            _note_twins(connection, batch, remotes[1:])


def _note_twins(connection: Connection, adopted: BatchRow, remotes: Sequence[Remote]) -> None:
    for remote in remotes:
        values = {
            "submission_id": uuid.uuid4().hex,
            "remote_id": remote["id"],
            "remote_status": remote_status(remote["status"]),
            "remote": remote,
            "opened_at": opened_at(remote),
            "reason": f"a second batch of the same requests as batch {adopted.id}; cancelled, and kept for what it has answered",
        }
        if batches.add_twin(connection, adopted, values):
            log.warning(
                "batch %s was created twice at the provider; %s is cancelled, what it has answered is kept", adopted.id, remote["id"]
            )


def _cancel_twins(store: Engine, provider: Provider) -> None:
    with store.connect() as connection:
        open_twins = [batch for batch in batches.in_states(connection, ["open"], provider.id) if batch.twin_of is not None]
    for twin in open_twins:
        status = remote_status(twin.remote_status)
        if status is RemoteStatus.cancelling or is_final(status):
            continue
        try:
            remote = provider.client.cancel(twin.remote_id or "")
        except (ProviderRefused, ProviderNotFound) as error:
            log.info("%s cannot be cancelled any more: %s", twin.name, error)
            continue
        with store.begin() as connection:
            batches.move(connection, twin.id, ["open"], remote=remote, remote_status=remote_status(remote["status"]))
