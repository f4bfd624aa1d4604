"""Opens a framework's workbook or table as a file: at its path, from a bucket, or the copy that is kept among the artifacts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caseforge_assets.artifacts import ArtifactFolder, fetched
from caseforge_assets.settings import Settings

ARTIFACTS = "artifacts:"


def is_address(source: str) -> bool:
    """Tells whether a source is none of this machine's files."""
    return source.startswith(ARTIFACTS) or "://" in source


@contextmanager
def opened_source(settings: Settings, source: str) -> Iterator[Path]:
    """A source as a file that can be read, relative to the project's folder; of what lies elsewhere a copy, which is removed after the block.

    Raises:
        ArtifactMissing: it is not in its bucket, or not among the artifacts.
        ArtifactsUnavailable: the bucket cannot be reached.
    """
    if source.startswith(ARTIFACTS):
        with ArtifactFolder(settings.artifacts).local(source.removeprefix(ARTIFACTS)) as path:
            yield path
    elif "://" in source:
        with fetched(source) as path:
            yield path
    else:
        yield settings.project_folder / source
