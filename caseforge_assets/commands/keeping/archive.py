"""archive and unarchive: the files of batches that are through take up a tenth of the room, and are read as before.

An original is removed only when its packed copy is there, was read back, and is the same. A crash at any step leaves one that is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from caseforge_assets.artifacts import ARCHIVED, Artifact, ArtifactDamaged, ArtifactFolder, ArtifactMissing, read_hash
from caseforge_assets.batches.states import SETTLED
from caseforge_assets.store.database.engine import Engine, try_lock
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow


@dataclass(frozen=True)
class Moved:
    """The numbers of batches and files packed or brought back, their bytes before and after, and the reasons why files were left alone."""

    batches: int = 0
    files: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    left_alone: tuple[str, ...] = ()


def archive(store: Engine, folder: ArtifactFolder, older_than: datetime, *, dry_run: bool = False) -> Moved:
    """Packs the files of batches that were through before a time; those that are packed already are left out.

    Args:
        dry_run: only count; the bytes after are not known then, and 0.
    """
    with store.connect() as connection:
        old = [batch for batch in batches.in_states(connection, SETTLED) if (batch.collected_at or batch.created_at) < older_than]
    if dry_run:
        files = [(batch.id, artifact) for batch in old for artifact in _artifacts(batch) if _is_plain(folder, artifact)]
        return Moved(len({batch_id for batch_id, _ in files}), len(files), sum(artifact.size_bytes for _, artifact in files))
    return _each(store, folder, old, _is_plain, _pack)


def unarchive(store: Engine, folder: ArtifactFolder, names: Sequence[str] = ()) -> Moved:
    """Brings files back as they were written: of all batches, or of those named (number, provider's id or submission id).

    Raises:
        LookupError: there is no such batch.
    """
    with store.connect() as connection:
        found = [(name, batches.find(connection, name)) for name in names]
        chosen = [batch for _, batch in found if batch] if names else batches.in_states(connection, SETTLED)
    for name, batch in found:
        if batch is None:
            raise LookupError(f"there is no batch {name!r}; `caseforge status` names the newest ones")
    return _each(store, folder, chosen, lambda folder, artifact: folder.is_archived(artifact.path), _unpack)


def _each(
    store: Engine,
    folder: ArtifactFolder,
    rows: Sequence[BatchRow],
    wanted: Callable[[ArtifactFolder, Artifact], bool],
    move: Callable[[ArtifactFolder, Artifact], int],
) -> Moved:
    touched, before, after, left_alone = set(), [], [], []
    for batch in rows:
        with try_lock(store, f"batch {batch.id}") as held:
            if not held:
                left_alone.append(f"{batch.name}: another process is at it")
                continue
            for artifact in _artifacts(batch):
                if not wanted(folder, artifact):
                    continue
                try:
                    after.append(move(folder, artifact))
                except (ArtifactDamaged, ArtifactMissing) as error:
                    left_alone.append(str(error))
                else:
                    before.append(artifact.size_bytes)
                    touched.add(batch.id)
    return Moved(len(touched), len(before), sum(before), sum(after), tuple(left_alone))


def _artifacts(batch: BatchRow) -> list[Artifact]:
    return [Artifact(**artifact) for artifact in batch.artifacts.values()]


def _is_plain(folder: ArtifactFolder, artifact: Artifact) -> bool:
    return not folder.is_archived(artifact.path)


def _pack(folder: ArtifactFolder, artifact: Artifact) -> int:
    """Packs one file; returns the bytes that it takes up then."""
    written = (artifact.sha256, artifact.size_bytes)
    if read_hash(folder.read(artifact.path)) != written:
        raise ArtifactDamaged(
            f"{folder.describe(artifact.path)} is not as it was written, or is missing, and was left as it is; `caseforge verify` says what to do"
        )
    folder.write_packed(artifact.path, folder.read(artifact.path), artifact.size_bytes)
    if read_hash(folder.read_archived(artifact.path)) != written:
        folder.remove(artifact.path + ARCHIVED)
        raise ArtifactDamaged(f"{folder.describe(artifact.path)} was left as it is: what was packed is not what is read back")
    folder.remove(artifact.path)
    return folder.stored_bytes(artifact.path + ARCHIVED)


def _unpack(folder: ArtifactFolder, artifact: Artifact) -> int:
    try:
        folder.write(artifact.path, folder.read_archived(artifact.path), artifact)
    except ArtifactDamaged as error:
        raise ArtifactDamaged(
            f"{folder.describe(artifact.path)}{ARCHIVED} holds something else than was archived, and was left as it is: {error}"
        ) from error
    folder.remove(artifact.path + ARCHIVED)
    return artifact.size_bytes
