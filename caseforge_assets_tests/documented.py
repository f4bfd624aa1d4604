"""The files that docs/templates.md shows: what it says to write is what tests run."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "templates.md"
_FILE = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def write_documented(folder: Path, *beginnings: str) -> list[Path]:
    """Writes the files of the page whose paths begin so, below a folder."""
    written = []
    for name, text in _FILE.findall(PAGE.read_text(encoding="utf-8")):
        if name.startswith(beginnings):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written
