"""A file of somebody's bucket, fetched to be read: a workbook that is named by its address."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caseforge_assets.artifacts.artifact import ArtifactMissing, ArtifactsUnavailable
from caseforge_assets.artifacts.bucket import open_bucket
from caseforge_assets.redaction import redact, without_login
from caseforge_assets.temporary import temporary_folder

LARGEST_BYTES = 256 << 20
_WEB = ("http://", "https://")


@contextmanager
def fetched(address: str) -> Iterator[Path]:
    """A copy under the file's own name, which is removed after the block.

    Raises:
        ArtifactMissing: it is not there.
        ArtifactsUnavailable: the bucket cannot be reached, or the file is larger than any workbook.
    """
    shown = without_login(address)
    if address.startswith(_WEB):
        raise ArtifactsUnavailable(f"{shown}: pages of the web are not read. Download the file, and load it from where it lies then")
    with temporary_folder() as folder:
        copy = Path(folder) / address.rstrip("/").rpartition("/")[2]
        try:
            _fetch(address, copy)
        except FileNotFoundError as error:
            raise ArtifactMissing(f"{shown} is not there") from error
        except ArtifactsUnavailable:
            raise
        except Exception as error:  # the libraries of object stores have errors of their own
            raise ArtifactsUnavailable(
                f"{shown} cannot be read: {redact(str(error))}; check the address, its credentials and the network"
            ) from error
        yield copy


def _fetch(address: str, copy: Path) -> None:
    place = open_bucket(address)
    if place.stat().st_size > LARGEST_BYTES:
        raise ArtifactsUnavailable(f"{without_login(address)} is larger than {LARGEST_BYTES >> 20} MB, too large for a framework")
    with place.open("rb") as file, copy.open("wb") as target:
        shutil.copyfileobj(file, target)
