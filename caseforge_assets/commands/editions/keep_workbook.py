"""A copy of what a framework was loaded from, beside what was made of it."""

from __future__ import annotations

from pathlib import Path

from caseforge_assets.artifacts import CHUNK_BYTES, Artifact, ArtifactFolder

SUFFIXES = (".xlsx", ".csv", ".tsv", ".txt", ".xls", ".xlsb", ".ods", ".tab", ".json", ".jsonl", ".ndjson")


def workbook_path(source_name: str, sha256: str) -> str:
    """Says where the copy of a source lies: by its hash, with the kind of file that it is."""
    suffix = Path(source_name).suffix.lower()
    return f"workbooks/{sha256}{suffix if suffix in SUFFIXES else '.bin'}"


def keep_workbook(folder: ArtifactFolder, file: Path, sha256: str) -> None:
    """Keeps a copy, once.

    Raises:
        ValueError: the file is not any more what was read from it.
    """
    path = workbook_path(file.name, sha256)
    if not folder.exists(Artifact(path, sha256, file.stat().st_size)):
        with file.open("rb") as source:
            copy = folder.write(path, iter(lambda: source.read(CHUNK_BYTES), b""))
        if copy.sha256 != sha256:
            folder.remove(path)
            raise ValueError(f"{file} was changed while it was read. Nothing was loaded; load it again")
