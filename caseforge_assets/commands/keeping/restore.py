"""restore: an empty database gets back everything that the journal has, in one transaction or not at all.

The journal may be a little behind what has happened. Nothing is paid for twice because of that: a batch that may have reached its
provider after it was journaled is looked for there before it is created again; answers that are here already are not fetched again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseforge_assets.artifacts import Artifact, ArtifactFolder, read_hash
from caseforge_assets.batches.states import NOT_COLLECTED, NOT_OPENED, BatchState, is_final, remote_status
from caseforge_assets.commands.access.shut_out import shut_out_everybody
from caseforge_assets.commands.collecting.fetch_results import ROLES
from caseforge_assets.commands.journaling.read_journal import is_as_now, other_branch, read_newest_states, segment_names
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.clock import NOW
from caseforge_assets.store.database.engine import Connection, Engine, lock_in_transaction, refuse_schema_before
from caseforge_assets.store.database.logins import remove_logins
from caseforge_assets.store.editions import declarations
from caseforge_assets.store.journaling import journal
from caseforge_assets.store.journaling.restoring import Staging, keep_standing_events, rows_present
from caseforge_assets.store.reading import due
from caseforge_assets.store.schema.journal_marks import mark_everything
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow
from caseforge_assets.wording import counted

LARGEST_OBJECT_BYTES = 16 << 20
LOOKED_FOR = "restored from the journal; whether it is at its provider is being found out"


@dataclass(frozen=True)
class Restored:
    """The result of a restoration.

    Attributes:
        rows: Rows per table.
        events: Events that Dagster has to be told.
        until: When the newest segment was written; what was changed later is not there, but for answers.
        looked_for: Names of batches that are looked for at their provider.
        to_collect: Names of batches whose results are here and are collected next.
        other_branch: Segments of a database that was set back to an older state and went on from there.
        shut_out: Accounts and tokens that cannot be used any more.
    """

    rows: dict[str, int]
    events: int
    segments: int
    until: datetime
    looked_for: tuple[str, ...]
    to_collect: tuple[str, ...]
    other_branch: tuple[str, ...]
    shut_out: int = 0


def restore(store: Engine, folder: ArtifactFolder, *, up_to: str | None = None, lets_in: bool = True) -> Restored:
    """Fills an empty database from the journal; its schema is there already.

    Args:
        up_to: leave out what was journaled after this segment.
        lets_in: whether accounts and tokens in it can be used, and frameworks are declared as it says; not where others may have written it.

    Raises:
        ValueError: the database is not empty, or there is no journal, or no such segment.
        JournalBroken: a segment is missing or was altered.
        SchemaNotUsable: the database has the schema of another version.
    """
    refuse_schema_before(store, "Restoring")
    with store.begin() as connection:
        lock_in_transaction(connection, "restore")
        _refuse_unless_empty(connection)
        newest = _newest(folder, up_to)
        staging = Staging(connection)
        chain = read_newest_states(folder, newest, staging.keys, lambda table, _, row: staging.add(table, row))
        rows = staging.store()
        journal.forget_marks(connection)
        contents.count_edits_as_real(connection)
        remove_logins(connection)  # a journal of an older version may have them
        due.note_all(connection)
        journal.add_segments(connection, chain)
        if not is_as_now(folder, newest):
            mark_everything(connection)  # as after a migration
        shut_out = 0 if lets_in else shut_out_everybody(connection, by="restore")
        if not lets_in:
            declarations.forget_all(connection)  # they name languages and templates: what is asked is for the owner of this project to say
        events = keep_standing_events(connection)
        looked_for = [batch.name for batch in batches.in_states(connection, NOT_OPENED) if _look_for(connection, folder, batch)]
        to_collect = [batch.name for batch in batches.in_states(connection, NOT_COLLECTED) if _find_results(connection, folder, batch)]
        branch = other_branch(folder, chain) if up_to is None else ()
    return Restored(rows, events, len(chain), chain[0].written_at, tuple(looked_for), tuple(to_collect), branch, shut_out)


def refuse_unless_empty(store: Engine) -> None:
    """Looks before anything is unpacked.

    Raises:
        ValueError: the database is not empty; the text says what is in it.
    """
    with store.connect() as connection:
        _refuse_unless_empty(connection)


def _refuse_unless_empty(connection: Connection) -> None:
    present = rows_present(connection)
    if present:
        found = ", ".join(f"{counted(count, 'row')} in {name}" for name, count in present.items())
        raise ValueError(
            f"the database is not empty: {found}. Nothing was changed. Restore into a new one: name it in CASEFORGE_POSTGRES_URL, "
            "or stop the embedded one (caseforge db stop) and move its folder out of the way"
        )


def _newest(folder: ArtifactFolder, up_to: str | None) -> str:
    names = segment_names(folder)
    if not names:
        raise ValueError(
            f"there is no journal in {folder.describe('')}, so there is nothing to restore from. Is it the right folder or bucket?"
        )
    if up_to is None:
        return names[-1]
    chosen = [name for name in names if name == up_to or name.startswith(f"journal/{up_to}")]
    if len(chosen) != 1:
        raise ValueError(f"no single segment of the journal is called {up_to!r}; the newest are: {', '.join(names[-3:])}")
    return chosen[0]


def _look_for(connection: Connection, folder: ArtifactFolder, batch: BatchRow) -> bool:
    """A batch that may have been sent since it was journaled is handled like one whose creation is unclear."""
    if batch.state == BatchState.planned and folder.size_bytes(folder.batch_path(batch.submission_id, "manifest.jsonl")) is None:
        return False
    batches.change(connection, batch.id, state=BatchState.creating, creating_at=NOW, reason=LOOKED_FOR)
    return True


def _find_results(connection: Connection, folder: ArtifactFolder, batch: BatchRow) -> bool:
    """A batch whose results are here, though the journal does not know of them, is collected without its provider."""
    path = folder.batch_path(batch.submission_id, "batch.json")
    if folder.size_bytes(path) is None:
        return False
    remote = _batch_object(folder, path)
    found = {role: _artifact(folder, folder.batch_path(batch.submission_id, f"{role}.jsonl")) for role in ROLES}
    whole = all(found[role] for role in ROLES if remote.get(f"{role}_file_id"))
    if not (whole and is_final(remote_status(remote.get("status")))):
        return False
    artifacts = batch.artifacts | {role: artifact.as_json() for role, artifact in found.items() if artifact}
    values = {"remote": remote, "remote_status": remote["status"], "artifacts": artifacts, "collect_lease_until": None}
    batches.change(connection, batch.id, state=BatchState.final, final_at=batch.final_at or NOW, **values)
    return True


def _batch_object(folder: ArtifactFolder, path: str) -> dict[str, Any]:
    """The provider's batch object as it was kept; one that is not to be understood says nothing, and its batch is asked for."""
    if (folder.size_bytes(path) or 0) > LARGEST_OBJECT_BYTES:
        return {}
    try:
        found = json.loads(b"".join(folder.read(path)))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _artifact(folder: ArtifactFolder, path: str) -> Artifact | None:
    if folder.size_bytes(path) is None:
        return None
    return Artifact(path, *read_hash(folder.read(path)))
