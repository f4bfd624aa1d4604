"""Uploaded files: bounded before they are read, under their own name, in a folder that is removed afterwards."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import UploadFile
from starlette.requests import Request
from starlette.types import Scope

from caseforge_assets.frameworks import Limits
from caseforge_assets.temporary import temporary_folder
from caseforge_assets.web.access.callers import is_known
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.bodies import MEBIBYTE, PLAIN_BYTES, Bound, Largest
from caseforge_assets.web.wire.problems import Refused

_UPLOADS = re.compile(r"/api/v1/frameworks/[^/]+/(?:editions|workbook-edits)|/upload|/decisions")
_FRAME_BYTES = 64 * 1024  # of a form around its file
_LONGEST_NAME = 200  # bytes
_PLAIN = Largest(PLAIN_BYTES)
_OF_STRANGERS = Largest(PLAIN_BYTES, "Sign in first, or send a token: of somebody who is not known, a workbook is not read.")


def largest_body(service: Service) -> Bound:
    """Says how large bodies may be: workbooks as large as is set, all else as it comes from people and programs.

    A form is read before anybody is recognized by whoever answers it, so that who sends a workbook is looked at here: for strangers, hardly anything goes to the disk.
    """

    async def bound(scope: Scope) -> Largest:
        if scope["method"] != "POST" or _UPLOADS.fullmatch(scope["path"]) is None:
            return _PLAIN
        return Largest(largest_file(service) + _FRAME_BYTES) if await is_known(Request(scope), service) else _OF_STRANGERS

    return bound


def largest_file(service: Service) -> int:
    """Says how many bytes a workbook may have."""
    return service.settings.configuration.service.max_upload_mb * MEBIBYTE


def workbook_limits(service: Service) -> Limits:
    """Says how large an exported workbook may be that somebody sends back."""
    return Limits(max_file_bytes=largest_file(service), max_rows=200_000, max_cells=5_000_000)


@contextmanager
def uploaded(file: UploadFile, suffixes: Collection[str]) -> Iterator[Path]:
    """The uploaded file under its own name, in a folder of its own that is removed after the block.

    Raises:
        Refused: the name has a path in it, or the end of no file that is read; 422.
    """
    name = file.filename or ""
    if not name or len(name.encode(errors="replace")) > _LONGEST_NAME or name.startswith(".") or re.search(r"[/\\\x00-\x1f\x7f]", name):
        raise Refused(422, "file-name", "The file's name cannot be used: a plain name is needed, without a folder before it.")
    if Path(name).suffix.lower() not in suffixes:
        raise Refused(422, "file-name", f"{name}: this kind of file is not read; there are: {', '.join(suffixes)}")
    with temporary_folder() as folder:
        path = Path(folder) / name
        with path.open("wb") as copy:
            shutil.copyfileobj(file.file, copy)
        yield path
