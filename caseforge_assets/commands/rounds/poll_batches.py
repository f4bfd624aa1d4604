"""poll: where every open batch stands at its provider, in as few calls as possible."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from caseforge_assets.batches.provider_objects import what_is_odd
from caseforge_assets.batches.states import LOOKED_AT, BatchState, is_final, remote_status
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider, noting_refusal, raise_unless_alone
from caseforge_assets.commands.submitting.recognize_batch import is_anothers
from caseforge_assets.commands.submitting.submit_batches import BEING_FOUND_OUT
from caseforge_assets.event_log import log_event
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.openai_batch.errors import ProviderError, ProviderNotFound, ProviderNotListing
from caseforge_assets.store.database.clock import NOW
from caseforge_assets.store.serving.events import tell_batch
from caseforge_assets.store.submitting import batches, looks
from caseforge_assets.store.submitting.batches import BatchRow

LOOKS_BEFORE_UNKNOWN = 3
RETRIEVE_SINGLY = 3  # up to so many batches are looked at one by one; more are read off the list, 100 a call
UNREAD = "cannot be read at its provider"
log = logging.getLogger(__name__)


def poll_batches(project: OpenProject) -> list[BatchRow]:
    """Looks at all open batches and returns them as they stand now; those that are over are in state final.

    A batch that its provider does not know becomes `unknown` when several looks over the grace period did not find it: it may be too new
    for the server that answers, or key and base URL have changed. One that cannot be read says so, and holds up no other.

    Raises:
        ProviderStopped: the provider refuses the key or the account.
        ProviderUnclear: the provider cannot be reached.
    """
    with project.store.connect() as connection:
        open_batches = batches.in_states(connection, LOOKED_AT, project.provider.id)
    with noting_refusal(project.store, project.provider.client):
        listed = _listed(project.provider, open_batches) if len(open_batches) > RETRIEVE_SINGLY else {}
    for batch in open_batches:
        with noting_refusal(project.store, project.provider.client):
            seen = _look(project, batch, listed)
        _say_if_read_again(batch, seen)
        if _is_news(batch, seen):
            with project.store.begin() as connection:
                moved = batches.move(connection, batch.id, LOOKED_AT, **seen)
                if moved and _is_progress(batch, seen):
                    tell_batch(connection, EventKind.batch_progress, batch.id)
        if _words(batch.state, batch.remote_status) != (now := _words(seen["state"], seen.get("remote_status"))):
            log_event(
                log, "batch state changed", batch=batch.name, stage=batch.stage, before=_words(batch.state, batch.remote_status), now=now
            )
    with project.store.connect() as connection:
        return [batches.get(connection, batch.id) for batch in open_batches]


def _listed(provider: Provider, open_batches: list[BatchRow]) -> dict[str, dict[str, Any]]:
    """Gives what the list shows, by id; what it does not show, or cannot be had as a list, is looked at one by one."""
    oldest = min(batch.opened_at or batch.created_at for batch in open_batches)
    found: dict[str, dict[str, Any]] = {}
    try:
        for remote in provider.client.list_batches(oldest):
            found[remote["id"]] = remote
    except ProviderNotListing as error:
        log.info("%s; batches are looked at one by one", error)
    except ProviderError as error:
        raise_unless_alone(provider.client, error)
        log.warning("%s; batches are looked at one by one", error)
    return found


def _look(project: OpenProject, batch: BatchRow, listed: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Gives what becomes of a batch, as far as it can be seen."""
    try:
        remote = listed.get(batch.remote_id or "") or _retrieve(project.provider, batch)
    except ProviderError as error:
        raise_unless_alone(project.provider.client, error)
        return _unread(batch, error)
    return _seen(batch, remote) if remote else _lost(project, batch)


def _retrieve(provider: Provider, batch: BatchRow) -> dict[str, Any] | None:
    try:
        return provider.client.retrieve(batch.remote_id or "")
    except ProviderNotFound:
        return None


def _unread(batch: BatchRow, error: ProviderError) -> dict[str, Any]:
    reason = f"{UNREAD} ({error}); trying again"
    if reason != batch.reason:
        log.warning("%s %s", batch.name, reason)
    return {"state": batch.state, "remote_status": batch.remote_status, "reason": reason}


def _say_if_read_again(batch: BatchRow, seen: dict[str, Any]) -> None:
    if (batch.reason or "").startswith(UNREAD) and not (seen["reason"] or "").startswith(UNREAD):
        log.warning("%s can be read again; it goes on", batch.name)


def _mistaken(batch: BatchRow, remote: dict[str, Any]) -> dict[str, Any]:
    """It was created, and under another id than the creation was answered with: it is looked for as if there had been no answer."""
    reason = f"{remote['id']} is not this batch: its input file is {remote['input_file_id'] or 'not named'}; {BEING_FOUND_OUT}"
    log.warning("batch %s: %s", batch.id, reason)
    nothing = dict.fromkeys(("remote_id", "remote_status", "remote", "opened_at")) | looks.NOTHING_LOST
    return {**nothing, "state": BatchState.creating, "creating_at": batch.creating_at or NOW, "doubtful_id": remote["id"], "reason": reason}


def _seen(batch: BatchRow, remote: dict[str, Any]) -> dict[str, Any]:
    if is_anothers(batch, remote):
        return _mistaken(batch, remote)
    status = remote_status(remote["status"])
    reason = what_is_odd(remote) or (batch.reason if batch.duplicate_of else None)
    values: dict[str, Any] = {"remote": remote, "remote_status": status, "state": BatchState.open, "reason": reason}
    if batch.lost_since:
        values |= looks.NOTHING_LOST
    if is_final(status):
        values |= {"state": BatchState.final, "final_at": batch.final_at or NOW}
    return values


def _is_news(batch: BatchRow, seen: dict[str, Any]) -> bool:
    return any(getattr(batch, name) != value for name, value in seen.items() if name != "final_at")


def _is_progress(batch: BatchRow, seen: dict[str, Any]) -> bool:
    """Tells whether the provider counts otherwise than before, or calls the batch's state otherwise."""
    remote, before = seen.get("remote"), batch.remote or {}
    return remote is not None and any(remote.get(name) != before.get(name) for name in ("request_counts", "status"))


def _lost(project: OpenProject, batch: BatchRow) -> dict[str, Any]:
    with project.store.begin() as connection:
        times, seconds = looks.note_lost(connection, batch.id)
    says = f"{project.provider.base_url} does not know {batch.remote_id}"
    if batch.state == BatchState.open and (times < LOOKS_BEFORE_UNKNOWN or seconds < project.configuration.create_grace_s):
        return {"state": BatchState.open, "remote_status": batch.remote_status, "reason": f"{says} just now; it is looked for"}
    return {
        "state": BatchState.unknown,
        "reason": f"{says}; check whether OPENAI_BASE_URL and OPENAI_API_KEY are those it was submitted with",
    }


def _words(state: str, status: str | None) -> str:
    """Gives what the provider calls it while it knows it; our own word otherwise."""
    return str(status) if status and state != BatchState.unknown else state
