"""Artifacts: whole under their name or not there at all, hashed, and nobody else's to read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseforge_assets.artifacts import CHUNK_BYTES, Artifact, ArtifactFolder

NAME = "batches/ab/abc.output.jsonl"


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def breaking_off(*chunks: bytes) -> Iterator[bytes]:
    yield from chunks
    raise ConnectionError("the connection broke")


def test_a_file_is_written_with_its_hash_and_size(tmp_path: Path) -> None:
    artifact = ArtifactFolder(str(tmp_path / "a")).write(NAME, [b"one\n", b"two\n"])
    assert artifact == Artifact(NAME, hashlib.sha256(b"one\ntwo\n").hexdigest(), 8)
    assert (tmp_path / "a" / NAME).read_bytes() == b"one\ntwo\n"
    assert files(tmp_path / "a") == [NAME]


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        ArtifactFolder(str(tmp_path)).write(NAME, breaking_off(b"half"))
    assert files(tmp_path) == []


def test_a_writer_that_fails_leaves_what_was_there_before(tmp_path: Path) -> None:
    folder = ArtifactFolder(str(tmp_path))
    folder.write(NAME, [b"whole"])
    with pytest.raises(ConnectionError):
        folder.write(NAME, breaking_off(b"half"))
    assert b"".join(folder.read(NAME)) == b"whole"
    assert files(tmp_path) == [NAME]


def test_the_name_is_not_there_before_the_file_is_whole(tmp_path: Path) -> None:
    seen: list[bool] = []

    def chunks() -> Iterator[bytes]:
        yield b"first"
        seen.append((tmp_path / NAME).exists())
        yield b"second"

    ArtifactFolder(str(tmp_path)).write(NAME, chunks())
    assert seen == [False]


def test_large_files_are_read_in_pieces(tmp_path: Path) -> None:
    folder = ArtifactFolder(str(tmp_path))
    folder.write(NAME, [b"x" * CHUNK_BYTES, b"y"])
    assert [len(chunk) for chunk in folder.read(NAME)] == [CHUNK_BYTES, 1]


def test_a_file_of_another_size_does_not_count_as_there(tmp_path: Path) -> None:
    folder = ArtifactFolder(str(tmp_path))
    artifact = folder.write(NAME, [b"whole"])
    assert folder.exists(artifact)
    (tmp_path / NAME).write_bytes(b"who")
    assert not folder.exists(artifact)
    (tmp_path / NAME).unlink()
    assert not folder.exists(artifact)


def test_only_the_owner_can_open_the_folder(tmp_path: Path) -> None:
    ArtifactFolder(str(tmp_path / "a")).write(NAME, [b"x"])
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0


def test_names_are_made_of_the_submission_id(tmp_path: Path) -> None:
    folder = ArtifactFolder(str(tmp_path))
    assert folder.batch_path("abc", "output.jsonl") == NAME
    assert folder.describe(NAME) == str(tmp_path / NAME)


def test_a_bucket_takes_artifacts_as_a_folder_does() -> None:
    folder = ArtifactFolder("memory://artifacts-of-a-test")
    artifact = folder.write(NAME, [b"one", b"two"])
    assert folder.exists(artifact)
    assert b"".join(folder.read(NAME)) == b"onetwo"
    with pytest.raises(ConnectionError):
        folder.write("batches/cd/cd.output.jsonl", breaking_off(b"half"))
    assert not folder.exists(Artifact("batches/cd/cd.output.jsonl", "", 4))
    copy = folder.open_local(NAME)
    assert copy.read_bytes() == b"onetwo"
    assert copy.name == "abc.output.jsonl"
