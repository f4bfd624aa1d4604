"""Stylesheets, scripts and pictures of the pages: files of our own, under addresses that change with them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parents[1] / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_A_YEAR = "public, max-age=31536000, immutable"


@router.get("/static/{name}")
async def read_static(name: str) -> Response:
    """A file of the pages."""
    if name not in _files():
        raise LookupError(f"there is no file {name!r}")
    content, _ = _files()[name]
    return Response(content, media_type=_KINDS[Path(name).suffix], headers={"Cache-Control": _A_YEAR})


def static_address(name: str) -> str:
    """The address of a file, which is another one when its content is.

    Raises:
        KeyError: there is no such file.
    """
    return f"/static/{name}?v={_files()[name][1]}"


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """By name, content and digest."""
    found = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in _KINDS}
    return {name: (content, hashlib.sha256(content).hexdigest()[:12]) for name, content in found.items()}
