"""Files between two pages: uploaded and judged, and held in the database until they are taken or a day has passed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.serving import held_files
from caseforge_assets.store.serving.held_files import HeldFile
from caseforge_assets.temporary import temporary_folder
from caseforge_assets.web.wire.problems import Refused


def hold(store: Engine, path: Path, whose: str) -> str:
    """Holds a copy for one caller, whichever process answers the next page; returns what the copy is known by.

    Args:
        whose: name of the caller, who alone gets it back.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    with store.begin() as connection:
        held_files.hold(connection, whose, digest, HeldFile(path.name, content))
    return digest


@contextmanager
def held(store: Engine, digest: str, whose: str) -> Iterator[Path]:
    """The file that a caller has, under its own name; removed after the block, and held still.

    Raises:
        Refused: it is not held any more; 410.
    """
    with store.connect() as connection:
        found = held_files.held(connection, whose, digest)
    if found is None:
        raise Refused(410, "gone", "The file that was judged is not held here any more. Choose it again.")
    with temporary_folder() as folder:
        path = Path(folder) / found.name
        path.write_bytes(found.content)
        yield path
