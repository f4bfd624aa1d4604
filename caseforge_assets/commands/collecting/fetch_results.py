"""The result files of a batch become whole artifacts before anything is read from them, and are held against what the provider says of them.

What falls short is kept beside them, fetched again with growing pauses, and counts as missing only where nobody says that it was answered:
see `batches.results.delivery`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection
from typing import Any

from caseforge_assets.artifacts import Artifact, ArtifactFolder
from caseforge_assets.batches.results.delivery import (
    Delivery,
    Part,
    ResultFile,
    can_be_taken,
    count_results,
    describe_shortfall,
    judge_delivery,
    pick_results,
    read_counts,
)
from caseforge_assets.batches.states import BatchState, is_final, remote_status
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider, raise_unless_alone
from caseforge_assets.event_log import log_event
from caseforge_assets.openai_batch.errors import ProviderNotFound, ProviderRefused, ProviderStopped, ProviderUnclear
from caseforge_assets.redaction import redact
from caseforge_assets.settings.project import Project
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.submitting import batches, looks
from caseforge_assets.store.submitting.batches import BatchRow

ROLES = ("output", "error")
FIRST_PAUSE = 3  # the first pause is this part of poll_interval_s, each further one twice as long
KEPT_SHORT = 4  # downloads of a role that fell short
_KEPT = re.compile(r"(?:output|error)-[0-9]+")
log = logging.getLogger(__name__)


def fetch_results(project: OpenProject, batch: BatchRow) -> list[str] | None:
    """Downloads what a finished batch brings: output file, error file, and its final object.

    Files that are here already, whole, are not fetched again.

    Returns:
        The paths of the result files, or None while they fall short of what there is.

    Raises:
        ProviderUnclear: the provider cannot be reached, or a download broke off; nothing half is kept.
    """
    with project.store.connect() as connection:
        if not looks.may_fetch(connection, batch.id):
            return None
        asked = attempts.custom_ids(connection, batch.duplicate_of or batch.id)
    if batch.short_fetches and not _is_final_still(project, batch):
        return None
    with project.store.connect() as connection:
        batch = batches.get(connection, batch.id)
    remote = batch.remote or {}
    _keep_object(project.store, project.folder, batch, remote)
    files = [_fetch_file(project, batch, role, asked) for role in ROLES if remote.get(f"{role}_file_id")]
    delivery = judge_delivery(remote_status(batch.remote_status), read_counts(remote), len(asked), files)
    if delivery is not Delivery.whole:
        files = [
            file.stating(_stated_bytes(project.provider, str(remote[f"{file.role}_file_id"]))) if file.brought else file for file in files
        ]
        delivery = judge_delivery(remote_status(batch.remote_status), read_counts(remote), len(asked), files)
    return _take_or_put_off(project, batch, asked, files, delivery)


def salvage_results(store: Engine, folder: ArtifactFolder, batch: BatchRow) -> list[str]:
    """Makes one output file out of all that came for a batch so far, for a batch from which nothing more is awaited; returns its path."""
    set_aside(store, folder, batch)
    with store.connect() as connection:
        batch = batches.get(connection, batch.id)
        asked = attempts.custom_ids(connection, batch.duplicate_of or batch.id)
    kept = [artifact["path"] for role, artifact in sorted(batch.artifacts.items()) if _KEPT.fullmatch(role)]
    brought = [count_results(folder.read(path), asked).parts for path in kept]
    if not any(brought):
        return []
    answered = {name for parts in brought for name, part in parts.items() if part is Part.answered}
    lines = pick_results([folder.read(path) for path in kept], asked, answered)
    artifact = folder.write(folder.batch_path(batch.submission_id, "output.jsonl"), lines)
    with store.begin() as connection:
        batches.add_artifact(connection, batch.id, "output", artifact.as_json())
    return [artifact.path]


def _take_or_put_off(
    project: OpenProject, batch: BatchRow, asked: Collection[str], files: list[ResultFile], delivery: Delivery
) -> list[str] | None:
    store, folder = project.store, project.folder
    with store.connect() as connection:
        batch = batches.get(connection, batch.id)
        short_s = looks.seconds_short(connection, batch.id)
        waits = batch.duplicate_of is not None or attempts.any_live(connection, batch.id)
    over = short_s >= project.configuration.missing_files_grace_s
    if can_be_taken(delivery, files, grace_is_over=over):
        return [str(batch.artifacts[file.role]["path"]) for file in files if file.brought is not None]
    if not waits:  # it was collected before, and looked at again
        return salvage_results(store, folder, batch)
    what = describe_shortfall(read_counts(batch.remote or {}), len(asked), files)
    set_aside(store, folder, batch)
    _put_off(store, project, batch, what, short_s, held=over and delivery is Delivery.owed)
    return None


def _put_off(store: Engine, project: Project, batch: BatchRow, what: str, short_s: float, *, held: bool) -> None:
    left_s = project.configuration.missing_files_grace_s - short_s
    pause_s = min(project.configuration.poll_interval_s / FIRST_PAUSE * 2 ** min(batch.short_fetches, 20), looks.LONGEST_PAUSE_S)
    if left_s > 0:
        pause_s = min(pause_s, left_s)
    times = f"{batch.short_fetches + 1:,} time{'s' if batch.short_fetches else ''}"
    reason = f"{batch.remote_status}, but {what}. Fetched {times}, and again from time to time"
    if held:
        reason += (
            f". What was answered is paid for, so nothing is asked again by itself: `caseforge collect --again {batch.id}` fetches now, "
            f"`caseforge collect --give-up {batch.id}` takes what came and counts the rest as missing"
        )
    with store.begin() as connection:
        looks.note_short(connection, batch.id, pause_s, redact(reason), held=held)
    log_event(log, "results fell short", batch=batch.name, stage=batch.stage, why=what, next_fetch_s=round(pause_s, 1))
    if held and not batch.is_held:
        log.warning("%s %s", batch.name, redact(reason))


def _is_final_still(project: OpenProject, batch: BatchRow) -> bool:
    """Looks at the batch again before its files are fetched again: they may have been named late, or counts may have moved.

    Raises:
        ProviderUnclear: nothing came, or another batch.
    """
    try:
        seen = project.provider.client.retrieve(batch.remote_id or "")
    except (ProviderNotFound, ProviderRefused):
        return True
    final = is_final(remote_status(seen.get("status")))
    with project.store.begin() as connection:
        values = {} if final else {"state": BatchState.open, "reason": "its provider took back that it is through"}
        batches.move(connection, batch.id, [BatchState.final], remote=seen, remote_status=seen["status"], **values)
    return final


def _fetch_file(project: OpenProject, batch: BatchRow, role: str, asked: Collection[str]) -> ResultFile:
    """One file, whether it is what it should be or not; the same bytes as before are said to be so.

    Raises:
        ProviderError: the provider cannot be reached, or refuses the key; a file that alone cannot be had falls short like a wrong one.
    """
    try:
        artifact = _fetch(project, batch, role, str((batch.remote or {})[f"{role}_file_id"]))
    except (ProviderNotFound, ProviderRefused) as error:
        return ResultFile(role, None, str(error))
    except (ProviderUnclear, ProviderStopped) as error:
        raise_unless_alone(project.provider.client, error)
        return ResultFile(role, None, str(error))
    before = any(_KEPT.fullmatch(name) and other["sha256"] == artifact.sha256 for name, other in batch.artifacts.items())
    brought = count_results(project.folder.read(artifact.path), asked)
    return ResultFile(role, brought, size_bytes=artifact.size_bytes, fetched_before=before)


def _fetch(project: OpenProject, batch: BatchRow, role: str, file_id: str) -> Artifact:
    known = batch.artifacts.get(role)
    if known and project.folder.exists(Artifact(**known)):
        return Artifact(**known)
    artifact = project.folder.write(
        project.folder.batch_path(batch.submission_id, f"{role}.jsonl"), project.provider.client.download(file_id)
    )
    with project.store.begin() as connection:
        batches.add_artifact(connection, batch.id, role, artifact.as_json())
    return artifact


def _stated_bytes(provider: Provider, file_id: str) -> int | None:
    """Gives what the provider says of a file's size; None where it says nothing, or shows no files, or not to this key.

    Raises:
        ProviderError: the provider cannot be reached, or refuses the key.
    """
    try:
        return provider.client.file(file_id).size_bytes
    except (ProviderNotFound, ProviderRefused, ProviderUnclear):
        return None
    except ProviderStopped as error:
        raise_unless_alone(provider.client, error)
        return None


def set_aside(store: Engine, folder: ArtifactFolder, batch: BatchRow) -> None:
    """Keeps what came under names of its own, so that the next download does not take its place: a few of a role, the largest."""
    for role in ROLES:
        with store.connect() as connection:
            current = batches.get(connection, batch.id)
        if role not in current.artifacts:
            continue
        artifact = Artifact(**current.artifacts[role])
        name = _name_to_keep(folder, current, role, artifact)
        kept = folder.write(folder.batch_path(batch.submission_id, f"{name}.jsonl"), folder.read(artifact.path)) if name else None
        with store.begin() as connection:
            batches.drop_artifact(connection, batch.id, role)
            if name and kept:
                batches.add_artifact(connection, batch.id, name, kept.as_json())
        folder.remove_any(artifact.path)


def _name_to_keep(folder: ArtifactFolder, batch: BatchRow, role: str, artifact: Artifact) -> str | None:
    """Under which name a download is kept; None where the same is kept already, or larger ones are."""
    names = [f"{role}-{number}" for number in range(1, KEPT_SHORT + 1)]
    kept = {name: Artifact(**batch.artifacts[name]) for name in names if name in batch.artifacts}
    if any(other.sha256 == artifact.sha256 for other in kept.values()):
        return None
    free = [name for name in names if folder.size_bytes(folder.batch_path(batch.submission_id, f"{name}.jsonl")) is None]
    if free or not kept:
        return free[0] if free else None
    smallest = min(kept, key=lambda name: kept[name].size_bytes)
    return smallest if kept[smallest].size_bytes < artifact.size_bytes else None


def _keep_object(store: Engine, folder: ArtifactFolder, batch: BatchRow, remote: dict[str, Any]) -> None:
    artifact = folder.write(
        folder.batch_path(batch.submission_id, "batch.json"), [json.dumps(remote, indent=1, ensure_ascii=False).encode()]
    )
    with store.begin() as connection:
        batches.add_artifact(connection, batch.id, "batch", artifact.as_json())
