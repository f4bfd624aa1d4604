"""Files that must not be lost or half-written: batch inputs and manifests, downloaded outputs, batch objects, workbooks, the journal.

An artifact appears under its name only when it is whole. In a folder it is written under a temporary name, fsynced, hashed and renamed;
for a bucket it is made whole in a local file first and then put there in one piece, because a rename in a bucket is a copy.
An artifact that was archived is `NAME.zst` in place of `NAME`, and is read like any other.
Names are made here and from numbers only, so that no text from a framework ever becomes a path.
"""

from caseforge_assets.artifacts.artifact import (
    ARCHIVED,
    Artifact,
    ArtifactDamaged,
    ArtifactMissing,
    ArtifactsUnavailable,
    read_hash,
    sync_folder,
)
from caseforge_assets.artifacts.fetching import fetched
from caseforge_assets.artifacts.folder import ArtifactFolder, checked_name
from caseforge_assets.packed import CHUNK_BYTES

__all__ = [
    "ARCHIVED",
    "CHUNK_BYTES",
    "Artifact",
    "ArtifactDamaged",
    "ArtifactFolder",
    "ArtifactMissing",
    "ArtifactsUnavailable",
    "checked_name",
    "fetched",
    "read_hash",
    "sync_folder",
]
