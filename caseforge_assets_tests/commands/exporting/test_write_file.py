"""Files that appear when they are whole. Imports little: what it hands to another process is imported there, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseforge_assets.commands.exporting import write_file


def test_a_file_that_cannot_be_finished_leaves_the_one_before(tmp_path: Path) -> None:
    target = tmp_path / "out.bin"
    target.write_bytes(b"before")
    for quietly in (False, True):
        with pytest.raises(ValueError, match="half"):
            write_file.write_file(target, _half, "half", quietly=quietly)
        assert [path.name for path in tmp_path.iterdir()] == ["out.bin"]
        assert target.read_bytes() == b"before"


def _half(file: object, record: str) -> None:
    file.write(b"half")  # type: ignore[attr-defined]
    raise ValueError(record)
