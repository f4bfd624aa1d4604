"""submit: planned batches become files, uploads and batches at the provider, each step recorded before the next.

A batch is paid for from the moment its creation is accepted, and a lost answer does not say whether it was. So the
intent is committed first, creation is tried once, and what stays unclear is left to `reconcile_batches`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from caseforge_assets.artifacts import Artifact
from caseforge_assets.batches.packing import lowered_token_limit
from caseforge_assets.batches.request_forms import written_body
from caseforge_assets.batches.results.lines import request_line
from caseforge_assets.batches.states import WAITS_FOR_ROOM, BatchState, remote_status
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider, raise_unless_alone
from caseforge_assets.commands.submitting.recognize_batch import doubt_of_creation, file_name
from caseforge_assets.event_log import log_event
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.openai_batch.errors import ProviderError, ProviderFull, ProviderStopped, ProviderUnclear
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.clock import NOW
from caseforge_assets.store.database.engine import Connection, Engine, try_lock
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.planning.whereabouts import waiting_text
from caseforge_assets.store.serving.events import tell_batch
from caseforge_assets.store.submitting import batch_lines, batches, providers
from caseforge_assets.store.submitting.batches import BatchRow

BEING_FOUND_OUT = "whether the batch exists is being found out"
log = logging.getLogger(__name__)


def submit_batches(project: OpenProject, unsent: Sequence[BatchRow] | None = None) -> list[BatchRow]:
    """Brings batches that are not created yet as far as they go now, oldest first; returns them as they stand.

    Args:
        unsent: these; None: all there are.

    Raises:
        ProviderStopped: the provider refuses the key or the account; nothing more is sent, the requests are pending.
        ProviderUnclear: the provider cannot be reached, or one batch could not be uploaded, at the end then; it stays where it is and goes on next time.
    """
    if unsent is None:
        with project.store.connect() as connection:
            unsent = batches.not_created(connection, project.provider.id)
    failed: ProviderUnclear | None = None
    for batch in unsent:
        with try_lock(project.store, f"batch {batch.id}") as held:
            try:
                if held:
                    _advance(project, batch.id)
            except ProviderUnclear as error:
                raise_unless_alone(project.provider.client, error)
                failed = failed or error
    if failed is not None:
        raise failed
    with project.store.connect() as connection:
        return [batches.get(connection, batch.id) for batch in unsent]


def is_refused(batch: BatchRow) -> bool:
    """Tells whether the provider refused to create it; one in state creating may exist all the same, which is being found out.

    One that was refused for the account's token limit alone is none: its requests go into smaller ones.
    """
    why = batch.reason if batch.state == BatchState.refused else batch.create_refused if batch.state == BatchState.creating else None
    return why is not None and not why.startswith(WAITS_FOR_ROOM)


def _advance(project: OpenProject, batch_id: int) -> None:
    steps = {BatchState.planned: _write, BatchState.written: _upload, BatchState.uploaded: _create}
    while (batch := _read(project.store, batch_id)).state in steps:
        step = steps[BatchState(batch.state)]
        try:
            step(project, batch)
        except ProviderUnclear:
            raise
        except ProviderError as error:
            if batch.state != BatchState.uploaded:  # nothing was created yet
                _refuse(project.store, batch, error)
            if isinstance(error, ProviderStopped):
                _stop(project, error)
                raise


def _read(store: Engine, batch_id: int) -> BatchRow:
    with store.connect() as connection:
        return batches.get(connection, batch_id)


def _write(project: OpenProject, batch: BatchRow) -> None:
    with project.store.connect() as connection:
        endpoint = batch_lines.endpoint_of_batch(connection, batch.id)
        url, bodies = project.provider.kind.line_url_of(endpoint), batch_lines.bodies_of_batch(connection, batch.id)
        lines = (request_line(custom_id, url, _named(written_body(body, endpoint), batch.sent_as)) for custom_id, body in bodies)
        written = project.folder.write(project.folder.batch_path(batch.submission_id, "input.jsonl"), lines)
    with project.store.connect() as connection:
        manifest = project.folder.write(
            project.folder.batch_path(batch.submission_id, "manifest.jsonl"),
            _manifest(batch, endpoint, batch_lines.manifest_of_batch(connection, batch.id)),
        )
    with project.store.begin() as connection:
        batches.add_artifact(connection, batch.id, "input", written.as_json())
        batches.add_artifact(connection, batch.id, "manifest", manifest.as_json())
        batches.move(connection, batch.id, [BatchState.planned], state=BatchState.written)


def _named(body: str, name: str | None) -> Mapping[str, object] | str:
    """A request's body with the provider's own name of its model."""
    return body if name is None else {**json.loads(body), "model": name}


def _manifest(batch: BatchRow, endpoint: str, rows: Iterator[dict[str, object]]) -> Iterator[bytes]:
    head = {
        "submission_id": batch.submission_id,
        "stage": batch.stage,
        "model": batch.model,
        "endpoint": endpoint,
        **({"sent_as": batch.sent_as} if batch.sent_as else {}),
        "owner": batch.owner,
        "requests": batch.request_count,
    }
    yield (json.dumps(head, ensure_ascii=False) + "\n").encode()
    for row in rows:
        yield (json.dumps(row, ensure_ascii=False) + "\n").encode()


def _upload(project: OpenProject, batch: BatchRow) -> None:
    """A file that an interrupted start uploaded already is found by its name and used; one that is gone is written again.

    The batch is journaled before: without database and journal nobody would look for it, and it would be paid for again.
    """
    write_journal(project.store, project.folder)
    name = file_name(batch)
    file_id = project.provider.client.find_file(name, batch.created_at)
    if file_id is None and not project.folder.exists(Artifact(**batch.artifacts["input"])):
        with project.store.begin() as connection:
            batches.move(connection, batch.id, [BatchState.written], state=BatchState.planned)
        return
    if file_id is None:
        with project.folder.local(batch.artifacts["input"]["path"]) as file:
            file_id = project.provider.client.upload(file, name, batch.sent_as or batch.model)
    with project.store.begin() as connection:
        batches.move(connection, batch.id, [BatchState.written], state=BatchState.uploaded, input_file_id=file_id)


def _create(project: OpenProject, batch: BatchRow) -> None:
    """Whatever is answered, but a batch that is ours, says nothing for certain: a proxy refuses, or mistakes, what its provider has accepted.

    Raises:
        ProviderStopped: the provider refuses the key or the account; whether it created the batch all the same is found out as for any refusal.
    """
    with project.store.begin() as connection:
        if not batches.move(
            connection, batch.id, [BatchState.uploaded], state=BatchState.creating, creating_at=NOW, create_refused=None, doubtful_id=None
        ):
            return
        endpoint = batch_lines.endpoint_of_batch(connection, batch.id)
    try:
        asked = project.provider.kind.endpoint_of(endpoint)
        remote = project.provider.client.create(batch.input_file_id or "", asked, batch.submission_id)
    except ProviderError as error:
        refused = None if isinstance(error, ProviderUnclear) else str(error)
        with project.store.begin() as connection:
            waits = isinstance(error, ProviderFull) and _learn_limit(connection, project.provider, batch, error)
            if waits:
                refused = f"{WAITS_FOR_ROOM}: {error}"
            batches.move(
                connection, batch.id, [BatchState.creating], reason=f"{refused or error}; {BEING_FOUND_OUT}", create_refused=refused
            )
            if refused and not waits and not isinstance(error, ProviderStopped):
                batches.note_refused(connection, batch.id)
        if isinstance(error, ProviderStopped):
            raise
        return
    with project.store.begin() as connection:
        if (doubt := doubt_of_creation(batch, remote) or _whose_already(connection, batch, remote)) is None:
            adopt(connection, project.stages, batch.id, remote)
            return
        reason = f"the creation was answered with {remote['id']}, {doubt}; {BEING_FOUND_OUT}"
        batches.move(connection, batch.id, [BatchState.creating], reason=reason, doubtful_id=remote["id"])
        log.warning("%s: %s", batch.name, reason)


def _learn_limit(connection: Connection, provider: Provider, batch: BatchRow, error: ProviderFull) -> bool:
    """Remembers what the account takes at once; returns whether fewer can be sent, or others that are under way are waited for."""
    in_flight = max(batches.tokens_in_flight(connection, provider.id).get(batch.model, 0), batch.input_tokens)
    providers.learn_token_limit(connection, provider.id, batch.model, lowered_token_limit(in_flight, error.stated_limit))
    return batch.request_count > 1 or in_flight > batch.input_tokens


def _whose_already(connection: Connection, batch: BatchRow, remote: Mapping[str, Any]) -> str | None:
    known = batches.with_remote_id(connection, batch.provider_id, remote["id"])
    return None if known is None else f"which is that of batch {known.id}"


def adopt(connection: Connection, stages: Stages, batch_id: int, remote: dict[str, Any]) -> None:
    """Records that a batch exists at the provider, and beside each of its nodes that its answer is awaited."""
    opened = opened_at(remote)
    values = {"remote_id": remote["id"], "remote_status": remote_status(remote["status"]), "remote": remote, "opened_at": opened}
    values |= {"state": BatchState.open, "reason": None, "create_refused": None, "doubtful_id": None}
    if batches.move(connection, batch_id, [BatchState.creating, BatchState.uploaded], **values):
        batch = batches.get(connection, batch_id)
        outbox.note_waiting(
            connection, stages[batch.stage].outputs, batch_id, waiting_text(batch.name, opened, remote["completion_window"])
        )
        tell_batch(connection, EventKind.batch_created, batch_id)
        log_event(log, "batch created", batch=batch.name, number=batch.id, stage=batch.stage, requests=batch.request_count)


def opened_at(remote: Mapping[str, Any]) -> datetime:
    """Says when the provider says that it created a batch; now, where it says nothing of use."""
    created_at = remote["created_at"]
    return datetime.fromtimestamp(created_at, UTC) if created_at else datetime.now(UTC)


def _refuse(store: Engine, batch: BatchRow, error: ProviderError) -> None:
    with store.begin() as connection:
        batches.put_back(connection, batch.id, [batch.state], str(error))
        if not isinstance(error, ProviderStopped):
            batches.note_refused(connection, batch.id)
    log_event(log, "batch refused", batch=batch.name, number=batch.id, stage=batch.stage, why=error)


def _stop(project: OpenProject, error: ProviderStopped) -> None:
    with project.store.begin() as connection:
        providers.set_stopped(connection, project.provider.id, str(error))
