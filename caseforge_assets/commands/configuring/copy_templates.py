"""config templates: what stages are asked with, written down to be changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from caseforge_assets.stages.stage import Stage


def copy_templates(stages: Sequence[Stage], folder: Path) -> Iterator[Path]:
    """Writes the files of stages as they count now, each stage's into a folder of its name; gives the files that were written.

    A file that is there already is left alone.
    """
    for stage in stages:
        if (templates := stage.templates) is None:
            continue
        for name in stage.files:
            target = folder / templates.folder.name / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(templates.read(name), encoding="utf-8")
                yield target
