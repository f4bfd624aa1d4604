"""The result files of a batch become whole artifacts before anything is read from them."""

from __future__ import annotations

import json
from typing import Any

from caseforge_assets.artifacts import Artifact, ArtifactFolder
from caseforge_assets.commands.provider import Provider
from caseforge_assets.openai_batch.errors import ProviderNotFound
from caseforge_assets.store import batches, clock
from caseforge_assets.store.batches import BatchRow
from caseforge_assets.store.engine import Engine

ROLES = ("output", "error")


def fetch_results(store: Engine, provider: Provider, folder: ArtifactFolder, batch: BatchRow, grace_s: float) -> list[str] | None:
    """Downloads what a finished batch brings: output file, error file, and its final object.

    Files that are here already, whole, are not fetched again.

    Returns:
        The paths of the result files, or None while a file is not there yet or cannot be read, and the grace period runs.

    Raises:
        ProviderUnclear: the provider cannot be reached, or a download broke off; nothing half is kept.
    """
    remote = batch.remote or {}
    _keep_object(store, folder, batch, remote)
    paths, gone = [], []
    for role in ROLES:
        file_id = remote.get(f"{role}_file_id")
        if not file_id:
            continue
        try:
            paths.append(_fetch(store, provider, folder, batch, role, file_id))
        except ProviderNotFound:
            gone.append(file_id)
    if (gone or _is_file_missing(batch, remote)) and _seconds_final(store, batch) < grace_s:
        reason = f"{batch.remote_status}, but {'its files cannot be read' if gone else 'not all of its files are there'} yet"
        _look_again(store, provider, batch, f"{reason}; looked at again for {grace_s / 60:.0f} minutes")
        return None
    return paths


def _is_file_missing(batch: BatchRow, remote: dict[str, Any]) -> bool:
    """Whether a file has to come yet: taken for the whole, one file alone would have answers asked and paid for again."""
    if remote.get("output_file_id"):
        return False
    answered = bool((remote.get("request_counts") or {}).get("completed"))
    return answered or (batch.remote_status == "completed" and not remote.get("error_file_id"))


def _look_again(store: Engine, provider: Provider, batch: BatchRow, reason: str) -> None:
    try:
        seen = provider.client.retrieve(batch.remote_id or "")
    except ProviderNotFound:
        seen = batch.remote or {}
    with store.begin() as connection:
        batches.change(connection, batch.id, remote=seen, reason=reason)


def _fetch(store: Engine, provider: Provider, folder: ArtifactFolder, batch: BatchRow, role: str, file_id: str) -> str:
    known = batch.artifacts.get(role)
    if known and folder.exists(Artifact(**known)):
        return str(known["path"])
    artifact = folder.write(folder.batch_path(batch.submission_id, f"{role}.jsonl"), provider.client.download(file_id))
    with store.begin() as connection:
        batches.add_artifact(connection, batch.id, role, artifact.as_json())
    return artifact.path


def _keep_object(store: Engine, folder: ArtifactFolder, batch: BatchRow, remote: dict[str, Any]) -> None:
    artifact = folder.write(
        folder.batch_path(batch.submission_id, "batch.json"), [json.dumps(remote, indent=1, ensure_ascii=False).encode()]
    )
    with store.begin() as connection:
        batches.add_artifact(connection, batch.id, "batch", artifact.as_json())


def _seconds_final(store: Engine, batch: BatchRow) -> float:
    with store.connect() as connection:
        return (clock.now(connection) - batch.final_at).total_seconds() if batch.final_at else 0.0
