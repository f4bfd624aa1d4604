"""The way back of `backup`: what was unpacked and checked comes into its place, in a project and a folder of artifacts, from which `restore` goes on.

Artifacts come at one stroke where none is there yet. What would be run is set aside unless a person says that it may.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from caseforge_assets.artifacts import ArtifactFolder, ArtifactsUnavailable, checked_name, sync_folder
from caseforge_assets.commands.backing_up.backup import ARTIFACTS, PROJECT
from caseforge_assets.commands.backing_up.read_backup import BadBackup
from caseforge_assets.commands.backing_up.read_project_files import CONFIGURATION, Kind
from caseforge_assets.commands.backing_up.unpack_backup import CheckedBackup, write_whole
from caseforge_assets.packed import CHUNK_BYTES

SET_ASIDE = "from-backup"  # a folder of the project; no name of a package, so that nothing in it is imported


@dataclass(frozen=True)
class Unpacked:
    """The number of artifacts that came back, and the project's files: written, masked, put beside one that differs, or set aside."""

    artifacts: int
    written: tuple[str, ...]
    beside: tuple[str, ...]
    masked: tuple[str, ...]
    set_aside: tuple[str, ...] = ()


def place_backup(backup: CheckedBackup, folder: ArtifactFolder, project: Path, *, trust_code: bool = False) -> Unpacked:
    """Brings everything into its place. A project's file that is there and says something else stays; the other is put beside it.

    Args:
        trust_code: what would be run is placed, too. Without, it goes into the folder `from-backup`, and so does the
            caseforge.toml that names it, unless the very same file is there already.

    Raises:
        BadBackup: a folder of the project leads out of it; nothing was changed.
        ArtifactsUnavailable: the folder or bucket of artifacts cannot be written to.
    """
    for part in backup.project:
        _target(project, part.name)
    new_code = {part.name for part in backup.project if part.kind.runs and not _is_there(backup, project, part.name)}
    aside = set() if trust_code else new_code
    if any(part.name in aside and part.kind is not Kind.dagster for part in backup.project) and not _is_there(
        backup, project, CONFIGURATION
    ):
        aside.add(CONFIGURATION)
    _take_over(folder, backup.folder / ARTIFACTS, backup.artifacts)
    written: list[str] = []
    beside: list[str] = []
    for part in sorted(backup.project, key=lambda part: part.name == CONFIGURATION):  # last: it makes a project of a folder
        content = (backup.folder / PROJECT / part.name).read_bytes()
        if part.name in aside:
            _put(project, f"{SET_ASIDE}/{part.name}", content, replace=True)
        else:
            place, own = _put(project, part.name, content)
            (beside if own else written).append(place)
    return Unpacked(len(backup.artifacts), tuple(written), tuple(beside), backup.masked, tuple(sorted(aside)))


def _is_there(backup: CheckedBackup, project: Path, name: str) -> bool:
    place, staged = project / name, backup.folder / PROJECT / name
    return place.is_file() and staged.is_file() and place.read_bytes() == staged.read_bytes()


def _target(project: Path, name: str) -> Path:
    place = (project / name).resolve()
    if not place.is_relative_to(project.resolve()):
        raise BadBackup(f"{name} would be written outside of the project. Nothing was changed")
    return place


def _put(project: Path, name: str, content: bytes, *, replace: bool = False) -> tuple[str, bool]:
    """Writes a file of the project, whole; returns its name, and whether one that says something else was there and stays."""
    place = _target(project, name)
    own = not replace and place.exists() and (not place.is_file() or place.read_bytes() != content)
    if own:
        place = place.with_name(f"{place.name}.{SET_ASIDE}")
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    write_whole(part, iter([content]))
    part.replace(place)
    return place.relative_to(project.resolve()).as_posix(), own


def _take_over(folder: ArtifactFolder, staged: Path, names: Iterable[str]) -> None:
    """Files become artifacts: at one stroke where none is there yet, else the journal's last, from which a restore would begin."""
    ordered = sorted(map(checked_name, names), key=lambda name: (name.startswith("journal/"), name))
    if not ordered:
        return
    try:
        if folder.local_root is not None and _is_moved(staged, folder.local_root):
            return
        for name in ordered:
            with (staged / name).open("rb") as file:
                folder.write(name, _chunks(file))
    except OSError as error:
        raise ArtifactsUnavailable(f"{folder.describe('')} cannot be written: {error.strerror or error}. Do the same again") from error


def _is_moved(staged: Path, root: Path) -> bool:
    """Moves the whole folder; False where something is there already, or where it is a disk of its own."""
    staged.chmod(0o700)
    try:
        staged.replace(root)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY, errno.EXDEV):
            raise
        return False
    sync_folder(root.parent)
    return True


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(CHUNK_BYTES), b"")
