"""Files between two pages: uploaded and judged, and held until they are taken or a day has passed."""

from __future__ import annotations

import hashlib
import shutil
import time
from pathlib import Path

from caseforge_assets.settings import Settings
from caseforge_assets.web.wire.problems import Refused

FOLDER = "uploads"
HELD_S = 86_400.0


def hold(settings: Settings, path: Path, whose: str) -> str:
    """Holds a copy for one caller, and lets go of what is older than a day; returns what the copy is known by.

    Args:
        whose: name of the caller, who alone gets it back.
    """
    folder = settings.home / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    _let_go_of_old(folder)
    digest = _digest(path)
    place = folder / _name(digest, whose)
    place.mkdir(exist_ok=True)
    shutil.copyfile(path, place / path.name)
    return digest


def held(settings: Settings, digest: str, whose: str) -> Path:
    """The copy that a caller has.

    Raises:
        Refused: it is not there any more, or not on this machine; 410.
    """
    place = settings.home / FOLDER / _name(digest, whose)
    files = list(place.iterdir()) if place.is_dir() else []
    if len(files) != 1 or _digest(files[0]) != digest:
        raise Refused(410, "gone", "The file that was judged is not held here any more. Choose it again.")
    return files[0]


def let_go(settings: Settings, digest: str, whose: str) -> None:
    """Removes a copy that was taken."""
    shutil.rmtree(settings.home / FOLDER / _name(digest, whose), ignore_errors=True)


def _let_go_of_old(folder: Path) -> None:
    for place in folder.iterdir():
        if time.time() - place.stat().st_mtime > HELD_S:
            shutil.rmtree(place, ignore_errors=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name(digest: str, whose: str) -> str:
    return hashlib.sha256(f"{digest}\0{whose}".encode()).hexdigest()
