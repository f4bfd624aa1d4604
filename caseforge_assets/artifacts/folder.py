"""The folder or bucket in which artifacts lie: written whole or not at all, read packed or not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from upath import UPath

from caseforge_assets.artifacts.artifact import (
    ARCHIVED,
    Artifact,
    ArtifactDamaged,
    ArtifactMissing,
    ArtifactsUnavailable,
    copy_checked,
    sync_folder,
)
from caseforge_assets.artifacts.bucket import open_bucket
from caseforge_assets.packed import CHUNK_BYTES, BadPacking, unpacked_chunks, unpacked_size
from caseforge_assets.redaction import redact
from caseforge_assets.temporary import temporary_folder

PACKING_LEVEL = 1  # of zstd; 3 takes twice as long for 2 % less
_HEADER_BYTES = 18  # a frame header of zstd is never longer: https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1.1


class ArtifactFolder:
    """The folder or bucket (any universal-pathlib URL) that artifacts live in; a local one is readable by its owner only."""

    def __init__(self, root: str) -> None:
        if "://" in root and not root.startswith("file://"):
            self._local = None
            self._root = open_bucket(root)
        else:
            self._local = Path(root.removeprefix("file://"))
            self._root = UPath(self._local)

    @property
    def local_root(self) -> Path | None:
        """The folder; None for a bucket."""
        return None if self._local is None else self._local.resolve()

    def batch_path(self, submission_id: str, role: str) -> str:
        """Relative path of one file of a batch; role is like `input.jsonl`."""
        return f"batches/{submission_id[:2]}/{submission_id}.{role}"

    def write(self, path: str, chunks: Iterable[bytes], expected: Artifact | None = None) -> Artifact:
        """Writes a file whole or not at all; an existing one is replaced.

        Args:
            expected: what the file has to be; nothing appears where it is something else.

        Raises:
            ArtifactsUnavailable: the disk is full or not writable, or the bucket cannot be reached; nothing appears under `path`.
            ArtifactDamaged: it is not what was expected.
        """
        try:
            return self._write_file(path, chunks, expected) if self._local is not None else self._put(path, chunks, expected)
        except OSError as error:
            if isinstance(error, ConnectionError):  # where the bytes come from, not where they go
                raise
            raise self._unwritable(path, error) from error

    def write_packed(self, path: str, chunks: Iterable[bytes], size_bytes: int = -1) -> Artifact:
        """Writes a file as an archived one: `PATH.zst`, with a checksum of its own, whole or not at all.

        Args:
            size_bytes: the size of the chunks together, where it is known.

        Returns:
            Path, hash and size as they are when it is read: unpacked.
        """
        import zstandard

        digest, size = hashlib.sha256(), 0
        # With a thread of its own it packs while the next chunks are made.
        packer = zstandard.ZstdCompressor(level=PACKING_LEVEL, write_checksum=True, threads=1).compressobj(size=size_bytes)

        def packed() -> Iterator[bytes]:
            nonlocal size
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                yield packer.compress(chunk)
            yield packer.flush()

        self.write(path + ARCHIVED, packed())
        return Artifact(path, digest.hexdigest(), size)

    def _write_file(self, path: str, chunks: Iterable[bytes], expected: Artifact | None) -> Artifact:
        root = Path(str(self._local))
        target = root / checked_name(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                artifact = copy_checked(path, chunks, file, expected)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
            sync_folder(target.parent)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return artifact

    def _put(self, path: str, chunks: Iterable[bytes], expected: Artifact | None) -> Artifact:
        with temporary_folder() as folder:
            copy = Path(folder) / "copy"
            with copy.open("wb") as file:
                artifact = copy_checked(path, chunks, file, expected)
            target = self._root / checked_name(path)
            try:
                target.fs.put_file(str(copy), target.path)
            except Exception as error:  # the libraries of object stores have errors of their own
                raise self._unwritable(path, error) from error
        return artifact

    def _unwritable(self, path: str, error: Exception) -> ArtifactsUnavailable:
        why = getattr(error, "strerror", None) or error
        advice = "free space there, or make it writable" if self._local is not None else "check the bucket, its credentials and the network"
        return ArtifactsUnavailable(
            f"{self.describe(path)} cannot be written: {redact(str(why))}. Nothing is lost: {advice}, and the work goes on where it stopped"
        )

    def read(self, path: str) -> Iterator[bytes]:
        """The file's bytes in chunks of a mebibyte at most; an archived one's are unpacked.

        Raises:
            ArtifactMissing: it is not there.
            ArtifactsUnavailable: it cannot be read, or the archived one is damaged.
        """
        try:
            yield from _chunks(self._open(path))
        except FileNotFoundError:
            yield from self.read_archived(path)

    def read_archived(self, path: str) -> Iterator[bytes]:
        """The same of the archived file, whether the one as it was written is there or not."""
        try:
            packed = self._open(path + ARCHIVED)
        except FileNotFoundError as error:
            raise ArtifactMissing(
                f"{self.describe(path)} is not there, nor is it archived. `caseforge verify` says what else is"
            ) from error
        try:
            with packed:
                yield from unpacked_chunks(packed)
        except BadPacking as error:
            raise ArtifactDamaged(f"{self.describe(path + ARCHIVED)} is damaged and cannot be unpacked: {error}") from error

    def _open(self, path: str) -> IO[bytes]:
        with self._reaching(path):
            return (self._root / checked_name(path)).open("rb")

    @contextmanager
    def _reaching(self, path: str) -> Iterator[None]:
        """Whatever the libraries of object stores raise is one error with a text for people; that nothing is there is none."""
        try:
            yield
        except (FileNotFoundError, ArtifactDamaged):
            raise
        except Exception as error:
            advice = "" if self._local is not None else "; check the bucket, its credentials and the network"
            raise ArtifactsUnavailable(f"{self.describe(path)} cannot be reached: {redact(str(error))}{advice}") from error

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """A path that the provider's client can upload from; what lies in a bucket or is archived is a copy, which is removed after the block."""
        here = None if self._local is None else self._local / checked_name(path)
        if here is not None and here.exists():
            yield here
            return
        with temporary_folder() as folder:
            copy = Path(folder) / Path(path).name
            with copy.open("wb") as file:
                file.writelines(self.read(path))
            yield copy

    def exists(self, artifact: Artifact) -> bool:
        """Tells whether the file is there, as it was written or archived, with the recorded size."""
        return self.size_bytes(artifact.path) == artifact.size_bytes

    def size_bytes(self, path: str) -> int | None:
        """The size of a file (unpacked, where it is archived); None where it is not there."""
        try:
            return self.stored_bytes(path)
        except FileNotFoundError:
            pass
        try:
            with self._open(path + ARCHIVED) as packed:
                return unpacked_size(packed.read(_HEADER_BYTES))
        except FileNotFoundError:
            return None

    def stored_bytes(self, path: str) -> int:
        """Gives what one file takes up, as it is there."""
        with self._reaching(path):
            return int((self._root / checked_name(path)).stat().st_size)

    def is_archived(self, path: str) -> bool:
        """Tells whether only the archived file is there."""
        with self._reaching(path):
            return not (self._root / checked_name(path)).exists() and (self._root / (path + ARCHIVED)).exists()

    def names(self, folder: str) -> list[str]:
        """Relative paths of all files below a folder, in order; those of archived files as they were written."""
        return sorted({name.removesuffix(ARCHIVED) for name in self.stored_names(folder)})

    def stored_names(self, folder: str = "") -> list[str]:
        """Relative paths of all files below a folder, in order, by the names that they have there."""
        root = self._root / folder
        start = len(self._root.path.rstrip("/")) + 1
        with self._reaching(folder):
            if not root.exists():
                return []
            return sorted(str(name)[start:] for name in root.fs.find(root.path) if not name.endswith(".part"))

    def open_stored(self, name: str) -> IO[bytes]:
        """One of these files, as it is there."""
        return self._open(name)

    def remove(self, path: str) -> None:
        """Removes one file, if it is there; of an archived artifact, give the name with `.zst`."""
        with self._reaching(path):
            (self._root / checked_name(path)).unlink(missing_ok=True)

    def remove_any(self, path: str) -> None:
        """Removes an artifact, as it was written and archived."""
        self.remove(path)
        self.remove(path + ARCHIVED)

    def describe(self, path: str) -> str:
        """The full name, for people."""
        return str(self._root / path)


def checked_name(path: str) -> str:
    """The name of an artifact, which leads nowhere else: rows that name one may have come with a journal of somebody else's.

    Raises:
        ArtifactDamaged: it would lead out of the folder.
    """
    parts = path.split("/")
    if not parts[0] or ".." in parts or "\\" in path or "\0" in path or "://" in path:
        raise ArtifactDamaged(f"{path!r} is no name of an artifact: it leads out of their folder, and was left alone")
    return path


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
