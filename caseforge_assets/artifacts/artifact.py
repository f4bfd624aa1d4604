"""One artifact: its name, hash and size, what may be wrong with it, and how its bytes are written."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

ARCHIVED = ".zst"


@dataclass(frozen=True)
class Artifact:
    """A whole file: its path relative to the artifact folder, SHA-256 (hex) and size. Of an archived one, those of what was archived."""

    path: str
    sha256: str
    size_bytes: int

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return asdict(self)


class ArtifactsUnavailable(Exception):
    """The folder or bucket of artifacts cannot be used; the text says why and what to do. Nothing half is left there."""


class ArtifactMissing(ArtifactsUnavailable):
    """An artifact is not there, neither as it was written nor archived."""


class ArtifactDamaged(ArtifactsUnavailable):
    """An artifact is there, and is not what was written."""


def read_hash(chunks: Iterable[bytes]) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of what is read."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def copy_checked(path: str, chunks: Iterable[bytes], file: IO[bytes], expected: Artifact | None) -> Artifact:
    """Copy the bytes of an artifact into a file; raises ArtifactDamaged where they are not what is expected."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if expected and size > expected.size_bytes:
            break
        file.write(chunk)
        digest.update(chunk)
    made = Artifact(path, digest.hexdigest(), size)
    if expected and made != expected:
        raise ArtifactDamaged(
            f"{path} is not what was written ({size:,} bytes or more where {expected.size_bytes:,} are expected), and was left as it is"
        )
    return made


def sync_folder(folder: Path) -> None:
    """Writes the names in a folder to the disk, so that what was renamed stays renamed."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
