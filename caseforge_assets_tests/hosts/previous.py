"""The version before the newest migration, out of the project's own history: what runs beside the new one during an upgrade."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from caseforge_assets.store.database.engine import HEAD
from caseforge_assets.store.database.revisions import MIGRATIONS, RUNS_BEFORE
from caseforge_assets_tests.hosts.cluster import PROJECT

NEWEST = next((MIGRATIONS / "versions").glob(f"{HEAD}_*.py"))


class NoPreviousVersion(LookupError):
    """There is none to be had here; the text says why."""


def unpack_previous_version(folder: Path) -> str:
    """Writes the project as it was before the newest migration came, and returns its commit.

    Raises:
        NoPreviousVersion: no history is at hand, or this version doesn't work with the schema of that one.
    """
    if RUNS_BEFORE not in NEWEST.read_text(encoding="utf-8"):
        raise NoPreviousVersion(f"this version does not work with the schema before {NEWEST.name}: everything is stopped for it")
    if shutil.which("git") is None:
        raise NoPreviousVersion("git is not installed, and the version before comes out of the history")
    came = _git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(NEWEST.relative_to(PROJECT))).strip()
    if not came:
        raise NoPreviousVersion(f"the history here does not tell when {NEWEST.name} came")
    commit = _git("rev-parse", f"{came}^").strip()
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    _git("archive", "--format=tar", f"--output={archive}", commit)
    shutil.unpack_archive(archive, folder, filter="data")
    return commit


def _git(*arguments: str) -> str:
    # Whose folder it is does not matter: nothing of it is run but what is tried here anyway.
    ended = subprocess.run(
        ["git", "-c", f"safe.directory={PROJECT}", "-C", str(PROJECT), *arguments], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise NoPreviousVersion(f"no history is at hand: {ended.stderr.strip()[-300:]}")
    return ended.stdout
