"""The way back of `backup`: its files into a project and a folder of artifacts, from which `restore` goes on."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from caseforge_assets.artifacts import CHUNK_BYTES, ArtifactFolder
from caseforge_assets.commands.backup import ARTIFACTS, CONTENTS, FORMAT, HASHES, PROJECT


class BadBackup(ValueError):
    """The file is no backup, or it is damaged; the text says how."""


@dataclass(frozen=True)
class Unpacked:
    """How many artifacts came back, and the project's files: written, and put beside one that says something else."""

    artifacts: int
    written: tuple[str, ...]
    beside: tuple[str, ...]
    masked: tuple[str, ...]


def unpack_backup(path: Path, folder: ArtifactFolder, project: Path) -> Unpacked:
    """Brings everything back. A project's file that is there and says something else stays; the other is put beside it.

    Killed half-way it can be done again.

    Raises:
        BadBackup: the file cannot be read, or is not what was written.
        ValueError: the folder holds artifacts of another project, or newer ones; nothing was changed.
    """
    written: list[str] = []
    beside: list[str] = []
    hashes: dict[str, str] = {}
    recorded: dict[str, str] = {}
    with _reading(path) as tar:
        contents = _contents(path, tar)
        _refuse_others(folder, contents)
        for name, file in _members(path, tar):
            if name == HASHES:
                recorded = json.load(file)
            elif name.startswith(ARTIFACTS):
                hashes[name] = folder.write(_known(name, ARTIFACTS, contents["artifacts"]), _chunks(file)).sha256
            elif name != CONTENTS:
                content = file.read()
                hashes[name] = hashlib.sha256(content).hexdigest()
                place, own = _put(project, _known(name, PROJECT, contents["project"]), content)
                (beside if own else written).append(place)
    _check(path, recorded, hashes)
    artifacts = sum(name.startswith(ARTIFACTS) for name in hashes)
    return Unpacked(artifacts, tuple(written), tuple(beside), tuple(contents.get("masked", ())))


def _members(path: Path, tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for member in tar:
        file = tar.extractfile(member)
        if file is None:
            raise BadBackup(f"{path}: {member.name} is no file")
        yield member.name, file


def _put(project: Path, name: str, content: bytes) -> tuple[str, bool]:
    """Writes a file of the project; returns its name, and whether one that says something else was there and stays."""
    place = (project / name).resolve()
    if not place.is_relative_to(project.resolve()):
        raise BadBackup(f"{name} would be written outside of the project")
    own = place.exists() and place.read_bytes() != content
    if own:
        place = place.with_name(f"{place.name}.from-backup")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place.relative_to(project.resolve()).as_posix(), own


@contextmanager
def _reading(path: Path) -> Iterator[tarfile.TarFile]:
    import zstandard

    try:
        with (
            path.open("rb") as packed,
            zstandard.ZstdDecompressor().stream_reader(packed) as reader,
            tarfile.open(fileobj=reader, mode="r|") as tar,
        ):
            yield tar
    except (tarfile.TarError, zstandard.ZstdError, EOFError, json.JSONDecodeError) as error:
        raise BadBackup(f"{path} is no backup of CaseForge, or is damaged: {error}") from error
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror or error}") from error


def _contents(path: Path, tar: tarfile.TarFile) -> dict[str, Any]:
    first = tar.next()
    file = tar.extractfile(first) if first is not None and first.name == CONTENTS else None
    contents = json.load(file) if file else {}
    if not isinstance(contents, dict) or "format" not in contents:
        raise BadBackup(f"{path} is no backup of CaseForge")
    if contents["format"] > FORMAT:
        raise BadBackup(f"{path} was written by a newer version of CaseForge; use that one")
    return contents


def _refuse_others(folder: ArtifactFolder, contents: dict[str, Any]) -> None:
    others = sorted(set(folder.stored_names()) - set(contents["artifacts"]))
    if others:
        raise ValueError(
            f"{folder.describe('')} holds {len(others):,} artifacts that are not in the backup, the first: {others[0]}. Nothing was changed. "
            "Name an empty folder (CASEFORGE_HOME) or bucket (CASEFORGE_ARTIFACTS)"
        )


def _known(name: str, prefix: str, listed: list[str]) -> str:
    """The name without its prefix. Only what the backup lists at its beginning is unpacked, and never outside."""
    short = name.removeprefix(prefix)
    if not name.startswith(prefix) or short not in listed or short.startswith("/") or ".." in Path(short).parts:
        raise BadBackup(f"{name} does not belong into a backup")
    return short


def _check(path: Path, recorded: dict[str, str], found: dict[str, str]) -> None:
    wrong = sorted(name for name in recorded.keys() | found.keys() if recorded.get(name) != found.get(name))
    if wrong:
        raise BadBackup(f"{path} is damaged: {len(wrong):,} files are not as they were backed up, the first: {wrong[0]}")


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.read(CHUNK_BYTES), b"")
