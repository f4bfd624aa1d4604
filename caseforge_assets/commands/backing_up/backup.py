"""backup: everything that a project needs, in one file: its configuration, templates and workbooks, and all artifacts.

The database is in it as the journal, which is brought up to date first; `.env` and what Dagster knows by itself (its runs) are not.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from caseforge_assets.artifacts import ArtifactFolder, read_hash
from caseforge_assets.commands.backing_up.read_backup import BadBackup, check_name, read_members
from caseforge_assets.commands.backing_up.read_project_files import PROJECT_FILES
from caseforge_assets.commands.journaling.write_journal import write_journal
from caseforge_assets.redaction import redact_file
from caseforge_assets.settings import Settings
from caseforge_assets.store.database.engine import HEAD, Engine

FORMAT = 1
CONTENTS, HASHES = "backup.json", "hashes.json"
PROJECT, ARTIFACTS = "project/", "artifacts/"


@dataclass(frozen=True)
class BackedUp:
    """The file that a backup has written; `masked` are project files in which something that looked like a secret was masked."""

    path: Path
    files: int
    size_bytes: int
    masked: tuple[str, ...]


FLEETING = "exports"  # what was asked for over HTTP, and is removed after a day


def backup(store: Engine, folder: ArtifactFolder, settings: Settings, target: Path) -> BackedUp:
    """Writes a backup to a new file, or to one named by the time in a folder that exists.

    Raises:
        ValueError: the file exists already, or what was written could not be brought back; no backup is left.
        ArtifactsUnavailable: an artifact cannot be read; no backup is left.
    """
    made_at = datetime.now(UTC)
    path = target / f"caseforge-{made_at:%Y%m%dT%H%M%SZ}.tar.zst" if target.is_dir() else target
    if path.exists():
        raise ValueError(f"{path} exists already; name another file, or a folder")
    write_journal(store, folder)
    project = dict(_project_files(settings))
    stored = [name for name in folder.stored_names() if not name.startswith(f"{FLEETING}/")]
    for name in (*(PROJECT + name for name in project), *(ARTIFACTS + name for name in stored)):
        check_name(name)
    masked = [name for name, content in project.items() if _masked(content) != content]
    contents = {
        "format": FORMAT,
        "made_at": made_at.isoformat(timespec="seconds"),
        "schema": HEAD,
        "project": sorted(project),
        "artifacts": stored,
        "masked": masked,
        "places": _places(settings),
    }
    with _new_file(path) as file, _packing(file) as packer, tarfile.open(fileobj=packer, mode="w|") as tar:
        _add(tar, CONTENTS, json.dumps(contents, indent=1).encode())
        hashes = {PROJECT + name: _add(tar, PROJECT + name, _masked(content)) for name, content in project.items()}
        for name in stored:
            hashes[ARTIFACTS + name] = _add_stored(tar, folder, name)
        _add(tar, HASHES, json.dumps(hashes, indent=1).encode())
    _read_back(path, hashes)
    return BackedUp(path, len(hashes), path.stat().st_size, tuple(masked))


def _read_back(path: Path, hashes: Mapping[str, str]) -> None:
    """A backup that could not be brought back is none."""
    try:
        found = {member.name: read_hash(member.content)[0] for member in read_members(path)}
    except BadBackup as error:
        path.unlink()
        raise ValueError(
            f"the backup was removed, because it could not be brought back: {error}. `caseforge archive --older-than 0h` packs the largest files; try again"
        ) from error
    if any(found.get(name) != sha256 for name, sha256 in hashes.items()):
        path.unlink()
        raise ValueError(f"{path} was removed: what was read back is not what was written. Is the disk in order?")


def _project_files(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Name below the project folder, and content. A framework's source that lies elsewhere is among the artifacts."""
    own = settings.configuration
    names = [*PROJECT_FILES, own.templates, own.own_stages, *(entry.source for entry in own.frameworks.values())]
    for name in dict.fromkeys(filter(None, names)):
        path = (settings.project_folder / name).resolve()
        if not path.is_relative_to(settings.project_folder):
            continue
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not _is_hidden(file.relative_to(settings.project_folder)):
                yield file.relative_to(settings.project_folder).as_posix(), file.read_bytes()


def _is_hidden(name: Path) -> bool:
    """Secrets, what systems and editors leave, and what Python makes by itself."""
    return any(part.startswith(".") or part == "__pycache__" for part in name.parts)


def _places(settings: Settings) -> dict[str, object]:
    """Says where the project has its own things, also where the environment says so: a restore takes nothing from anywhere else."""
    own, folder = settings.configuration, settings.project_folder

    def below(name: str) -> str:
        path = (folder / name).resolve() if name else folder
        return path.relative_to(folder).as_posix() if path != folder and path.is_relative_to(folder) else ""

    sources = [below(entry.source) for entry in own.frameworks.values()]
    return {"templates": below(own.templates), "own_stages": below(own.own_stages), "sources": [name for name in sources if name]}


def _masked(content: bytes) -> bytes:
    """Configuration holds no secrets; where somebody wrote one into it all the same, it stays at home."""
    try:
        return redact_file(content.decode()).encode()
    except UnicodeDecodeError:
        return content


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears when it is whole, for its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _packing(file: IO[bytes]) -> Iterator[IO[bytes]]:
    import zstandard

    with zstandard.ZstdCompressor(write_checksum=True).stream_writer(file, closefd=False) as packer:
        yield packer


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> str:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))
    return hashlib.sha256(content).hexdigest()


def _add_stored(tar: tarfile.TarFile, folder: ArtifactFolder, name: str) -> str:
    info = tarfile.TarInfo(ARTIFACTS + name)
    info.size = folder.stored_bytes(name)
    with folder.open_stored(name) as file:
        reader = _Hashing(file)
        tar.addfile(info, reader)
    return reader.digest.hexdigest()


class _Hashing:
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self.digest.update(content)
        return content
