"""A backup, which may come from anybody, is unpacked beside where it belongs and checked whole, before `place_backup` puts anything into its place."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caseforge_assets.artifacts import ArtifactFolder, ArtifactsUnavailable
from caseforge_assets.commands.backing_up.backup import ARTIFACTS, CONTENTS, FORMAT, HASHES, PROJECT
from caseforge_assets.commands.backing_up.read_backup import BadBackup as BadBackup
from caseforge_assets.commands.backing_up.read_backup import Member, read_members, shown
from caseforge_assets.commands.backing_up.read_project_files import (
    CONFIGURATION,
    LARGEST_FILE_BYTES,
    LARGEST_SETTINGS_BYTES,
    PROJECT_FILES,
    Kind,
    kind_of,
    places_in,
    read_configuration,
    settings_shown,
)
from caseforge_assets.wording import counted

LARGEST_LIST_BYTES = 128 << 20
_SPARE_BYTES = 64 << 20  # of the disk
_ARTIFACT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}")


@dataclass(frozen=True)
class Brought:
    """A file of the project in a backup, and what it is."""

    name: str
    kind: Kind
    size_bytes: int


@dataclass(frozen=True)
class CheckedBackup:
    """A backup that is whole and unpacked in a folder of its own, with nothing in its place yet.

    Attributes:
        artifacts: Names of the artifacts, of all together the size in bytes.
        project: The project's files.
        settings: What its caseforge.toml sets, a line each.
        masked: Files in which a secret was masked when the backup was made.
    """

    folder: Path
    made_at: str
    artifacts: tuple[str, ...]
    artifacts_bytes: int
    project: tuple[Brought, ...]
    settings: tuple[str, ...]
    masked: tuple[str, ...]


@contextmanager
def checked_backup(path: Path, folder: ArtifactFolder) -> Iterator[CheckedBackup]:
    """Unpacks a backup beside the artifacts' folder and checks it; what is not placed within the block is gone after it.

    Raises:
        BadBackup: the file cannot be read, is not what was written, or holds what no backup holds. Nothing was changed.
        ValueError: the folder holds artifacts of another project, or newer ones; nothing was changed.
    """
    with _staging(folder) as staging:
        try:
            contents, hashes, recorded = _unpack(path, folder, staging)
        except OSError as error:
            raise ArtifactsUnavailable(f"{staging} cannot be written: {error.strerror or error}. Nothing was changed") from error
        _check_hashes(path, recorded, hashes)
        yield _judged(path, staging, contents, hashes)


@contextmanager
def _staging(folder: ArtifactFolder) -> Iterator[Path]:
    """A folder on the artifacts' own disk, for its owner only. Those that a killed process left are removed: nobody holds their lock."""
    root, prefix = folder.local_root, ".caseforge-unpacking-"
    place = Path(tempfile.gettempdir()) if root is None else root.parent
    is_new = not place.exists()
    try:
        place.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    except OSError as error:
        raise ArtifactsUnavailable(f"{place} cannot be written: {error.strerror or error}. Nothing was changed") from error
    with _locked(staging):
        try:
            _remove_leftovers(place, prefix, staging)
            yield staging
        finally:
            shutil.rmtree(staging)
            if is_new and not any(place.iterdir()):
                place.rmdir()


def _remove_leftovers(place: Path, prefix: str, own: Path) -> None:
    for left in place.glob(f"{prefix}*"):
        if left.is_symlink() or left == own:
            continue
        with _locked(left) as mine:
            if mine:
                shutil.rmtree(left)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # another process has removed it, or it is somebody else's
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)


def _unpack(path: Path, folder: ArtifactFolder, staging: Path) -> tuple[dict[str, Any], dict[str, str], Mapping[str, Any]]:
    """Gives what the backup says at its beginning, the hashes of what was unpacked, and those that it says at its end."""
    members = read_members(path)
    contents = _contents(path, next(members, None))
    _refuse_others(folder, contents["artifacts"])
    hashes: dict[str, str] = {}
    for member in members:
        if member.name == HASHES:
            recorded = _json(member)
            _refuse_more(path, members)
            return contents, hashes, recorded
        _check_listed(path, member, contents)
        if member.size_bytes > shutil.disk_usage(staging).free - _SPARE_BYTES:
            raise BadBackup(
                f"{path}: there is no room for {member.name} with its {counted(member.size_bytes, 'byte')}. Nothing was changed"
            )
        hashes[member.name] = write_whole(staging / member.name, member.content)
    raise BadBackup(f"{path} is damaged: it ends without its hashes. Nothing was changed")


def write_whole(target: Path, content: Iterator[bytes]) -> str:
    """Writes a file to the disk; returns its SHA-256 (hex)."""
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        for chunk in content:
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _refuse_more(path: Path, members: Iterator[Member]) -> None:
    for member in members:
        raise BadBackup(f"{path} holds {shown(member.name)} after its hashes, which no backup does. Nothing was changed")


def _json(member: Member) -> dict[str, Any]:
    try:
        found = json.loads(member.whole(LARGEST_LIST_BYTES))
    except (ValueError, RecursionError) as error:
        raise BadBackup(f"{member.name} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise BadBackup(f"{member.name} is not what a backup has")
    return found


def _contents(path: Path, first: Member | None) -> dict[str, Any]:
    if first is None or first.name != CONTENTS:
        raise BadBackup(f"{path} is no backup of CaseForge")
    contents = _json(first)
    if not isinstance(contents.get("format"), int):
        raise BadBackup(f"{path} is no backup of CaseForge")
    if contents["format"] > FORMAT:
        raise BadBackup(f"{path} was written by a newer version of CaseForge; use that one")
    for name in ("project", "artifacts", "masked"):
        listed = contents.setdefault(name, [])
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise BadBackup(f"{path} is no backup of CaseForge: {CONTENTS} does not list its files")
    contents["listed"] = {*(PROJECT + name for name in contents["project"]), *(ARTIFACTS + name for name in contents["artifacts"])}
    return contents


def _refuse_others(folder: ArtifactFolder, listed: list[str]) -> None:
    others = sorted(set(folder.stored_names()) - set(listed))
    if others:
        raise ValueError(
            f"{folder.describe('')} holds {counted(len(others), 'artifact')} that are not in the backup, the first: {others[0]}. Nothing was changed. "
            "Name an empty folder (CASEFORGE_HOME) or bucket (CASEFORGE_ARTIFACTS)"
        )


def _check_listed(path: Path, member: Member, contents: dict[str, Any]) -> None:
    """Only what the backup lists at its beginning is unpacked, under names that artifacts and files of a project have."""
    short = member.name.removeprefix(ARTIFACTS)
    odd = short != member.name and (not _ARTIFACT.fullmatch(short) or short.endswith(".part"))
    if member.name not in contents["listed"] or odd:
        raise BadBackup(f"{path}: {shown(member.name)} does not belong into a backup. Nothing was changed")
    of_project = member.name.removeprefix(PROJECT)
    most = LARGEST_SETTINGS_BYTES if of_project in PROJECT_FILES else LARGEST_FILE_BYTES
    if of_project != member.name and member.size_bytes > most:
        raise BadBackup(f"{path}: {member.name} has {counted(member.size_bytes, 'byte')}, where {most:,} is the most. Nothing was changed")


def _check_hashes(path: Path, recorded: Mapping[str, Any], found: dict[str, str]) -> None:
    wrong = sorted(name for name in recorded.keys() | found.keys() if recorded.get(name) != found.get(name))
    if wrong:
        raise BadBackup(
            f"{path} is damaged: {counted(len(wrong), 'file is', 'files are')} not as they were backed up, the first: {shown(wrong[0])}. Nothing was changed"
        )


def _judged(path: Path, staging: Path, contents: dict[str, Any], hashes: dict[str, str]) -> CheckedBackup:
    missing = sorted(contents["listed"] - hashes.keys())
    if missing:
        raise BadBackup(f"{path} is damaged: {shown(missing[0])} is missing. Nothing was changed")
    project = {name.removeprefix(PROJECT): staging / name for name in hashes if name.startswith(PROJECT)}
    artifacts = [name.removeprefix(ARTIFACTS) for name in hashes if name.startswith(ARTIFACTS)]
    own = read_configuration(project[CONFIGURATION].read_bytes()) if CONFIGURATION in project else {}
    recorded = contents.get("places")
    places = list(places_in(own, recorded if isinstance(recorded, dict) else {}))
    brought = [Brought(name, kind_of(name, file.read_bytes(), places), file.stat().st_size) for name, file in project.items()]
    size = sum((staging / ARTIFACTS / name).stat().st_size for name in artifacts)
    made_at, masked = shown(str(contents.get("made_at", ""))[:40]), tuple(map(shown, contents["masked"]))
    return CheckedBackup(staging, made_at, tuple(artifacts), size, tuple(brought), tuple(settings_shown(own)), masked)
