"""Files that appear when they are whole, made here or at background priority."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from caseforge_assets.second_process.background import in_background

Record = TypeVar("Record")


def write_file(target: Path, write: Callable[[BinaryIO, Record], None], record: Record, *, quietly: bool) -> None:
    """Writes a record into a file.

    Args:
        target: the file, which is replaced where it exists.
        write: a pure function of a module.
        record: what it writes.
        quietly: in a process of its own at low priority, so that others are answered meanwhile.
    """
    with _appearing_whole(target) as part:
        function = partial(_write, write, part)
        if quietly:
            in_background(function, record)
        else:
            function(record)


def _write(write: Callable[[BinaryIO, Record], None], part: Path, record: Record) -> None:
    with part.open("wb") as file:
        write(file, record)


def write_text(target: Path, parts: Iterable[str]) -> None:
    """A text file."""
    with _appearing_whole(target) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(parts)


@contextmanager
def _appearing_whole(target: Path) -> Iterator[Path]:
    """A file to write to, which becomes the target when all of it is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
