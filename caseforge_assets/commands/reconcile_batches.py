"""reconcile: batches whose creation is unclear are looked up at the provider, adopted, or created again after a grace period."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from caseforge_assets.commands.provider import Provider
from caseforge_assets.commands.submit_batches import adopt
from caseforge_assets.openai_batch.client import SUBMISSION_KEY
from caseforge_assets.openai_batch.errors import ProviderNotFound, ProviderRefused
from caseforge_assets.store import batches
from caseforge_assets.store.batches import BatchRow
from caseforge_assets.store.engine import Engine, try_lock

log = logging.getLogger(__name__)


def reconcile_batches(store: Engine, provider: Provider, *, grace_s: float, now: datetime | None = None) -> int:
    """Settles what can be settled of the batches in state creating; returns how many are still unclear.

    A batch that no listing shows is created again only when the grace period is over and two listings agree:
    the listing may be late in showing a new batch.
    """
    now = now or datetime.now(UTC)
    with store.connect() as connection:
        unclear = batches.in_states(connection, ["creating"], provider.id)
    if not unclear:
        return 0
    found = _listed(provider, unclear)
    for batch in unclear:
        with try_lock(store, f"batch {batch.id}") as held:
            if held:
                _settle(store, provider, batch, found, now - timedelta(seconds=grace_s))
    with store.connect() as connection:
        return len(batches.in_states(connection, ["creating"], provider.id))


def _listed(provider: Provider, unclear: list[BatchRow]) -> dict[str, list[dict[str, Any]]]:
    wanted = {batch.submission_id for batch in unclear}
    found: dict[str, list[dict[str, Any]]] = {}
    for remote in provider.client.list_batches(min(batch.created_at for batch in unclear)):
        submission = (remote.get("metadata") or {}).get(SUBMISSION_KEY)
        if submission in wanted:
            found.setdefault(submission, []).append(remote)
    return found


def _settle(store: Engine, provider: Provider, batch: BatchRow, found: dict[str, list[dict[str, Any]]], too_old: datetime) -> None:
    with store.connect() as connection:
        batch = batches.get(connection, batch.id)
    if batch.state != "creating":
        return
    remotes = found.get(batch.submission_id, [])
    if not remotes and batch.creating_at and batch.creating_at < too_old:
        remotes = _listed(provider, [batch]).get(batch.submission_id, [])
        if not remotes:
            with store.begin() as connection:
                batches.move(connection, batch.id, ["creating"], state="uploaded", reason="the provider never had it; it is created again")
            return
    if remotes:
        first, *others = sorted(remotes, key=lambda remote: (remote["created_at"], remote["id"]))
        for other in others:  # before the adoption, after which nobody would look for them again
            _cancel_twin(provider, other)
        with store.begin() as connection:
            adopt(connection, batch.id, first)


def _cancel_twin(provider: Provider, remote: dict[str, Any]) -> None:
    log.warning("batch %s was created twice; cancelling %s", remote["metadata"][SUBMISSION_KEY], remote["id"])
    try:
        provider.client.cancel(remote["id"])
    except (ProviderRefused, ProviderNotFound) as error:
        log.warning("batch %s cannot be cancelled any more: %s", remote["id"], error)
