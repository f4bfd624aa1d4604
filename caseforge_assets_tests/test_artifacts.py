"""Artifacts: whole under their name or not there at all, hashed, and nobody else's to read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from caseforge_assets.artifacts import (
    CHUNK_BYTES,
    Artifact,
    ArtifactDamaged,
    ArtifactFolder,
    ArtifactMissing,
    ArtifactsUnavailable,
    fetched,
)

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


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "batches/../../secret", "a\\..\\b", "s3://other/a", "", "a\0b"])
def test_a_name_that_leads_elsewhere_is_neither_read_nor_written_nor_removed(tmp_path: Path, name: str) -> None:
    """Rows of a journal that came with somebody else's backup may name anything."""
    (tmp_path / "secret").write_text("mine")
    folder = ArtifactFolder(str(tmp_path / "a"))
    for call in (
        lambda: list(folder.read(name)),
        lambda: folder.write(name, [b"x"]),
        lambda: folder.remove(name),
        lambda: folder.size_bytes(name),
        lambda: folder.is_archived(name),
        lambda: folder.local(name).__enter__(),
    ):
        with pytest.raises(ArtifactsUnavailable, match="leads out of their folder"):
            call()
    assert (tmp_path / "secret").read_text() == "mine"


def test_what_is_not_what_was_expected_does_not_appear(tmp_path: Path) -> None:
    folder = ArtifactFolder(str(tmp_path))
    expected = Artifact(NAME, hashlib.sha256(b"one").hexdigest(), 3)
    assert folder.write(NAME, [b"one"], expected) == expected
    for other in ([b"two"], [b"one", b"more"], [b"x" * 1_000] * 1_000):
        with pytest.raises(ArtifactDamaged):
            folder.write(NAME, other, expected)
    assert b"".join(folder.read(NAME)) == b"one"
    assert files(tmp_path) == [NAME]


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


@pytest.fixture(params=["folder", "memory", "s3"])
def any_folder(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactFolder:
    """A folder, and two kinds of buckets."""
    kinds = {
        "folder": lambda: str(tmp_path),
        "memory": lambda: f"memory://{tmp_path.name}",
        "s3": lambda: request.getfixturevalue("s3") + tmp_path.name,
    }
    return ArtifactFolder(kinds[request.param]())


def test_folders_and_buckets_keep_the_same_promises(any_folder: ArtifactFolder) -> None:
    folder = any_folder
    artifact = folder.write(NAME, [b"one", b"two"])
    assert folder.exists(artifact)
    assert b"".join(folder.read(NAME)) == b"onetwo"
    with pytest.raises(ConnectionError):
        folder.write("batches/cd/cd.output.jsonl", breaking_off(b"half"))
    assert not folder.exists(Artifact("batches/cd/cd.output.jsonl", "", 4))
    with pytest.raises(ConnectionError):
        folder.write(NAME, breaking_off(b"ONE"))
    assert folder.exists(artifact)
    assert folder.names("batches") == [NAME]
    assert folder.names("nothing") == []
    with folder.local(NAME) as copy:
        assert copy.read_bytes() == b"onetwo"
        assert copy.name == "abc.output.jsonl"
    folder.remove(NAME)
    folder.remove(NAME)
    assert not folder.exists(artifact)


def test_an_archived_artifact_is_read_like_any_other(any_folder: ArtifactFolder) -> None:
    folder, content = any_folder, b"0123456789" * 300_000
    plain = folder.write(NAME, [content])
    packed = folder.write_packed(NAME, [content], len(content))
    assert packed == plain
    assert not folder.is_archived(NAME)
    folder.remove(NAME)
    assert folder.is_archived(NAME)
    assert folder.exists(plain)
    assert not folder.exists(Artifact(NAME, plain.sha256, 5))
    assert b"".join(folder.read(NAME)) == content
    assert folder.names("batches") == [NAME]
    with folder.local(NAME) as copy:
        assert copy.read_bytes() == content
    assert not copy.exists()


def test_what_is_not_there_is_said_by_name(any_folder: ArtifactFolder) -> None:
    with pytest.raises(ArtifactMissing, match=r"abc\.output\.jsonl is not there, nor is it archived"):
        list(any_folder.read(NAME))


def test_a_damaged_archive_is_no_content(tmp_path: Path) -> None:
    folder = ArtifactFolder(str(tmp_path))
    folder.write_packed(NAME, [b"x" * 1000, bytes(range(256)) * 100])
    packed = tmp_path / f"{NAME}.zst"
    content = bytearray(packed.read_bytes())
    content[len(content) // 2] ^= 0xFF
    packed.write_bytes(content)
    with pytest.raises(ArtifactsUnavailable, match="is damaged"):
        list(folder.read(NAME))


def test_a_bucket_that_is_not_there_is_said_to_be_so(s3: str) -> None:
    folder = ArtifactFolder("s3://nobodys-bucket/x")
    with pytest.raises(ArtifactsUnavailable, match=r"s3://nobodys-bucket/x/.* cannot be written: .*check the bucket"):
        folder.write(NAME, [b"x"])
    with pytest.raises(ArtifactsUnavailable):
        list(folder.read(NAME))


def test_a_bucket_that_cannot_be_reached_is_said_to_be_so(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    ArtifactFolder("s3://elsewhere/x")._root.fs.clear_instance_cache()
    folder = ArtifactFolder("s3://elsewhere/x")
    with pytest.raises(ArtifactsUnavailable, match="cannot be written"):
        folder.write(NAME, [b"x"])
    for reach in (folder.names, folder.size_bytes, folder.is_archived, folder.remove):
        with pytest.raises(ArtifactsUnavailable, match=r"cannot be reached: .*check the bucket"):
            reach("batches")
    folder._root.fs.clear_instance_cache()


def test_a_workbook_is_fetched_from_its_bucket_under_its_own_name(s3: str) -> None:
    ArtifactFolder(s3).write("books/shop 7.4.csv", [b"code,name"])
    with fetched(f"{s3}/books/shop 7.4.csv") as copy:
        assert (copy.name, copy.read_bytes()) == ("shop 7.4.csv", b"code,name")
    assert not copy.exists()
    with pytest.raises(ArtifactMissing, match=r"s3://kept/.*nothing.csv is not there"), fetched(f"{s3}/nothing.csv"):
        pass
    with pytest.raises(ArtifactsUnavailable, match="pages of the web are not read"), fetched("https://user:secret@example.com/a.csv"):
        pass
