"""reconcile: batches whose creation is unclear are looked up at the provider, adopted, or created again after a grace period.

A submission of which several batches exist keeps one of them; the others are its duplicates: cancelled, watched to their end like any
batch, and collected for what they answered by then.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from caseforge_assets.batches.states import NOT_TO_BE_FOUND, BatchState, RemoteStatus, is_final, remote_status
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider, raise_unless_alone
from caseforge_assets.commands.submitting.recognize_batch import Whose, look_by_name, sort_out, whose_is
from caseforge_assets.commands.submitting.submit_batches import adopt, opened_at
from caseforge_assets.event_log import log_event
from caseforge_assets.openai_batch.errors import ProviderNotFound, ProviderNotListing, ProviderRefused, ProviderUnclear
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection, Engine, try_lock
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow

log = logging.getLogger(__name__)
Remote = dict[str, Any]
# The provider's clock may be any: before something is paid for again, all of its list is read.
THE_BEGINNING = datetime.fromtimestamp(0, UTC)
REFUSED_GRACE_S = 10.0  # a list is seldom later, and a refusal seldom wrong


@dataclass(frozen=True)
class Listing:
    """The provider's batches that are ours, by our number, oldest first; `gap` says why more may be there than is `shown`."""

    found: Mapping[int, Sequence[Remote]]
    gap: str = ""
    shown: Sequence[Remote] = ()


def reconcile_batches(project: OpenProject, *, now: datetime | None = None) -> int:
    """Settles what can be settled of the batches in state creating; returns how many are still unclear.

    A batch that no listing shows is created again only when the grace period is over and two listings agree:
    the listing may be late in showing a new batch. One that was created again is looked for still. After a refusal its requests are put
    back instead, and that soon: it is seldom wrong. What cannot be looked up is neither: a person decides.
    """
    with project.store.begin() as connection:
        clock.take_back_times_ahead(connection)
        now = now or clock.now(connection)
        unclear = batches.in_states(connection, [BatchState.creating], project.provider.id)
        twofold = batches.maybe_twofold(connection, project.provider.id)
    listing = _look_up(project.provider, [*unclear, *twofold])
    for batch in unclear:
        with try_lock(project.store, f"batch {batch.id}") as held:
            if held:
                _settle(project, batch.id, listing, now)
    for batch in twofold:
        with project.store.begin() as connection:
            _note_duplicates(connection, batch, [remote for remote in listing.found[batch.id] if remote["id"] != batch.remote_id])
    _cancel_duplicates(project)
    with project.store.connect() as connection:
        return len(batches.in_states(connection, [BatchState.creating], project.provider.id))


def _look_up(provider: Provider, wanted: Sequence[BatchRow], since: datetime | None = None) -> Listing:
    """Looks for batches in the provider's list; none of theirs is older than the first of them, unless said otherwise."""
    if not wanted:
        return Listing({})
    remotes: list[Remote] = []
    gap = ""
    try:
        for remote in provider.client.list_batches(since or min(batch.created_at for batch in wanted)):
            remotes.append(remote)
    except ProviderNotListing as error:
        gap = str(error)
    except (ProviderUnclear, ProviderRefused) as error:
        raise_unless_alone(provider.client, error)
        gap = str(error)
    return Listing(sort_out(remotes, wanted), gap, remotes)


def _settle(project: OpenProject, batch_id: int, listing: Listing, now: datetime) -> None:
    with project.store.connect() as connection:
        batch = batches.get(connection, batch_id)
    if batch.state != BatchState.creating:
        return
    remotes, whose = listing.found[batch.id], Whose.anothers
    if not remotes and batch.doubtful_id:
        whose, remote = whose_is(project.provider.client, batch, batch.doubtful_id)
        remotes = [remote] if remote and whose is Whose.ours else []
    grace_s = project.configuration.create_grace_s
    patience_s = min(grace_s, REFUSED_GRACE_S) if batch.create_refused else grace_s
    if not remotes and batch.creating_at and batch.creating_at < now - timedelta(seconds=patience_s):
        if not listing.gap:
            listing = _look_up(project.provider, [batch], THE_BEGINNING)
            remotes = listing.found[batch.id]
        if not remotes:
            remotes, gap = _look_by_name(project, batch, listing)
        if not remotes:
            _end_search(project.store, batch, listing.gap or gap, whose)
            return
    if remotes:
        _take(project, batch, remotes)


def _look_by_name(project: OpenProject, batch: BatchRow, listing: Listing) -> tuple[list[Remote], str]:
    with project.store.connect() as connection:
        known = batches.known_remote_ids(connection, project.provider.id, [remote["id"] for remote in listing.shown])
    return look_by_name(project.provider.client, batch, listing.shown, known)


def _take(project: OpenProject, batch: BatchRow, remotes: Sequence[Remote]) -> None:
    with project.store.begin() as connection:
        known = batches.with_remote_id(connection, batch.provider_id, remotes[0]["id"])
        if known is not None:
            log.warning("batch %s: the provider's %s is batch %s already", batch.id, known.name, known.id)
            return
        adopt(connection, project.stages, batch.id, remotes[0])
        _note_duplicates(connection, batch, remotes[1:])


def _end_search(store: Engine, batch: BatchRow, gap: str, whose: Whose) -> None:
    """Creates a batch that was not found again, or puts its requests back; a person decides where neither is safe."""
    with store.begin() as connection:
        if gap or whose is Whose.unsure:
            _ask_a_person(connection, batch, gap)
        elif batch.create_refused:
            batches.put_back(connection, batch.id, [BatchState.creating], batch.create_refused)
            log_event(log, "batch refused", batch=batch.name, number=batch.id, stage=batch.stage, why=batch.create_refused)
        else:
            state = (
                BatchState.uploaded if batch.input_file_id else BatchState.written
            )  # after a restore the file may be there under its name only
            reason = "the provider never had it; it is created again"
            batches.move(connection, batch.id, [BatchState.creating], state=state, reason=reason, created_again=True)


def _ask_a_person(connection: Connection, batch: BatchRow, gap: str) -> None:
    why = (
        gap
        or f"its creation was answered with {batch.doubtful_id}, of which it cannot be told whether it is this one, and no other is listed"
    )
    reason = (
        f"{NOT_TO_BE_FOUND}: {why}. Nothing of it is sent again by itself, because it may be paid for already. Look at the provider's own page of batches: "
        f"`caseforge adopt {batch.id} ID` takes it over from there, `caseforge cancel {batch.id}` gives it up"
    )
    if reason != batch.reason:
        log.warning("batch %s %s", batch.id, reason)
        batches.move(connection, batch.id, [BatchState.creating], reason=reason)


def _note_duplicates(connection: Connection, adopted: BatchRow, remotes: Sequence[Remote]) -> None:
    for remote in remotes:
        values = {
            "submission_id": uuid.uuid4().hex,
            "remote_id": remote["id"],
            "remote_status": remote_status(remote["status"]),
            "remote": remote,
            "opened_at": opened_at(remote),
            "reason": f"a second batch of the same requests as batch {adopted.id}; cancelled, and kept for what it has answered",
        }
        if batches.add_duplicate(connection, adopted, values):
            log.warning(
                "batch %s was created twice at the provider; %s is cancelled, what it has answered is kept", adopted.id, remote["id"]
            )


def _cancel_duplicates(project: OpenProject) -> None:
    with project.store.connect() as connection:
        open_duplicates = [
            batch for batch in batches.in_states(connection, [BatchState.open], project.provider.id) if batch.duplicate_of is not None
        ]
    for duplicate in open_duplicates:
        status = remote_status(duplicate.remote_status)
        if status is RemoteStatus.cancelling or is_final(status):
            continue
        try:
            remote = project.provider.client.cancel(duplicate.remote_id or "")
        except (ProviderRefused, ProviderNotFound) as error:
            log.info("%s cannot be cancelled any more: %s", duplicate.name, error)
            continue
        except ProviderUnclear as error:
            if error.status_code is None:
                raise
            log.warning("%s is cancelled later: %s", duplicate.name, error)
            continue
        with project.store.begin() as connection:
            batches.move(connection, duplicate.id, [BatchState.open], remote=remote, remote_status=remote_status(remote["status"]))
