"""Temporary folders, under one name by which those that a killed process left behind are found and removed."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "caseforge-tmp-"
LEFT_S = 86_400.0  # nothing that is written or read in them takes a day


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that only its owner can enter, and that is removed after the block."""
    return tempfile.TemporaryDirectory(prefix=PREFIX)


def remove_leftovers() -> int:
    """Removes this user's temporary folders that nobody has changed for a day; returns how many there were."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            found = folder.lstat()
        except FileNotFoundError:  # its process was about to remove it
            continue
        if found.st_uid == os.geteuid() and time.time() - found.st_mtime > LEFT_S:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed
