"""Files that must not be lost or half-written: batch inputs and manifests, downloaded outputs, batch objects.

An artifact appears under its name only when it is whole: written under a temporary name, fsynced, hashed, renamed.
Names are made here and from numbers only, so that no text from a framework ever becomes a path.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from upath import UPath

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Artifact:
    """A whole file: its path relative to the artifact folder, SHA-256 (hex) and size."""

    path: str
    sha256: str
    size_bytes: int

    def as_json(self) -> dict[str, Any]:
        """For the database."""
        return asdict(self)


class ArtifactsUnavailable(Exception):
    """The folder or bucket of artifacts cannot be written to; the text says why and what to do. Nothing half is left there."""


class ArtifactFolder:
    """The folder or bucket (any universal-pathlib URL) that artifacts live in; a local one is readable by its owner only."""

    def __init__(self, root: str) -> None:
        self._root = UPath(root)
        self._local = Path(root) if self._root.protocol in ("", "file") else None

    def batch_path(self, submission_id: str, role: str) -> str:
        """Relative path of one file of a batch; role is like `input.jsonl`."""
        return f"batches/{submission_id[:2]}/{submission_id}.{role}"

    def write(self, path: str, chunks: Iterable[bytes]) -> Artifact:
        """Writes a file whole or not at all; an existing one is replaced.

        Raises:
            ArtifactsUnavailable: the disk is full or not writable; nothing appears under `path`.
        """
        try:
            return self._write(path, chunks)
        except OSError as error:
            if isinstance(error, ConnectionError):  # where the bytes come from, not where they go
                raise
            raise ArtifactsUnavailable(
                f"{self.describe(path)} cannot be written: {error.strerror or error}. Nothing is lost: free space there, or make it writable, "
                "and the work goes on where it stopped"
            ) from error

    def _write(self, path: str, chunks: Iterable[bytes]) -> Artifact:
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._local is not None:
            self._local.chmod(0o700)
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        digest, size = hashlib.sha256(), 0
        try:
            with part.open("wb") as file:
                for chunk in chunks:
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                self._sync(file)
            self._rename(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Artifact(path, digest.hexdigest(), size)

    def read(self, path: str) -> Iterator[bytes]:
        """The file's bytes in chunks of a mebibyte."""
        with (self._root / path).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def open_local(self, path: str) -> Path:
        """A path that the provider's client can upload from; a file of a bucket is fetched into a local copy first."""
        if self._local is not None:
            return self._local / path
        import tempfile

        copy = Path(tempfile.mkdtemp(prefix="caseforge-")) / Path(path).name
        with copy.open("wb") as file:
            file.writelines(self.read(path))
        return copy

    def exists(self, artifact: Artifact) -> bool:
        """Whether the file is there with the recorded size."""
        target = self._root / artifact.path
        return target.exists() and target.stat().st_size == artifact.size_bytes

    def describe(self, path: str) -> str:
        """The full name, for people."""
        return str(self._root / path)

    def _sync(self, file: Any) -> None:
        file.flush()
        if self._local is not None:
            os.fsync(file.fileno())

    def _rename(self, part: UPath, target: UPath) -> None:
        if self._local is None:
            part.rename(target)
            return
        part_path, target_path = Path(str(part)), Path(str(target))
        part_path.replace(target_path)
        folder = os.open(target_path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
