"""Temporary folders: gone after the block; what a kill left goes a day later, and nothing else does."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from caseforge_assets.temporary import LEFT_S, PREFIX, remove_leftovers, temporary_folder


def test_what_a_killed_process_left_goes_after_a_day_and_nothing_else_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as folder:
        assert Path(folder).stat().st_mode & 0o077 == 0
        old, of_others = tmp_path / f"{PREFIX}old", tmp_path / "caseforge-socket"
        for left in (old, of_others):
            (left / "deep").mkdir(parents=True)
            os.utime(left, times=(0, time.time() - LEFT_S - 60))
        assert remove_leftovers() == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["caseforge-socket", Path(folder).name])
    assert [path.name for path in tmp_path.iterdir()] == ["caseforge-socket"]
    assert remove_leftovers() == 0
